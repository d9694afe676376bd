"""The command line where no bpy is: arguments, help, exit codes, what is printed, and nothing sent by mistake."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from neural4d_blender.cli import argument_types, arguments, settings
from neural4d_blender.cli.console import Console, table
from neural4d_blender.cli.exit_codes import MEANINGS, Exit, code_of, code_of_many
from neural4d_blender.cli.main import main
from neural4d_blender.cli.planned_files import Plan, file_stem, numbered
from neural4d_blender.cli.session import Session
from neural4d_blender.client.jobs.snapshots import Job, Variant
from neural4d_blender.engine import errors, protocol
from neural4d_blender.engine.protocol import Option, Request, State
from tests.support.simulator_client import Caller

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def at_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A data folder, and no key of any service."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "data"))
    for service in protocol.declarations():
        monkeypatch.delenv(service.key_env, raising=False)
    return tmp_path


@pytest.fixture
def with_key(at_home: Path, service: Caller, monkeypatch: pytest.MonkeyPatch) -> Caller:
    for name, value in service.sim.environment.items():
        monkeypatch.setenv(name, value)
    return service


def run(*argv: str) -> int:
    return main(argv, "neural4d", Session)


def subcommands() -> dict[str, argparse.ArgumentParser]:
    top = arguments.parser("neural4d")
    (action,) = (action for action in top._actions if isinstance(action, argparse._SubParsersAction))
    return dict(action.choices)


@pytest.mark.parametrize("name", subcommands())
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name, "--help") == Exit.DONE
    text = capsys.readouterr().out
    assert f"\n  neural4d {name}" in text, "no example"
    assert [code for code in MEANINGS if f"\n  {code:3d}  " not in text] == []
    assert [action.dest for action in subcommands()[name]._actions if not action.help] == []


def test_no_command_takes_a_key() -> None:
    given = {
        text for command in subcommands().values() for action in command._actions for text in action.option_strings
    }
    assert given
    # --key is what somebody calls a job or a batch.
    assert [text for text in given if any(word in text for word in ("key", "token", "secret"))] == ["--key"]


def test_a_new_service_needs_nothing_here(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    option = Option("shine", "Shine", "int", 3, "How much it shines", minimum=1, maximum=9)
    own = {"id": "fifth", "name": "Fifth", "options": (option,), "formats": ("PLY",), "max_variants": 7}
    fifth = protocol.Declaration(**protocol.declaration("neural4d").as_dict() | own)
    there_are = [*protocol.declarations(), fifth]
    for module in (arguments, settings, argument_types):
        monkeypatch.setattr(module, "declarations", lambda: there_are)
    assert run("generate", "--help") == Exit.DONE
    text = " ".join(capsys.readouterr().out.split())
    assert "Fifth: shine=(int, 1 to 9) How much it shines" in text
    assert "up to 7" in text
    asked = arguments.parser("x").parse_args(["generate", "a mug", "--provider", "fifth", "--format", "ply"])
    assert (asked.provider, asked.format) == ("fifth", "PLY")


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [("int", "4", 4), ("float", "0.5", 0.5), ("bool", "Yes", True), ("bool", "off", False), ("text", "a=b", "a=b")],
)
def test_an_option_becomes_what_the_service_declares(kind: str, text: str, value: object) -> None:
    declared = (Option("o", "O", kind, None, "What it does"),)
    service = protocol.Declaration(**protocol.declaration("neural4d").as_dict() | {"options": declared})
    found = settings.options_of(service, [f"o={text}"])
    assert found == {"o": value}
    assert type(found["o"]) is type(value)
    for wrong in ("o", "other=1", *(["o=many"] if kind != "text" else [])):
        with pytest.raises(errors.InvalidInput):
            settings.options_of(service, [wrong])


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (errors.InvalidInput("x"), 2),
        (errors.UnsupportedFeature("x"), 2),
        (errors.KeyMissing("x"), 3),
        (errors.OnlineAccessOff("x"), 3),
        (errors.JobFailed("x", reason="KeyRejected"), 3),
        (errors.JobFailed("x", reason="NotEnoughPoints"), 4),
        (errors.JobFailed("x", reason="BudgetUsedUp"), 8),
        (errors.JobFailed("x", reason="WorkedOnElsewhere"), 9),
        (errors.JobFailed("x", reason="InvalidInput"), 2),
        (errors.JobFailed("x", reason="UnsupportedFeature"), 1),
        (errors.JobFailed("x", reason="GenerationFailed"), 1),
        (errors.EngineStopped("x"), 1),
    ],
)
def test_an_error_has_its_exit_code(error: errors.Neural4DError, code: int) -> None:
    assert code_of(error) == code
    assert code_of_many(0, [error, error]) == code
    assert code_of_many(1, [error]) == (Exit.UNSENT if code == Exit.UNSENT else Exit.SOME_FAILED)


def test_the_documentation_has_the_same_exit_codes() -> None:
    page = (ROOT / "docs" / "command-line.md").read_text(encoding="utf-8")
    assert [
        f"| {int(code)} | {text} |" for code, text in MEANINGS.items() if f"| {int(code)} | {text} |" not in page
    ] == []


@pytest.mark.parametrize(
    ("argv", "says"),
    [
        ([], "COMMAND"),
        (["paint"], "invalid choice"),
        (["generate"], "either a prompt or an image"),
        (["generate", "a mug", "--axis", "W"], "invalid choice"),
        (["generate", "a mug", "--variants", "9"], "1 to 4"),
        (["generate", "a mug", "--option", "shine=1"], "no option 'shine'"),
        (["generate", "a mug", "--as-made", "-o", "mug.xyz"], "mug.xyz"),
        (["generate", "a mug", "-o", "mug.glb"], "--as-made"),
        (["generate", "a mug", "--as-made", "--thumbnail", "mug.png"], "needs Blender"),
        (["generate", "a mug", "--as-made", "-o", "a.glb", "-o", "a.glb"], "same name"),
        (["generate", "--image", "none.png", "--as-made"], "none.png"),
        (["resume", "12345678"], "no job 12345678"),
    ],
)
def test_what_cannot_work_is_refused(
    with_key: Caller, argv: list[str], says: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(*argv) == Exit.USAGE
    assert says in " ".join(capsys.readouterr().err.split())
    assert with_key.sim.requests() == []


def test_without_a_key_nothing_starts(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("generate", "a mug", "--as-made", "--json") == Exit.NOT_READY
    told = json.loads(capsys.readouterr().out)
    assert (told["event"], told["code"], told["exit"]) == ("error", "KeyMissing", 3)
    assert run("balance") == Exit.NOT_READY
    assert not (at_home / "data").exists()


def test_the_price_needs_no_key_and_sends_nothing(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["generate", "a mug", "--as-made", "-o", "mug.stl", "-o", "mug.glb", "--dry-run", "--json"]
    assert run(*argv, "--variants", "2") == Exit.DONE
    assert json.loads(capsys.readouterr().out)["points"] == 70
    assert run(*argv, "--variants", "2", "--every-variant") == Exit.DONE
    assert json.loads(capsys.readouterr().out)["points"] == 80
    assert not (at_home / "data").exists()


def test_balance_and_a_wrong_key(
    with_key: Caller, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("balance", "--json") == Exit.DONE
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert {line["provider"]: line["total"] for line in told}["neural4d"] == with_key.sim.balance
    monkeypatch.setenv("NEURAL4D_API_TOKEN", "wrong-key")
    assert run("balance", "--provider", "neural4d") == Exit.NOT_READY
    assert "wrong-key" not in capsys.readouterr().err


def test_services_are_what_is_declared(at_home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("services", "--json") == Exit.DONE
    told = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [line["id"] for line in told] == [service.id for service in protocol.declarations()]
    assert run("services") == Exit.DONE
    assert capsys.readouterr().out.splitlines()[1].split()[:2] == ["neural4d", "Neural4D"]


def test_it_starts_as_a_module_of_a_plain_python(at_home: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "neural4d_blender", "jobs"],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stdout.strip(), done.stderr) == (0, "No such job.", "")


def test_a_reader_that_leaves_is_no_crash(at_home: Path) -> None:
    command = [sys.executable, "-m", "neural4d_blender", "services", "--json"]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(command, env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait(60) == 141


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def job(state: str, progress: float = 0.0) -> Job:
    under_way = state not in ("ready", "failed")
    return Job("j", "neural4d", Request(), state=State(state), progress=progress, cost=60, under_way=under_way)


def test_progress_is_a_bar_on_a_terminal_and_lines_elsewhere() -> None:
    for kind in (io.StringIO, Terminal):
        out, err = io.StringIO(), kind()
        console = Console(out=out, err=err)
        for row in (job("queued"), job("generating"), job("generating", 0.5), job("ready", 1.0)):
            console.watch([row], {"j": "a mug"})
        console.result("done", "done")
        assert out.getvalue() == "done\n"
        if kind is Terminal:
            assert "##########----------]  50%" in err.getvalue()
            assert err.getvalue().endswith("\r\x1b[K")
        else:
            assert err.getvalue() == "a mug: queued\na mug: generating\na mug: ready\n"


def test_a_program_reads_an_object_a_line() -> None:
    out, err = io.StringIO(), Terminal()
    console = Console(as_json=True, out=out, err=err)
    for progress in (0.0, 0.01, 0.2):
        console.watch([job("generating", progress)], {"j": "a mug"})
    console.note("for people")
    console.error(errors.KeyMissing("No key.").to_dict(), 3)
    told = [json.loads(line) for line in out.getvalue().splitlines()]
    assert [line.get("progress") for line in told] == [0.0, 0.2, None]
    assert told[-1]["exit"] == 3
    assert "for people" not in err.getvalue()


def test_names_of_files() -> None:
    assert [numbered("/a/bird.glb", place).name for place in (0, 1, 2)] == ["bird.glb", "bird-2.glb", "bird-3.glb"]
    assert file_stem("a/b: c?") == "ab c"
    assert file_stem("../..") == "model"
    plan = Plan(["/a/bird.glb"], "/a/bird.png", every_variant=True)
    assert Plan.of(Job("j", "neural4d", Request(), plan.target())) == plan
    assert Plan.of(job("ready")) is None
    variants = [Variant(index, state) for index, state in enumerate(("prepared", "failed", "downloaded"))]
    made = dataclasses.replace(job("ready"), variants=variants, chosen=2)
    assert plan.variants(made) == [0, 2]
    assert dataclasses.replace(plan, every_variant=False).variants(made) == [2]


def test_a_table_is_aligned() -> None:
    assert table([("ID", "STATE"), ("abc", "ok")]) == "ID   STATE\nabc  ok"


def test_the_documents_show_commands_that_there_are() -> None:
    texts = [page.read_text(encoding="utf-8") for page in (ROOT / "docs").glob("*.md")]
    whole = "\n".join(texts).replace("\\\n", " ")
    shown = re.findall(r"^blender (?:--online-mode )?--command neural4d (.+)$", whole, re.MULTILINE)
    assert len(shown) > 4
    for line in shown:
        arguments.parser("neural4d").parse_args(shlex.split(line))

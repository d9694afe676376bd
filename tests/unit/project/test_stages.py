"""What scripts/test.py runs beside what, and that nothing broken passes for green in its summary."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import NamedTuple

import pytest

import noxfile
from scripts import test as command
from scripts.toolbox import environments, wine
from scripts.toolbox.console import ROOT, ToolError, clean_environment


class Row(NamedTuple):
    """What the summary says of one stage, and at its end."""

    passed: int
    failed: int
    skipped: int
    ok: bool
    failures: list[str]
    closing: str


Run = Callable[..., Row]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs Python with these arguments as the stage "made-up" beside another one that passes, and sums it up."""
    monkeypatch.setattr(noxfile, "ROOT", tmp_path)
    monkeypatch.setattr(noxfile, "REPORTS", tmp_path / "out" / "reports")
    monkeypatch.setattr(command, "ROOT", tmp_path)
    monkeypatch.setattr(environments, "ensure", lambda session: Path())

    def run(*arguments: str, name: str = "made-up", k: str = "") -> Row:
        monkeypatch.setattr(environments, "nox", lambda *_: [sys.executable, *arguments])
        came = asyncio.run(command.run({name: []}, 3)) | {"lint": ("", 0.1)}
        said: list[str] = []
        noxfile.summary(SimpleNamespace(posargs=[json.dumps(came), *(["-k", k] if k else [])], error=said.append))
        lines = capsys.readouterr().out.splitlines()
        (numbers,) = (re.findall(r"\d+", line) for line in lines if re.match(rf"{name} +\d", line))
        (good,) = ("NOT OK" not in line for line in lines if re.match(rf"{name} +\d", line))
        assert good is not bool(said)
        failures = [line.partition(": ")[2] for line in lines if line.startswith(f"{name}: ")]
        return Row(*map(int, numbers[-5:-2]), good, failures, lines[-1])

    return run


@pytest.fixture
def run_tests(run: Run, tmp_path: Path) -> Callable[..., Row]:
    """Runs pytest on one file with this source."""

    def run_tests(source: str, k: str = "") -> Row:
        file = tmp_path / "test_made_up.py"
        file.write_text(source, encoding="utf-8")
        # As in noxfile.py, to have no tests is no failure of the command.
        program = "import pytest, sys; sys.exit(pytest.main(sys.argv[1:]) % 5)"
        report = f"--junitxml={noxfile.REPORTS}/made-up.xml"
        chosen = ["-k", k] if k else []
        return run("-c", program, "-p", "no:cacheprovider", report, *chosen, str(file), k=k)

    return run_tests


def test_it_counts_what_passed_failed_and_was_skipped(run_tests: Run) -> None:
    source = """
import pytest
def test_good(): pass
def test_bad(): assert 1 == 2
@pytest.fixture
def broken(): raise ValueError
def test_error(broken): pass
@pytest.mark.skip
def test_skipped(): pass
"""
    row = run_tests(source)
    assert (row.passed, row.failed, row.skipped, row.ok) == (1, 2, 1, False)
    names = [line.split(": ")[0].split(".")[-1] for line in row.failures]
    assert names == ["test_bad", "test_error"]
    assert "assert 1 == 2" in row.failures[0]


@pytest.mark.parametrize("source", ["", "raise ValueError", "import os\ndef test_crash(): os._exit(0)"])
def test_a_file_without_tests_that_breaks_or_crashes_is_no_success(source: str, run_tests: Run) -> None:
    assert not run_tests(source).ok


def test_a_crash_after_the_last_test_is_a_failure(run_tests: Run) -> None:
    row = run_tests("import atexit, os\natexit.register(os._exit, 9)\ndef test_good(): pass")
    assert (row.passed, row.failed) == (1, 1)
    assert "exit code 9" in row.failures[0]


def test_a_stage_without_matching_tests_is_fine_only_where_some_were_asked_for(run_tests: Run) -> None:
    assert run_tests("def test_good(): pass", "other").ok
    assert not run_tests("# none").ok


def test_where_there_can_be_no_wine_that_is_said_and_no_failure(
    run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def refused(*_: object) -> None:
        raise ToolError("making a Debian folder for it needs root")

    monkeypatch.setattr(wine, "ensure", refused)
    monkeypatch.setattr(sys, "argv", ["wine.py", "--report", str(noxfile.REPORTS / "windows")])
    assert wine.main() == 0
    assert "needs root" in capsys.readouterr().out
    report = (noxfile.REPORTS / "windows.xml").read_text()
    program = f"import pathlib; pathlib.Path({str(noxfile.REPORTS / 'windows.xml')!r}).write_text({report!r})"
    row = run("-c", program, name="windows")
    assert (row.passed, row.failed, row.skipped, row.ok) == (0, 0, 1, True)
    assert not run("-c", "", name="windows").ok


def test_a_report_of_an_earlier_run_counts_for_nothing(run: Run, run_tests: Run) -> None:
    assert run_tests("def test_good(): pass").ok
    again = run("-c", "")
    assert (again.passed, again.ok, again.failures) == (0, False, ["no test ran"])


def test_a_stage_that_hangs_is_ended(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command.perform, "__defaults__", (0.5,))
    row = run("-c", "import time; time.sleep(600)")
    assert row.failed == 1
    assert "ended" in row.failures[0]


def test_a_missing_tool_is_a_failure_with_its_sentence(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    def ensure(session: str) -> Path:
        raise ToolError("No Python was found: install one.")

    monkeypatch.setattr(environments, "ensure", ensure)
    row = run("-c", "")
    assert (row.ok, row.failures) == (False, ["No Python was found: install one."])


def test_the_developers_own_settings_do_not_reach_a_test(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NEURAL4D_API_TOKEN", "a real one")
    monkeypatch.setenv("BLENDER_USER_CONFIG", "/home/somebody/config")
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")  # each process would compile all that it imports
    env = clean_environment(tmp_path)
    assert "a real one" not in env.values()
    assert not {"BLENDER_USER_CONFIG", "PYTHONDONTWRITEBYTECODE"} & env.keys()
    assert env["NEURAL4D_DATA_DIR"].startswith(str(tmp_path))


def test_a_stage_that_takes_more_places_has_fewer_beside_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    now, most, beside = set[str](), dict[str, int](), set[tuple[str, str]]()

    async def perform(name: str, arguments: object) -> str:
        now.add(name)
        for _ in range(20):
            for one in list(now):
                most[one] = max(most.get(one, 0), len(now))
            beside.update((name, one) for one in now)
            await asyncio.sleep(0.01)
        now.discard(name)
        return ""

    # The one that takes more places is first, as in stages(): what fits beside it does not wait for it any more.
    order = ["gui(rest)", "unit", "lint(1)", "lint(2)", *(f"scene({n})" for n in range(4))]
    monkeypatch.setattr(environments, "nox", lambda *_: [])
    monkeypatch.setattr(command, "perform", perform)
    came = asyncio.run(command.run({name: [] for name in order}, 4))
    assert list(came) == order
    assert set(most) == set(order)
    assert (most["gui(rest)"], most["unit"]) == (3, 2)
    assert ("lint(1)", "gui(rest)") in beside, "what fits does not wait for unit, which does not"
    assert max(most.values()) <= 4
    most.clear()
    asyncio.run(command.run({name: [] for name in order}, 1))
    assert set(most.values()) == {1}


@pytest.mark.parametrize(
    ("kind", "program", "good", "closing"),
    [
        ("types", "", True, "2 passed, 0 failed"),
        ("types", "exit(1)", False, "1 passed, 1 failed"),
        ("unit", "", False, "1 passed, 1 failed"),
    ],
)
def test_the_exit_code_and_the_last_line_tell_the_truth(
    kind: str, program: str, good: bool, closing: str, run: Run
) -> None:
    row = run("-c", program, name=kind)
    assert (row.ok, row.closing) == (good, closing)


def test_the_summary_has_the_last_word(monkeypatch: pytest.MonkeyPatch) -> None:
    sessions: list[tuple[str, ...]] = []

    def nox(*arguments: str) -> list[str]:
        sessions.append(arguments)
        return [sys.executable, "-c", "import sys; sys.exit(5 if 'summary' in sys.argv else 0)", *arguments]

    monkeypatch.setattr(environments, "ensure", lambda session: Path())
    monkeypatch.setattr(environments, "nox", nox)
    monkeypatch.setattr(sys, "argv", ["test.py", "--only", "lint", "tester", "--blender-versions", "4.2", "-k", "x"])
    assert command.main() == 5
    assert sessions[0] == ("-R", "--session", "lint", "--", "-k", "x")
    assert sessions[1] == ("-R", "--session", "tester", "--", "-k", "x", "4.2")
    assert sessions[2][-2:] == ("-k", "x")
    assert [wrong for wrong, _ in json.loads(sessions[2][-3]).values()] == ["", ""]


@pytest.mark.skipif(sys.platform == "win32", reason="there a terminated process cannot end others")
def test_an_interrupt_ends_what_runs() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        child = f"import socket, time; s = socket.create_connection({server.getsockname()!r}); time.sleep(600)"
        program = (
            "import runpy, sys; from pathlib import Path; from scripts.toolbox import environments as e; "
            f"e.ensure = lambda _: Path(); e.nox = lambda *_: [sys.executable, '-c', {child!r}]; "
            "sys.argv = ['test.py', '--only', 'types']; runpy.run_path('scripts/test.py', run_name='__main__')"
        )
        process = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stderr=subprocess.PIPE, text=True)
        connection, _ = server.accept()
        process.terminate()
        assert connection.recv(1) == b""  # the child has ended
        connection.close()
    assert process.communicate(timeout=60)[1] == "Interrupted; everything that was started has been ended.\n"
    assert process.returncode == 1

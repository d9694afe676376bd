"""The commands resume and jobs: every job of the journal is seen, however old, and nothing is paid again unasked."""

from __future__ import annotations

import datetime as dt
import json
import signal
import threading
from pathlib import Path

import pytest

from neural4d_blender.cli.commands import resume
from neural4d_blender.cli.session import Session
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.store.journal import Journal
from scripts.simulator.launcher import Simulator
from tests.support.command_line import at_home, paid, run, table
from tests.support.gate import Gate
from tests.support.simulator_client import Caller

NEWER = 5


@pytest.fixture
def sim(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    service.sim.configure(triangles=200, texture_size=16)
    return at_home(service.sim, tmp_path, monkeypatch)


def ids(capsys: pytest.CaptureFixture[str], *argv: str) -> list[str]:
    """Whole ids of the jobs that are listed, newest first."""
    capsys.readouterr()
    assert run("jobs", *argv, "--json") == 0
    return [json.loads(line)["job"] for line in capsys.readouterr().out.splitlines()]


def bury(monkeypatch: pytest.MonkeyPatch) -> None:
    """Put newer jobs on top, more than a page of them, all of them over."""
    monkeypatch.setattr(resume, "PAGE", 2)
    journal = Journal(Path("data"))
    for number in range(NEWER):
        job = Job(f"newer-{number}", "neural4d", {"prompt": f"newer {number}"}, state=State.PLACED)
        job.variants = []
        journal.save(job)
    journal.close()


def test_an_old_job_goes_on(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sim.configure(job_seconds=1000)
    assert run("generate", "a mug", "--as-made", "-o", "mug.glb", "--timeout", "0.5") == 6
    bury(monkeypatch)
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    assert run("resume") == 0
    assert Path("mug.glb").read_bytes().startswith(b"glTF")
    assert paid(sim) == [60]
    assert run("resume") == 0
    assert "Nothing is unfinished." in capsys.readouterr().out


@pytest.mark.parametrize("letters", [8, 36])
def test_an_old_job_is_known_by_its_id(
    sim: Simulator, letters: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sim.configure(job_seconds=1000)
    for name in ("mug", "cup"):
        assert run("generate", f"a {name}", "--as-made", "-o", f"{name}.glb", "--timeout", "0.5") == 6
    bury(monkeypatch)
    (mug,) = ids(capsys, "mug")
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    assert run("resume", mug[:letters]) == 0
    assert (Path("mug.glb").is_file(), Path("cup.glb").is_file()) == (True, False)
    unknown = "0" * letters
    assert run("resume", unknown) == 2
    assert f"no job {unknown}" in capsys.readouterr().err


def test_what_would_be_paid_again_is_named_and_left_alone(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sim.set_fault("generateModelWithText", "generation_failed")
    assert run("generate", "a mug", "--as-made", "-o", "mug.glb") == 1
    (mug,) = ids(capsys, "mug")
    bury(monkeypatch)
    assert run("resume") == 0
    assert capsys.readouterr().out == "Nothing is unfinished.\n"
    assert run("resume", "--retry") == 0
    said = capsys.readouterr()
    assert "1 failed job would be paid again: resume --pay-again tries them." in said.err
    assert said.out == "Nothing else is unfinished.\n"
    assert run("resume", "--retry", "--json") == 0
    assert {"event": "nothing", "paid_again": 1}.items() <= json.loads(capsys.readouterr().out).items()
    assert run("resume", mug[:8], "--retry") == 2
    assert "--pay-again" in capsys.readouterr().err
    assert len(sim.requests("generateModelWithText")) == 1
    assert run("resume", mug[:8], "--pay-again") == 0
    assert Path("mug.glb").read_bytes().startswith(b"glTF")
    assert len(sim.requests("generateModelWithText")) == 2
    assert run("resume", "--pay-again") == 0
    assert capsys.readouterr().out.endswith("Nothing is unfinished.\n")
    assert len(sim.requests("generateModelWithText")) == 2


def test_one_that_fails_once_more_has_the_exit_code(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    sim.set_fault("generateModelWithText", "generation_failed", times=None)
    assert run("generate", "a mug", "--as-made", "-o", "mug.glb") == 1
    assert run("resume", "--pay-again") == 1
    sim.clear_faults()
    assert run("generate", "a cup", "--as-made", "-o", "cup.glb", "--max-points", "20") == 4
    assert run("resume", "--retry") == 4  # the free one is tried again; its cap is what it was
    assert run("resume", "--pay-again") == 5
    assert Path("mug.glb").is_file()


def test_jobs_of_a_time(sim: Simulator, capsys: pytest.CaptureFixture[str]) -> None:
    days = {"old": "2031-05-23 23:59", "of the day": "2031-05-24 18:30", "new": "2031-05-25 00:00"}
    journal = Journal(Path("data"))
    for name, made in days.items():
        created = dt.datetime.fromisoformat(made).timestamp()
        journal.save(Job(name, "neural4d", {"prompt": name}, state=State.PLACED, created=created))
    journal.close()
    assert ids(capsys, "--since", "2031-05-24") == ["new", "of the day"]
    assert ids(capsys, "--until", "2031-05-24") == ["of the day", "old"]
    assert ids(capsys, "--since", "2031-05-24", "--until", "2031-05-24") == ["of the day"]
    assert ids(capsys, "--until", "2031-05-24 18:30") == ["old"]
    assert run("jobs", "--since", "24.5.2031") == 2
    assert "a date like 2031-05-24, not '24.5.2031'" in capsys.readouterr().err


class Deadly(Session):
    """A session whose engine is killed once, as soon as one of its jobs is at the service."""

    killed = False

    def pump(self) -> bool:
        bridge = self.bridge
        if not self.killed and bridge._process and any(job.state == "generating" for job in bridge.jobs.values()):
            self.killed = True
            bridge._process.kill()
        return super().pump()


@pytest.mark.parametrize(
    "command",
    [
        ["generate", "a mug", "--as-made", "-o", "mug.glb"],
        ["batch", "mugs.csv", "--files-only", "-o", "models", "--concurrency", "1"],
        ["batch", "mugs.csv", "--files-only", "-o", "models", "--continue"],
        ["resume"],
    ],
    ids=lambda command: f"{command[0]} {command[-1]}",
)
def test_a_command_outlives_its_engine(sim: Simulator, command: list[str]) -> None:
    sim.configure(job_seconds=0.3)
    table("mugs.csv", "a mug", "a cup", "a jug")
    if command[-1] == "--continue":
        assert run(*command[:-1], "--concurrency", "1", "--timeout", "0.5") == 6
    if command == ["resume"]:
        assert run("generate", "a mug", "--as-made", "-o", "mug.glb", "--timeout", "0.1") == 6
    assert run(*command, "--timeout", "60", kind=Deadly) == 0
    assert paid(sim) == [60] * (3 if command[0] == "batch" else 1)


def test_a_command_that_is_interrupted_while_it_sends_does_not_wait_and_resume_does(
    sim: Simulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first command's engine is still there, and waits for the answer, when the second one begins."""
    with Gate(sim.api_url, "generateModelWithText") as gate:
        monkeypatch.setenv("NEURAL4D_API_URL", gate.url)

        def interrupt() -> None:
            gate.arrived.wait(60)
            signal.raise_signal(signal.SIGINT)

        threading.Thread(target=interrupt).start()
        assert run("generate", "a mug", "--as-made", "-o", "mug.glb") == 130
        assert not gate.opened.is_set()
        assert [path.stat().st_size for path in Path("data").glob("engine-*.lock")] != []
        threading.Timer(0.5, gate.open).start()
        assert run("resume") == 0
    assert Path("mug.glb").read_bytes().startswith(b"glTF")
    assert paid(sim) == [60]

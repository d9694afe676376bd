"""What is said of a journal that was lost or damaged: in Python, on the command line, and by a bridge that goes on."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from neural4d_blender.client.engine_client import Bridge
from neural4d_blender.client.environment_variables import Environment
from neural4d_blender.client.request_reply import ask
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.states import JOURNAL, State
from neural4d_blender.engine.store.journal import Journal
from scripts.simulator.launcher import Simulator
from tests.support.command_line import TIMING, at_home, paid, run, table
from tests.support.simulator_client import Caller

FILES = ("--files-only", "--output", "models")


@pytest.fixture
def sim(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    return at_home(service.sim, tmp_path, monkeypatch)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder whose journal is lost; a job's copy is left."""
    folder = tmp_path / "data"
    journal = Journal(folder)
    journal.save(Job("a", "neural4d", {"prompt": "a bird"}, state=State.PLACED, created=1.0))
    journal.close()
    (folder / JOURNAL).unlink()
    return folder


def test_python_warns_once(sim: Simulator, data: Path) -> None:
    bridge = Bridge(Environment())
    with pytest.warns(UserWarning, match=r"job history was missing.*1 jobs are known"):
        listed = ask(bridge, "list", limit=5)
    assert [job.id for job in listed.jobs] == ["a"]
    bridge.stop()
    again = Bridge(Environment())
    ask(again, "list", limit=0)
    assert again.notices == []
    again.stop()


def test_a_panel_shows_it_until_it_is_closed(sim: Simulator, data: Path) -> None:
    for close in (False, True, True):
        bridge = Bridge(Environment())
        bridge.notices.tell = None
        ask(bridge, "list", limit=0)
        told = len(bridge.notices)
        if close:
            bridge.notices.close()
        bridge.stop()
    assert told == 0, "it was closed the time before"


@pytest.mark.parametrize("as_json", [False, True])
def test_the_command_line_says_it_first(
    sim: Simulator, data: Path, capsys: pytest.CaptureFixture[str], *, as_json: bool
) -> None:
    assert run("jobs", *["--json"] * as_json) == 0
    out, err = capsys.readouterr()
    assert "neural4d: The job history was missing" in err
    if as_json:
        assert [json.loads(line)["event"] for line in out.splitlines()] == ["notice", "job"]
    assert run("jobs") == 0
    assert "missing" not in capsys.readouterr().err


def lost(folder: Path) -> None:
    (folder / JOURNAL).unlink()


def no_search(folder: Path) -> None:
    with closing(sqlite3.connect(folder / JOURNAL)) as db, db:
        db.execute("DELETE FROM texts_data WHERE id = 10")


@pytest.mark.parametrize("spoil", [lost, no_search])
def test_a_job_goes_on_by_itself_whose_journal_is_damaged_meanwhile(
    sim: Simulator, tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    sim.configure(job_seconds=600)
    bridge = Bridge(Environment())
    bridge.timing = TIMING
    bridge.notices.tell = None
    bridge.submit("a", "neural4d", Request("a bird", keep_in=str(tmp_path / "models")), {})
    while bridge.jobs["a"].state != "generating":
        bridge.drain() or time.sleep(0.01)
    spoil(tmp_path / "data")
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    while bridge.jobs["a"].under_way:
        bridge.drain() or time.sleep(0.01)
    assert bridge.jobs["a"].state == "ready"
    assert len(bridge.notices) == 1
    assert paid(sim) == [60]
    bridge.stop()


def test_a_batch_that_may_be_the_same_is_not_begun_anew(
    sim: Simulator, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    batch = ("batch", table("things.csv", "a mug", "a cup"), *FILES, "--continue")
    assert run(*batch) == 0
    with closing(sqlite3.connect(tmp_path / "data" / JOURNAL)) as db, db:
        db.execute("UPDATE batches SET data = substr(data, 1, 40)")
    assert run(*batch) == 2
    assert "cannot be read whole" in capsys.readouterr().err
    assert paid(sim) == [60, 60]


def test_a_batch_whose_journal_is_lost_goes_on(sim: Simulator, tmp_path: Path) -> None:
    batch = ("batch", table("things.csv", "a mug", "a cup"), *FILES, "--continue")
    assert run(*batch) == 0
    for path in (tmp_path / "data").glob(f"{JOURNAL}*"):
        path.unlink()
    assert run(*batch) == 0
    assert paid(sim) == [60, 60]

"""A journal that cannot be used: what a user is told, and that nothing is sent before it is written."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.client.engine_client import Bridge
from neural4d_blender.client.environment_variables import DATA_DIR_ENV, Environment
from neural4d_blender.client.jobs.new_jobs import NewJob
from neural4d_blender.client.jobs.replies import Answer
from neural4d_blender.engine.errors import JournalUnusable
from neural4d_blender.engine.model.batch import BatchRecord
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.states import JOURNAL, State
from neural4d_blender.engine.store.history import History
from neural4d_blender.engine.store.journal import Journal
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import ENGINE, EngineProcess
from tests.unit.engine.test_history import made
from tests.unit.whole_engine.test_engine_images import picture, without_pixels
from tests.unit.whole_engine.test_engine_jobs import engine, paid, sim

__all__ = ["engine", "picture", "sim"]


limits = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can set limits of another process")


def let_write(engine: EngineProcess, yes: bool) -> None:
    """Have files of this engine end where a full disk would end them, or no more."""
    import resource

    _, most = resource.prlimit(engine.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(engine.process.pid, resource.RLIMIT_FSIZE, (most if yes else 4096, most))


def batch(engine: EngineProcess, count: int, **settings: Any) -> list[str]:
    """A batch of so many prompts, one at a time; returns the ids of its jobs."""
    request = {"prompt": "a bird", "size_mm": 9.0}
    jobs = [{"job": f"job-{n}", "provider": "neural4d", "request": request, "item": n} for n in range(count)]
    record = {"id": "b", "size": count, "concurrency": 1, **settings}
    assert engine.ask("submit_many", batch=record, jobs=jobs)["error"] is None
    return [job["job"] for job in jobs]


def of_a_newer_version(folder: Path) -> None:
    Journal(folder).close()
    with sqlite3.connect(folder / JOURNAL) as db:
        db.execute("PRAGMA user_version = 99")
    db.close()


def no_file(folder: Path) -> None:
    (folder / JOURNAL).mkdir()


UNUSABLE = [
    (of_a_newer_version, "newer version", "Update the extension"),
    (no_file, "unable to open", "can be written"),
]


@pytest.mark.parametrize(("spoil", "what", "remedy"), UNUSABLE, ids=lambda value: getattr(value, "__name__", None))
def test_a_journal_that_cannot_be_opened(tmp_path: Path, spoil: Callable[[Path], None], what: str, remedy: str) -> None:
    spoil(tmp_path)
    before = (tmp_path / JOURNAL).read_bytes() if (tmp_path / JOURNAL).is_file() else b""
    with EngineProcess(tmp_path, "http://127.0.0.1:1", "key") as process:
        told = process.until(lambda: next((e for e in process.events if e["event"] == "ended"), None), "its end")
        assert process.process.wait(10) == 1
    error = told["error"]
    assert error["code"] == "JournalUnusable"
    assert what in error["what"]
    assert remedy in error["remedy"]
    assert "Traceback" in (tmp_path / "engine.log").read_text()
    if before:
        assert (tmp_path / JOURNAL).read_bytes() == before, "the user may want it back"


def test_whoever_waits_is_told_what_the_engine_said_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    no_file(tmp_path)
    monkeypatch.setenv(DATA_DIR_ENV, str(tmp_path))
    monkeypatch.setenv("NEURAL4D_API_TOKEN", "")
    bridge = Bridge(Environment())
    assert "engine.log" in bridge.ending.what
    for again in range(2):  # every action tries anew, and says the same
        answers: list[Answer] = []
        bridge.send("totals", answers.append)
        while not answers:
            bridge.drain()
        assert "unable to open" in str(answers[0].error), again
        assert "'code': 'JournalUnusable'" in str(answers[0].error)
        assert "unable to open" in bridge.ending.what
        assert not bridge.running
    bridge.submit("a", "neural4d", Request("a bird"), {})
    while bridge.jobs["a"].state != "failed":
        bridge.drain()
    error = bridge.jobs["a"].error
    assert "unable to open" in error["what"]
    assert "nothing was paid" in error["cost"]
    (tmp_path / JOURNAL).rmdir()
    answers.clear()
    bridge.send("retry", answers.append, job="a")  # nothing knows of it but this bridge
    assert bridge.jobs["a"].state == "queued"
    while not answers:
        bridge.drain()
    assert answers[0].error is None
    while (bridge.jobs["a"].error or {}).get("code") != "KeyMissing":
        bridge.drain()
    bridge.send("retry", answers.append, job="a")  # now it stands in the journal
    while len(answers) < 2:
        bridge.drain()
    assert answers[1].error is None
    bridge.stop()


@limits
@pytest.mark.parametrize("of_an_image", [False, True])
def test_a_full_disk_holds_a_job_up_and_loses_nothing(
    sim: Simulator, engine: EngineProcess, picture: str, *, of_an_image: bool
) -> None:
    sim.configure(job_seconds=1.0)
    first = engine.submit("", images=[picture]) if of_an_image else engine.submit()
    engine.wait(first, "generating")
    let_write(engine, False)
    refused = engine.ask("submit", job="second", provider="neural4d", request={"prompt": "another", "size_mm": 9.0})
    assert refused["error"]["code"] == "JournalUnusable"
    assert "free space" in refused["error"]["remedy"]
    held = engine.until(lambda: engine.jobs[first] if "journal" in engine.jobs[first]["note"] else None, "a note")
    assert "free space" in held["note"]
    assert held["state"] not in (State.FAILED, State.PLACED)
    (listed,) = engine.ask("list")["jobs"]
    assert "free space" in listed["note"], "a list tells no older state than was told already"
    let_write(engine, True)
    done = engine.wait(first, "ready")
    assert done["note"] == ""
    assert len(paid(sim)) == 1
    assert engine.ask("history")["total"] == 1, "the second one was never taken in"


@limits
def test_what_is_not_in_the_journal_is_not_sent(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault("queryPointsInfo", "slow_drip", chunk=16, delay=0.2)
    job = engine.submit()  # it asks for the balance now, and then writes that it submits
    let_write(engine, False)
    held = engine.until(lambda: engine.jobs[job] if "journal" in engine.jobs[job]["note"] else None, "a note")
    assert (held["state"], paid(sim), sim.requests("generateModelWithText")) == ("queued", [], [])
    let_write(engine, True)
    engine.wait(job, "ready")
    assert paid(sim) == [60]
    assert "unknown" not in engine.states(job), "it was never sent, so nothing was in doubt"


@limits
def test_a_job_that_fails_meanwhile_has_failed_in_the_journal_too(
    sim: Simulator, engine: EngineProcess, tmp_path: Path
) -> None:
    sim.set_fault("mattingImage", "slow_drip", chunk=8, delay=0.2)
    job = engine.submit("", images=[without_pixels(tmp_path / "no pixels.png")])
    sim.wait_for_request("mattingImage")
    let_write(engine, False)
    held = engine.until(lambda: engine.jobs[job] if "journal" in engine.jobs[job]["note"] else None, "its end")
    assert (held["state"], held["error"]["code"]) == ("failed", "RequestRefused")
    assert engine.ask("history", states=["failed"])["total"] == 0
    let_write(engine, True)
    engine.until(lambda: engine.ask("history", states=["failed"])["total"] or None, "its end in the journal")
    assert paid(sim) == []


def test_what_was_written_into_the_pipe_is_taken_in_though_nobody_listens(tmp_path: Path) -> None:
    command = [sys.executable, "-I", str(ENGINE), "--data-dir", str(tmp_path)]
    commands = [{"do": "submit", "job": job, "provider": "neural4d", "request": {"prompt": "a bird"}} for job in "abc"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdout.close()  # before it has said its first word
        process.stdin.write(b"".join(json.dumps(command).encode() + b"\n" for command in commands))
        process.stdin.close()
        assert process.wait(30) == 0
    journal = Journal(tmp_path)
    assert [job.id for job in journal.newest()] == ["c", "b", "a"]
    journal.close()


def test_a_job_is_taken_in_once(sim: Simulator, engine: EngineProcess) -> None:
    job = engine.submit()
    engine.wait(job, "ready")
    again = engine.ask("submit", job=job, provider="neural4d", request={"prompt": "a cute bird", "size_mm": 120.0})
    assert again["error"] is None, "whoever sends it once more has not heard that it was taken in"
    assert engine.ask("history")["total"] == 1
    assert paid(sim) == [60]


def bridge_on(sim: Simulator, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Bridge:
    for name, value in {**sim.environment, DATA_DIR_ENV: str(folder)}.items():
        monkeypatch.setenv(name, value)
    return Bridge(Environment())


def die_unheard(bridge: Bridge) -> None:
    """The engine dies, and nothing of what it said last is read."""
    assert bridge._process is not None
    bridge._process.kill()
    bridge._process.wait()
    while not bridge._process.reader.closed:
        bridge._process.reader.lines()


@pytest.mark.parametrize("adopting", [True, False])
def test_a_job_goes_on_whose_engine_died_before_it_was_heard(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, adopting: bool
) -> None:
    sim.configure(job_seconds=600)
    bridge = bridge_on(sim, tmp_path, monkeypatch)
    bridge.adopting = adopting
    bridge.submit("a", "neural4d", Request("a bird", keep_in=str(tmp_path / "models")), {})
    while not paid(sim):  # it is taken in and sent, and nobody has looked at the answer yet
        bridge._process.writer.write()
        time.sleep(0.02)
    die_unheard(bridge)
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    seen = set()
    while bridge.jobs["a"].state != "ready":
        bridge.drain()
        seen.add(bridge.jobs["a"].state)
    assert "failed" not in seen
    assert paid(sim) == [60]
    assert not bridge._unsure
    bridge.stop()


@pytest.mark.parametrize("deleted", [False, True])
def test_what_an_engine_wrote_and_never_told_is_told_by_the_next(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deleted: bool
) -> None:
    sim.configure(job_seconds=600)
    bridge = bridge_on(sim, tmp_path, monkeypatch)
    bridge.submit("a", "neural4d", Request("a bird", keep_in=str(tmp_path / "models")), {})
    while bridge.jobs["a"].state != "generating":
        bridge.drain()
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    journal = Journal(tmp_path)
    while not (job := journal.get("a")) or job.under_way:
        time.sleep(0.02)
    if deleted:
        History(journal).delete(job)
    journal.close()
    die_unheard(bridge)
    while bridge.jobs["a"].under_way:
        bridge.drain()
    assert bridge.jobs["a"].state == ("failed" if deleted else "ready")
    assert not deleted or "deleted" in bridge.jobs["a"].error["what"]
    assert paid(sim) == [60]
    bridge.stop()


def test_a_job_that_a_dying_engine_never_heard_of_is_sent_to_the_next(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = bridge_on(sim, tmp_path, monkeypatch)
    bridge.send("totals")
    while bridge.busy:
        bridge.drain()
    os.kill(bridge._process.pid, signal.SIGSTOP)
    bridge.submit("a", "neural4d", Request("a bird", keep_in=str(tmp_path / "models")), {})
    record = BatchRecord("b", size=1, settings={"output": str(tmp_path)})
    job = NewJob("c", "neural4d", Request("a dog", keep_in=str(tmp_path / "models")), {}, 0)
    bridge.submit_many(record, [job])
    die_unheard(bridge)
    while {bridge.jobs["a"].state, bridge.jobs["c"].state} != {"ready"}:
        bridge.drain()
    assert paid(sim) == [60, 60]
    bridge.stop()


def test_what_an_engine_was_told_that_was_stopped_is_not_told_to_another(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bridge = bridge_on(sim, tmp_path / "one", monkeypatch)
    bridge.submit("a", "neural4d", Request("a bird", keep_in=str(tmp_path / "models")), {})
    bridge.stop()  # nobody has looked at the answer
    bridge.jobs.clear()
    monkeypatch.setenv(DATA_DIR_ENV, str(tmp_path / "two"))
    sim.configure(job_seconds=600)
    before = len(paid(sim))
    bridge.submit("b", "neural4d", Request("a dog", keep_in=str(tmp_path / "models")), {})
    while len(paid(sim)) == before or bridge.jobs["b"].state != "generating":
        bridge.drain()
    die_unheard(bridge)
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    while bridge.jobs["b"].state != "ready":
        bridge.drain()
    assert "a" not in bridge.jobs
    assert len(paid(sim)) == before + 1
    bridge.stop()


@limits
def test_a_batch_that_is_stopped_on_a_full_disk_goes_on_and_can_be_stopped_later(
    sim: Simulator, engine: EngineProcess
) -> None:
    sim.configure(job_seconds=600)
    ids = batch(engine, 4)
    engine.wait(ids[0], "generating")
    let_write(engine, False)
    assert engine.ask("stop_batch", batch="b")["error"]["code"] == "JournalUnusable"
    let_write(engine, True)
    engine.until(lambda: engine.jobs[ids[0]]["note"] == "" or None, "the journal to be written again")
    assert engine.ask("stop_batch", batch="b")["error"] is None
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    engine.wait(ids[0], "ready")
    assert [engine.jobs[one]["state"] for one in ids[1:]] == ["cancelled"] * 3
    assert engine.ask("continue_batch", batch="b")["again"] == 3
    for one in ids:
        engine.wait(one, "ready")
    assert paid(sim) == [60] * 4


def test_a_step_that_cannot_be_written_is_undone_whole(tmp_path: Path) -> None:
    journal = Journal(tmp_path)
    job = made("a", "a bird", state=State.QUEUED)
    journal.save(job)
    with journal.reading() as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        db.execute(f"PRAGMA max_page_count = {pages}")
    job.enter(State.SUBMITTING, time.time())
    job.note = "x" * 100_000
    with pytest.raises(JournalUnusable, match="full"):
        journal.save(job)
    with journal.reading() as db:
        assert not db.in_transaction
        db.execute("PRAGMA max_page_count = 1000000")
    assert [state for state, _ in journal.transitions("a")] == [State.QUEUED]
    for _ in range(2):
        journal.save(job)
    assert [state for state, _ in journal.transitions("a")] == [State.QUEUED, State.SUBMITTING]
    journal.close()

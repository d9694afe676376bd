"""The engine asked for its past, and told to forget a job; with the simulator's ledger as the last word on money."""

from __future__ import annotations

from pathlib import Path

from scripts.simulator.launcher import Simulator
from tests.support import old_journal
from tests.support.engine_process import EngineProcess
from tests.unit.engine.test_history import made
from tests.unit.whole_engine.test_engine_jobs import engine, paid, sim

__all__ = ["engine", "sim"]


def rested(engine: EngineProcess, job: str) -> None:
    """Wait until nothing more is to be done for the job."""
    engine.wait(job, "ready")
    engine.until(lambda: None if engine.jobs[job]["under_way"] else True, "the job to rest")


def test_found_summed_up_and_deleted(sim: Simulator, engine: EngineProcess) -> None:
    job = engine.submit("a cute bird")
    rested(engine, job)
    engine.ask("placed", job=job, variant=0)
    engine.until(lambda: any(e["event"] == "usage" and e["bytes"] for e in engine.events) or None, "a measure")
    engine.until(
        lambda: any(e["event"] == "sandbox" and e["holds"]["limits"] for e in engine.events) or None, "a trial"
    )
    page = engine.ask("history", text="BIRD", states=["placed"], limit=10)
    assert (page["total"], [found["id"] for found in page["jobs"]]) == (1, [job])
    assert page["jobs"][0]["bytes"] > 0
    assert engine.ask("history", text="chair")["jobs"] == []
    before = engine.ask("totals")["totals"]
    assert [(t["provider"], t["jobs"], t["points"]) for t in before] == [("neural4d", 1, 60)]
    folder = engine.folder / "jobs" / job
    assert folder.is_dir()
    assert engine.ask("delete", job=job)["freed"] > 0
    assert not folder.exists()
    assert engine.ask("history")["total"] == 0
    after = engine.ask("totals")["totals"]
    assert [(t["jobs"], t["points"], t["bytes"]) for t in after] == [(1, 60, 0)]
    for command in ("delete", "retry", "dismiss"):
        assert engine.ask(command, job=job)["error"]["code"] == "JobNotFound"
    assert paid(sim) == [60]


def test_what_is_not_over_is_not_deleted(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=30.0)
    job = engine.submit()
    engine.wait(job, "generating")
    assert engine.ask("delete", job=job)["error"]["code"] == "InvalidInput"
    assert engine.ask("history", states=["generating"])["total"] == 1
    engine.send("cancel", job=job)
    engine.wait(job, "cancelled")
    assert engine.ask("delete", job=job)["error"] is None
    assert engine.ask("totals")["totals"][0]["points"] == 60, "it was accepted before it was cancelled"


def test_an_engine_starts_on_an_old_journal(sim: Simulator, tmp_path: Path) -> None:
    old_journal.write(tmp_path, [made("a", "a Bird"), made("b", "a chair")])
    with EngineProcess(tmp_path, sim.api_url, sim.token) as engine:
        assert [job["id"] for job in engine.ask("history", text="bird")["jobs"]] == ["a"]
        engine.until(lambda: next((e for e in engine.events if e["event"] == "prices"), None), "the prices")
        told = next(e for e in engine.events if e["event"] == "prices")
        assert (told["spent"], told["prices"]) == ({"neural4d": 120}, {"neural4d:text": 55})

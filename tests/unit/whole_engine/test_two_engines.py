"""Two Blenders on one journal, at the same moment: nothing is paid twice, and no limit is exceeded."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.unit.whole_engine.test_engine_jobs import paid, sim
from tests.unit.whole_engine.test_engine_journal import batch

__all__ = ["sim"]


@pytest.fixture
def engines(sim: Simulator, tmp_path: Path) -> Iterator[tuple[EngineProcess, EngineProcess]]:
    with (
        EngineProcess(tmp_path, sim.api_url, sim.token) as first,
        EngineProcess(tmp_path, sim.api_url, sim.token) as second,
    ):
        first.ask("totals")
        second.ask("totals")
        yield first, second


def together(engines: tuple[EngineProcess, EngineProcess], do: str, **values: object) -> list[str]:
    """Send a command to both at once; returns the codes of what they answer, "" for all being well."""
    tag = f"{do} {values}"
    for engine in engines:
        engine.send(do, tag=tag, **values)
    answers = [
        engine.until(lambda e=engine: next((event for event in e.events if event.get("tag") == tag), None), do)
        for engine in engines
    ]
    return [(answer["error"] or {}).get("code", "") for answer in answers]


def settled(engine: EngineProcess, count: int) -> None:
    engine.until(
        lambda: engine.ask("history", states=["ready"], limit=0)["total"] == count or None, f"{count} models", 60
    )


def test_a_batch_is_continued_by_one_of_them(sim: Simulator, engines: tuple[EngineProcess, EngineProcess]) -> None:
    sim.configure(job_seconds=600, balance=10_000)
    first, _ = engines
    ids = batch(first, 30)
    first.wait(ids[0], "generating")
    assert first.ask("stop_batch", batch="b")["error"] is None
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    first.wait(ids[0], "ready")
    assert sorted(together(engines, "continue_batch", batch="b", changes={"concurrency": 8})) == [
        "",
        "WorkedOnElsewhere",
    ]
    settled(first, 30)
    assert paid(sim) == [60] * 30


def test_a_failed_job_is_retried_by_one_of_them(sim: Simulator, engines: tuple[EngineProcess, EngineProcess]) -> None:
    first, _ = engines
    sim.configure(balance=10)
    jobs = [first.submit() for _ in range(8)]
    for job in jobs:
        first.wait(job, "failed")
    sim.configure(balance=1000)
    for job in jobs:
        together(engines, "retry", job=job)
    settled(first, 8)
    assert paid(sim) == [60] * 8


def test_a_batch_that_another_one_works_on_is_not_stopped_here(
    sim: Simulator, engines: tuple[EngineProcess, EngineProcess]
) -> None:
    sim.configure(job_seconds=600)
    first, second = engines
    ids = batch(first, 3)
    first.wait(ids[0], "generating")
    assert second.ask("stop_batch", batch="b")["error"]["code"] == "WorkedOnElsewhere"
    assert first.ask("stop_batch", batch="b")["error"] is None
    assert [first.jobs[one]["state"] for one in ids[1:]] == ["cancelled"] * 2


def test_the_cap_of_a_group_is_kept_by_both(sim: Simulator, engines: tuple[EngineProcess, EngineProcess]) -> None:
    for number in range(6):
        request = {"prompt": "a bird", "group": f"g{number}", "group_points": 60}
        jobs = [f"{number}-{place}" for place in (0, 1)]
        for job, engine in zip(jobs, engines, strict=True):
            engine.send("submit", job=job, provider="neural4d", request=request)
        for job, engine in zip(jobs, engines, strict=True):
            engine.wait(job, "ready", "failed")
        assert len(paid(sim)) == number + 1


def test_a_budget_is_the_one_that_was_set_last(sim: Simulator, engines: tuple[EngineProcess, EngineProcess]) -> None:
    first, second = engines
    sim.configure(job_seconds=600)
    ids = batch(first, 4, budget=300)
    first.wait(ids[0], "generating")
    first.ask("stop_batch", batch="b")
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    first.until(lambda: True if not first.jobs[ids[0]]["under_way"] else None, "its picture")
    assert second.ask("continue_batch", batch="b", changes={"budget": 60})["error"] is None
    second.until(lambda: second.ask("history", states=["failed"], limit=0)["total"] == 3 or None, "the budget to be up")
    assert first.ask("continue_batch", batch="b")["error"] is None
    first.until(lambda: first.ask("history", states=["failed"], limit=0)["total"] == 3 or None, "it to be up again")
    assert first.ask("batch", batch="b")["batch"]["budget"] == 60
    assert paid(sim) == [60]

"""A service that limits how often it is called: waited out by all jobs together, shown, and nothing is lost by it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.today import QUICK, engine, points, sim, simulator
from tests.unit.whole_engine.test_engine_batches import end, submit

__all__ = ["engine", "sim", "simulator"]

TEXT, RETRIEVE = "generateModelWithText", "retrieveModel"


def refused(sim: Simulator) -> int:
    return sum(request["status"] == 429 for request in sim.requests())


@pytest.mark.parametrize("answer", ["plain", "retry_after", "json"])
@pytest.mark.parametrize("counts", ["paid", "all"])
def test_a_batch_at_five_calls_a_minute(sim: Simulator, engine: EngineProcess, answer: str, counts: str) -> None:
    """A minute of a second: ten jobs.

    How few refusals it takes is held in test_pacing.py, by a clock that stands still; here a busy machine may take a
    part of such a minute for one call.
    """
    sim.configure(calls_per_minute=5, limit_counts=counts, limit_window=1.0, limit_answer=answer)
    engine.configure(sim.api_url, sim.keys, timing={**QUICK, "minute": 1.0})
    ids = submit(engine, 10, concurrency=4)
    end(engine, ids, "ready")
    assert points(sim) == [30] * 10
    assert refused(sim) <= 20
    assert [engine.jobs[job]["cost"] for job in ids] == [30] * 10


def test_the_wait_is_shown_and_holds_for_all_jobs(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(TEXT, "http_429", retry_after=2)
    first = engine.submit("the first bird")
    told = engine.until(lambda: engine.jobs[first] if engine.jobs[first]["until"] else None, "the wait")
    assert "Neural4D asks to slow down" in told["note"]
    assert told["waits_for"] == "pace"
    assert 0 < told["until"] - time.time() <= 2.0
    second = engine.submit("the second bird")
    waiting = engine.until(lambda: engine.jobs[second] if engine.jobs[second]["until"] else None, "the other's wait")
    assert abs(waiting["until"] - told["until"]) < 0.5
    assert waiting["waits_for"] == "pace"
    calls = len(sim.requests())
    time.sleep(0.5)
    assert len(sim.requests()) == calls, "nothing is sent meanwhile"
    for job in (first, second):
        ready = engine.wait(job, "ready")
        assert (ready["until"], ready["waits_for"]) == (0, "")


def test_another_engine_of_this_computer_waits_too(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(TEXT, "http_429", retry_after=8)
    first = engine.submit("the first bird")
    engine.until(lambda: engine.jobs[first]["until"] or None, "the wait")
    with EngineProcess(engine.folder, sim.api_url, sim.keys) as other:
        second = other.submit("the second bird")
        other.until(lambda: other.jobs.get(second, {}).get("until") or None, "the other's wait")
        assert len(sim.requests(TEXT)) == 1
        other.wait(second, "ready")
    engine.wait(first, "ready")


WORDS: list[dict[str, Any]] = [
    {"fault": "http_429", "retry_after": None, "message": "Too many requests, please try again after a minute."},
    {"fault": "http_400", "body": {"message": "Rate limit exceeded, please try again in a minute."}},
    {"fault": "http_429", "retry_after": None, "body": {"status": "error", "retry_after": 0.2}},
    {"fault": "http_429", "retry_after": 0.2, "as_date": False},
    {"fault": "http_503", "retry_after": 0.2},
]


@pytest.mark.parametrize("words", WORDS, ids=lambda words: str(list(words.values())[1:])[:40])
@pytest.mark.parametrize("endpoint", [TEXT, RETRIEVE, "queryJobProgress", "queryPointsInfo"])
def test_however_it_is_said(sim: Simulator, engine: EngineProcess, words: dict[str, Any], endpoint: str) -> None:
    sim.set_fault(endpoint, times=3, **words)
    engine.wait(engine.submit(), "ready")
    assert points(sim) == [30]


def test_a_paid_job_never_fails_by_it(sim: Simulator, engine: EngineProcess) -> None:
    engine.configure(sim.api_url, sim.keys, timing={**QUICK, "minute": 0.01})
    for endpoint in (RETRIEVE, "queryJobProgress"):
        sim.set_fault(endpoint, "http_429", times=40, retry_after=0)
    job = engine.submit()
    assert engine.wait(job, "ready")["cost"] == 30
    assert refused(sim) >= 40


def test_what_is_not_taken_ends_when_it_is_refused_for_ever(sim: Simulator, engine: EngineProcess) -> None:
    engine.configure(sim.api_url, sim.keys, timing={**QUICK, "minute": 0.01, "look_again": 0.005})
    sim.set_fault(TEXT, "http_429", times=None, retry_after=None)
    error = engine.wait(engine.submit(), "failed")["error"]
    assert error["code"] == "ServiceBusy"
    assert error["cost"] == "The service refused the request, and no payment was seen."
    assert points(sim) == []


def test_cancel_takes_effect_during_the_wait(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    sim.set_fault(TEXT, "http_429", retry_after=60)
    job = engine.submit()
    engine.until(lambda: engine.jobs[job]["until"] or None, "the wait")
    engine.ask("cancel", job=job)
    note = engine.wait(job, "cancelled", seconds=20)["note"]  # whether it was paid nobody has been asked yet
    assert note == "The service refused it and no payment was seen: Retry asks before anything is sent again."

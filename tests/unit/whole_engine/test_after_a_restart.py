"""What the journal alone remembers: limits, stops and deletions hold under the next engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.today import engine, points, sim, simulator
from tests.unit.whole_engine.test_engine_batches import end, prompts, submit

__all__ = ["engine", "sim", "simulator"]

TEXT = "generateModelWithText"


@pytest.fixture(autouse=True)
def small(sim: Simulator) -> None:
    sim.configure(triangles=200, texture_size=16)  # many models, quickly made


def engine_on(sim: Simulator, folder: Path) -> EngineProcess:
    return EngineProcess(folder, sim.api_url, sim.keys)


def test_what_runs_counts_against_the_limit(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(job_seconds=600)
    first = engine_on(sim, tmp_path)
    ids = submit(first, 3, concurrency=1)
    first.wait(ids[0], "generating")
    first.kill()
    with engine_on(sim, tmp_path) as second:
        alone = second.submit("a bird of no batch")
        second.wait(alone, "generating")  # by then those of the batch have had their chance
        assert prompts(sim) == ["bird 0", "a bird of no batch"]
        sim.configure(job_seconds=0)
        sim.finish_jobs()
        end(second, ids, "ready")
    assert prompts(sim) == ["bird 0", "a bird of no batch", "bird 1", "bird 2"]


def test_a_stopped_batch_stays_stopped(sim: Simulator, tmp_path: Path) -> None:
    """One job was just about to be sent when it was stopped, so that its end is not in the journal."""
    sim.set_fault("queryPointsInfo", "hang")
    first = engine_on(sim, tmp_path)
    ids = submit(first, 2, concurrency=1)
    sim.wait_for_request("queryPointsInfo")
    assert first.ask("stop_batch", batch="b")["error"] is None
    first.kill()
    sim.clear_faults()
    with engine_on(sim, tmp_path) as second:
        assert second.wait(ids[0], "cancelled")["note"] == "Nothing was paid."
        assert second.ask("continue_batch", batch="b")["again"] == 2
        end(second, ids, "ready")
    assert points(sim) == [30, 30]


def test_a_deleted_job_stays_deleted(sim: Simulator, tmp_path: Path) -> None:
    sim.set_fault(TEXT, "generation_failed")
    with engine_on(sim, tmp_path) as first:
        failed = first.submit()
        first.wait(failed, "failed")
        ids = submit(first, 2, concurrency=2, budget=0)
        end(first, ids, "failed")
        for job in (failed, ids[0]):
            first.until(lambda job=job: first.ask("delete", job=job)["error"] is None or None, "it to be deleted")  # type: ignore[misc]
            assert first.ask("retry", job=job)["error"]["code"] == "JobNotFound"
    with engine_on(sim, tmp_path) as second:
        assert [job["id"] for job in second.ask("list")["jobs"]] == [ids[1]]
        assert second.ask("retry", job=failed)["error"]["code"] == "JobNotFound"
        assert second.ask("continue_batch", batch="b", changes={"budget": None})["again"] == 1
        end(second, ids[1:], "ready")
    assert points(sim) == [30, 30]


def test_a_job_that_the_journal_has_is_not_sent_again(sim: Simulator, tmp_path: Path) -> None:
    """Whoever sends it once more has not heard that it was taken in: by this engine, or by one that is no more."""
    with engine_on(sim, tmp_path) as first:
        job = first.submit()
        first.wait(job, "ready")
        first.until(lambda: first.jobs[job]["under_way"] is False or None, "its preview")
        again = {"job": job, "provider": "neural4d", "request": {"prompt": "a cute bird", "size_mm": 120.0}}
        assert first.ask("submit", **again)["error"] is None
    with engine_on(sim, tmp_path) as second:
        assert second.ask("submit", **again)["error"] is None
        second.wait(second.submit("another"), "ready")  # whatever would have been sent has been
        assert second.wait(job, "ready")["cost"] == 30
    assert points(sim) == [30, 30]


def test_a_deleted_job_is_not_sent_again_by_whoever_has_not_heard_of_that(sim: Simulator, tmp_path: Path) -> None:
    with engine_on(sim, tmp_path) as first:
        job = first.submit()
        first.wait(job, "ready")
        first.until(lambda: first.jobs[job]["under_way"] is False or None, "its preview")
        assert first.ask("delete", job=job)["error"] is None
        again = {"job": job, "provider": "neural4d", "request": {"prompt": "a cute bird", "size_mm": 120.0}}
        error = first.ask("submit", **again)["error"]
        assert (error["what"], error["cost"]) == ("This job was deleted.", "30 points were paid before.")
        first.wait(first.submit("another"), "ready")  # whatever would have been sent has been
    assert points(sim) == [30, 30]


def test_a_batch_that_the_journal_has_is_not_sent_again(sim: Simulator, tmp_path: Path) -> None:
    """By a Blender that asked for its first job to learn whether the batch was taken in, after that one was deleted."""
    with engine_on(sim, tmp_path) as first:
        ids = submit(first, 2)
        end(first, ids, "ready")
        assert first.ask("delete", job=ids[0])["error"] is None
        entries = [
            {"job": job, "provider": "neural4d", "request": {"prompt": f"bird {item}"}, "target": {}, "item": item}
            for item, job in enumerate(ids)
        ]
        assert first.ask("submit_many", batch={"id": "b", "size": 2}, jobs=entries)["error"] is None
        first.wait(first.submit("another"), "ready")  # whatever would have been sent has been
        assert first.jobs[ids[1]]["state"] == "ready"
    assert points(sim) == [30, 30, 30]


def test_a_cap_is_kept_and_can_be_taken_off(sim: Simulator, tmp_path: Path) -> None:
    with engine_on(sim, tmp_path) as first:
        ids = submit(first, 3, concurrency=1, budget=60)
        assert end(first, ids, "ready", "failed") == ["ready", "ready", "failed"]
    with engine_on(sim, tmp_path) as second:
        assert second.ask("continue_batch", batch="b")["again"] == 1
        assert end(second, ids[2:], "ready", "failed") == ["failed"]
        assert second.ask("continue_batch", batch="b", changes={"budget": None})["again"] == 1
        end(second, ids[2:], "ready")
        assert second.ask("batch", batch="b")["batch"]["budget"] is None
    assert points(sim) == [30, 30, 30]

"""Batches in the engine process: who goes when, the budget, stopping, crashing, continuing; by the ledger."""

from __future__ import annotations

import io
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.model.batch import BatchRecord
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.process.main_loop import Engine
from neural4d_blender.engine.steps.active_job import ActiveJob
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.simulator_client import Caller

GENERATE = "generateModelWithText"


@pytest.fixture
def sim(service: Caller) -> Simulator:
    service.sim.configure(triangles=200, texture_size=16)  # many models, quickly made
    return service.sim


@pytest.fixture
def engine(sim: Simulator, tmp_path: Path) -> Iterator[EngineProcess]:
    with EngineProcess(tmp_path, sim.api_url, sim.token) as process:
        yield process


def submit(engine: EngineProcess, count: int, *, request: dict[str, Any] | None = None, **batch: Any) -> list[str]:
    """Send a batch called "b" and return its jobs' ids."""
    ids = [str(uuid.uuid4()) for _ in range(count)]
    jobs = [
        {
            "job": job,
            "provider": "neural4d",
            "request": {"prompt": f"bird {item}", **(request or {})},
            "target": {},
            "item": item,
        }
        for item, job in enumerate(ids)
    ]
    answer = engine.ask("submit_many", batch={"id": "b", "size": count, **batch}, jobs=jobs)
    assert answer["error"] is None, answer["error"]
    return ids


def end(engine: EngineProcess, ids: list[str], *states: str) -> list[str]:
    """Wait until each job is in one of the states and nothing is under way; their states."""

    def ended() -> bool | None:
        known = [engine.jobs[job] for job in ids if job in engine.jobs]
        all_there = len(known) == len(ids) and all(job["state"] in states for job in known)
        return True if all_there and not any(job["under_way"] for job in known) else None

    engine.until(ended, f"{states}: {[engine.jobs.get(job, {}).get('state') for job in ids]}")
    return [engine.jobs[job]["state"] for job in ids]


def prompts(sim: Simulator) -> list[str]:
    return [request["body"]["prompt"] for request in sim.requests(GENERATE)]


def test_only_so_many_are_at_the_service_and_in_the_order_of_the_input(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=0.3)
    ids = submit(engine, 7, concurrency=2)
    end(engine, ids, "ready")
    at_service, most = set[str](), 0
    for event in engine.events:
        if event["event"] == "job":
            job = Job.from_dict(event["job"])
            (at_service.add if job.at_service else at_service.discard)(job.id)
            most = max(most, len(at_service))
    assert most == 2
    sent = [int(prompt.removeprefix("bird ")) for prompt in prompts(sim)]
    # Two are let go at the same moment, and either may be the first at the service.
    assert (sorted(sent), max(abs(number - place) for place, number in enumerate(sent)) <= 1) == (list(range(7)), True)
    assert [row["points"] for row in sim.ledger()] == [60] * 7


def test_the_budget_ends_it_before_it_is_passed_and_a_larger_one_goes_on(sim: Simulator, engine: EngineProcess) -> None:
    ids = submit(engine, 6, concurrency=3, budget=200)
    states = end(engine, ids, "ready", "failed")
    assert sorted(states) == ["failed"] * 3 + ["ready"] * 3
    assert sim.spent == 180
    stopped = [engine.jobs[job] for job in ids if engine.jobs[job]["state"] == "failed"]
    assert {(job["error"]["code"], job["error"]["cost"], job["cost"]) for job in stopped} == {
        ("BudgetUsedUp", "Nothing was sent and nothing was paid.", None)
    }
    assert engine.ask("continue_batch", batch="b", changes={"budget": 300})["again"] == 3
    states = end(engine, ids, "ready", "failed")
    assert (states.count("ready"), sim.spent) == (5, 300)
    assert engine.ask("continue_batch", batch="b", changes={"budget": None})["again"] == 1
    end(engine, ids, "ready")
    assert sim.spent == 360 == sum(engine.jobs[job]["cost"] for job in ids)


def test_a_lost_answer_counts_against_the_budget(sim: Simulator, engine: EngineProcess) -> None:
    """One item may have been paid: until that is known, the other must not count on its points."""
    engine.configure(sim.api_url, sim.token, timing={"quickest": 0.05, "backoff": 0.02, "look_again": 3.0})
    sim.set_fault(GENERATE, "reset_after")
    ids = submit(engine, 2, concurrency=2, budget=60)  # either may be the first to be sent
    failed = engine.until(
        lambda: [job for job in ids if engine.jobs[job]["state"] == "failed"] or None, "one without budget"
    )
    assert [engine.jobs[job]["error"]["code"] for job in failed] == ["BudgetUsedUp"]
    (paid_for,) = set(ids) - set(failed)
    engine.wait(paid_for, "ready")
    assert "unknown" in engine.states(paid_for)
    assert "submitting" not in engine.states(failed[0])
    assert sim.spent == 60


def test_what_has_just_failed_is_taken_up_too(tmp_path: Path) -> None:
    """The word that a job failed gets out a moment before the engine is done with the step that it failed in."""
    engine = Engine(tmp_path, io.BytesIO(), io.BytesIO())
    job = Job("1", "neural4d", {"prompt": "a bird"}, batch="b")
    job.enter(State.FAILED, time.time())
    engine.journal.save(job, batch=BatchRecord("b", size=1))
    engine.jobs.by_id["1"], engine.jobs.stepping["1"] = ActiveJob(job), Future()
    command = {"do": "continue_batch", "batch": "b"}
    engine.commands.obey(command)
    assert engine.jobs.waiting == {"1": [command]}
    engine._stepped(engine.jobs.by_id["1"], None)
    again = engine.journal.get("1")
    assert again is not None
    assert again.state is State.QUEUED
    engine.pools.close()
    engine.journal.close()


def test_a_stopped_batch_finishes_what_is_paid_and_can_be_continued(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=1.0)
    ids = submit(engine, 4, concurrency=2)
    for job in ids[:2]:
        engine.wait(job, "generating")
    engine.ask("stop_batch", batch="b")
    assert end(engine, ids, "ready", "cancelled") == ["ready", "ready", "cancelled", "cancelled"]
    assert sim.spent == 120
    assert engine.ask("continue_batch", batch="b")["again"] == 2
    end(engine, ids, "ready")
    assert (sim.spent, len(prompts(sim))) == (240, 4)


def test_a_killed_engine_leaves_a_batch_that_goes_on_and_pays_nothing_twice(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(job_seconds=0.5)
    first = EngineProcess(tmp_path, sim.api_url, sim.token)
    ids = submit(first, 6, concurrency=2, budget=360)
    first.until(lambda: True if any(job["state"] == "ready" for job in first.jobs.values()) else None, "one to be done")
    first.kill()
    assert 60 <= sim.spent < 360
    with EngineProcess(tmp_path, sim.api_url, sim.token) as second:
        answer = second.ask("batch", batch="b")
        assert (answer["batch"]["budget"], answer["batch"]["concurrency"]) == (360, 2)
        end(second, ids, "ready")
        assert sim.spent == 360 == sum(second.jobs[job]["cost"] for job in ids)
        assert [second.jobs[job]["item"] for job in ids] == list(range(6))
    assert len(set(prompts(sim))) == 6


def test_a_key_that_is_refused_ends_the_batch_after_those_that_were_let_go(sim: Simulator, tmp_path: Path) -> None:
    with EngineProcess(tmp_path, sim.api_url, "wrong") as engine:
        ids = submit(engine, 30, concurrency=2)
        end(engine, ids, "failed")
        assert {engine.jobs[job]["error"]["code"] for job in ids} == {"KeyRejected"}
    assert len(sim.requests()) <= 8


def test_files_need_no_preparer(sim: Simulator, tmp_path: Path) -> None:
    models = tmp_path / "models"
    (tmp_path / "data").mkdir()
    with EngineProcess(tmp_path / "data", sim.api_url, sim.token, preparer=[]) as engine:
        ids = submit(engine, 2, request={"keep_in": str(models), "name": "Bird", "variants": 2})
        end(engine, ids, "ready")
        saved = [[Path(save["path"]).name for save in engine.jobs[job]["saves"]] for job in ids]
    assert saved == [
        ["0001 Bird.glb", "0001 Bird v2.glb"],
        ["0002 Bird.glb", "0002 Bird v2.glb"],
    ]
    assert sorted(path.name for path in models.glob("*.glb")) == sorted(saved[0] + saved[1])
    assert all(path.read_bytes().startswith(b"glTF") for path in models.glob("*.glb"))
    assert not (tmp_path / "data" / "unfinished").exists()


def test_a_file_that_could_not_be_written_is_written_by_going_on(sim: Simulator, tmp_path: Path) -> None:
    models = tmp_path / "models"
    models.write_text("a file in the folder's place")
    (tmp_path / "data").mkdir()
    with EngineProcess(tmp_path / "data", sim.api_url, sim.token, preparer=[]) as engine:
        (job,) = submit(engine, 1, request={"keep_in": str(models)})
        end(engine, [job], "ready")
        assert engine.jobs[job]["saves"][0]["error"]["code"] == "DownloadFailed"
        models.unlink()
        assert engine.ask("continue_batch", batch="b")["again"] == 1
        engine.until(lambda: [s for s in engine.jobs[job]["saves"] if s["state"] == "saved"] or None, "the file")
    assert sim.spent == 60


def test_what_makes_no_sense_is_refused_before_anything_is_kept(sim: Simulator, engine: EngineProcess) -> None:
    for batch in ({"concurrency": 0}, {"budget": -1}):
        error = engine.ask("submit_many", batch={"id": "b", **batch}, jobs=[])["error"]
        assert error["code"] == "InvalidInput"
    good = {"job": "1", "provider": "neural4d", "request": {"prompt": "a bird"}, "item": 0}
    bad = {"job": "2", "provider": "neural4d", "request": {"prompt": ""}, "item": 1}
    assert engine.ask("submit_many", batch={"id": "b"}, jobs=[good, bad])["error"]["code"] == "InvalidInput"
    assert engine.ask("list")["jobs"] == []
    assert engine.ask("batch", batch="b")["error"]["code"] == "JobNotFound"


def test_of_pictures_that_are_paid_a_stopped_batch_does_not_say_that_nothing_was(
    sim: Simulator, engine: EngineProcess
) -> None:
    sim.configure(generations={"neural4d": "today"})
    request = {"picture_first": True, "choose_cutout": True}
    (job,) = submit(engine, 1, request=request)
    engine.wait(job, "choosing_cutout")
    engine.ask("stop_batch", batch="b")
    note = engine.wait(job, "cancelled")["note"]
    assert [entry["operation"] for entry in sim.ledger()] == ["picture"]
    assert "paid for" in note
    assert "othing was" not in note

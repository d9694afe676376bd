"""Again by rule: the same is paid once more only within its limit, never twice for one try, and all models are kept."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.model.quality import choosing
from neural4d_blender.engine.protocol import InvalidInput, Request
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import PREPARER, EngineProcess
from tests.support.today import QUICK, points, sim, simulator

__all__ = ["sim", "simulator"]

#: The price of the simulator, and the highest one that is documented.
PRICE = 30
RULE: dict[str, Any] = {"retry_below": 0.7, "max_tries": 3, "max_points": 240, "best_for": "print"}


@contextmanager
def scoring(sim: Simulator, folder: Path, scores: str, **more: Any) -> Iterator[EngineProcess]:
    """An engine whose preparer gives the models these scores, one after another."""
    how = {"timing": QUICK, "preparer": [*PREPARER, f"scores {scores}"], **more}
    with EngineProcess(folder, sim.api_url, sim.keys, **how) as engine:
        engine.configure(sim.api_url, sim.keys, **how)
        yield engine


def over(engine: EngineProcess, job_id: str) -> dict[str, Any]:
    """The job when nothing more happens to it by itself."""
    engine.until(lambda: engine.jobs.get(job_id) and (engine.jobs[job_id]["under_way"] is False or None), "its end")
    return engine.jobs[job_id]


def test_it_stops_when_the_score_is_reached_and_keeps_all(sim: Simulator, tmp_path: Path) -> None:
    with scoring(sim, tmp_path, "0.4,0.8,0.9") as engine:
        job = over(engine, engine.submit(**RULE))
    assert (job["state"], job["tries"], job["tries_ended"], job["comparing"]) == ("ready", 2, None, False)
    assert [one["facts"]["report"]["verdicts"][2]["score"] for one in job["variants"]] == [0.4, 0.8]
    assert len({one["blend"] for one in job["variants"]}) == 2
    assert points(sim) == [PRICE] * 2
    assert job["cost"] == 2 * PRICE


def test_no_more_than_the_tries(sim: Simulator, tmp_path: Path) -> None:
    with scoring(sim, tmp_path, "0.4,0.5,0.3,0.9") as engine:
        job = over(engine, engine.submit(**RULE))
    assert (job["state"], job["tries"], len(job["variants"])) == ("ready", 3, 3)
    assert points(sim) == [PRICE] * 3


@pytest.mark.parametrize("scores", ["0.7", "1.0"])
def test_what_is_good_enough_is_paid_once(sim: Simulator, tmp_path: Path, scores: str) -> None:
    with scoring(sim, tmp_path, scores) as engine:
        assert over(engine, engine.submit(**RULE))["tries"] == 1
    assert points(sim) == [PRICE]


def test_what_was_not_checked_is_no_reason_to_pay(sim: Simulator, tmp_path: Path) -> None:
    with EngineProcess(tmp_path, sim.api_url, sim.keys, timing=QUICK) as engine:
        assert over(engine, engine.submit(**RULE))["tries"] == 1
    assert points(sim) == [PRICE]


def test_the_limit_is_never_passed_and_said(sim: Simulator, tmp_path: Path) -> None:
    with scoring(sim, tmp_path, "0.1") as engine:
        job = over(engine, engine.submit(**{**RULE, "max_tries": 9, "max_points": 4 * PRICE + 10}))
    assert sum(points(sim)) <= 4 * PRICE + 10
    assert (job["state"], job["error"]) == ("ready", None)
    assert job["tries_ended"]["code"] == "CapReached"
    assert len(job["variants"]) == job["tries"] == len(points(sim))


def test_a_balance_that_does_not_cover_it_leaves_the_model(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(balance=PRICE + 5)
    with scoring(sim, tmp_path, "0.1") as engine:
        job = over(engine, engine.submit(**RULE))
    assert (job["state"], job["tries_ended"]["code"], len(points(sim))) == ("ready", "NotEnoughPoints", 1)
    assert job["variants"][0]["state"] == "prepared"


@pytest.mark.parametrize("state", ["queued", "submitting", "generating"])
def test_an_engine_that_dies_in_the_second_try_pays_it_once(sim: Simulator, tmp_path: Path, state: str) -> None:
    sim.configure(job_seconds=0.3)
    if (
        state == "submitting"
    ):  # whose answer would be lost where the service was quicker than the kill: see the next one
        sim.set_fault("generateModelWithText", "hang", times=1, after=1)
    with scoring(sim, tmp_path, "0.1,0.2,0.9") as engine:
        job_id = engine.submit(**RULE)
        engine.until(
            lambda: ((told := engine.jobs.get(job_id)) and told["tries"] == 2 and told["state"] == state) or None, state
        )
        engine.kill()
    sim.clear_faults()
    with scoring(sim, tmp_path, "0.1,0.2,0.9") as engine:
        engine.send("configure", adopt=True)
        engine.ask("follow", jobs={job_id: 0})
        job = over(engine, job_id)
    assert (job["state"], job["tries"], len(job["variants"])) == ("ready", 3, 3)
    assert points(sim) == [PRICE] * 3


@pytest.mark.parametrize(("lost", "models"), [("reset_after", 1), ("reset_before", 2), ("http_500", 2)])
def test_a_lost_answer_of_the_second_try_is_looked_for(sim: Simulator, tmp_path: Path, lost: str, models: int) -> None:
    """What was taken and not told of is paid, its model's address is lost: nothing is sent again, the first stays."""
    with scoring(sim, tmp_path, "0.1,0.9") as engine:
        job_id = engine.submit(**RULE)
        engine.wait(job_id, "downloading", "preparing_model", "ready", "generating")
        sim.set_fault("generateModelWithText", lost, times=1)
        job = over(engine, job_id)
    assert (job["state"], len(job["variants"])) == ("ready", models)
    assert (job["tries_ended"] or {}).get("code") == ("PaymentUnknown" if models == 1 else None)
    assert "Retry" not in "".join((job["tries_ended"] or {}).values())  # a job that is ready has none
    assert points(sim) == [PRICE] * 2
    assert job["cost"] == 2 * PRICE


def test_a_try_that_the_service_cannot_make_counts_and_the_job_stays_ready(sim: Simulator, tmp_path: Path) -> None:
    with scoring(sim, tmp_path, "0.1") as engine:
        job_id = engine.submit(**{**RULE, "max_tries": 2})
        engine.wait(job_id, "downloading", "preparing_model", "ready", "generating")
        sim.set_fault("generateModelWithText", "http_400", times=1)
        job = over(engine, job_id)
    assert job["state"] == "ready"
    assert job["variants"][0]["state"] == "prepared"
    assert len(points(sim)) <= 2


def test_cancelling_ends_the_rule_and_not_the_model(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(job_seconds=0.5)
    with scoring(sim, tmp_path, "0.1") as engine:
        job_id = engine.submit(**{**RULE, "max_tries": 9})
        engine.until(lambda: ((told := engine.jobs.get(job_id)) and told["tries"] == 2) or None, "the second try")
        engine.send("cancel", job=job_id)
        job = over(engine, job_id)
        time.sleep(0.2)
    assert (job["state"], job["tries"]) == ("ready", 2)
    assert "cancelled" in job["tries_ended"]["what"]
    assert len(points(sim)) <= 2


@pytest.mark.parametrize(
    "wrong",
    [
        {"max_points": None},
        {"retry_below": 0},
        {"retry_below": 1.5},
        {"retry_below": True},
        {"max_tries": 0},
        {"max_tries": 1000},
        {"choose_cutout": True},
        {"place_all": True},
        {"keep_in": "/made"},
        {"options": {"seed": 3}},
        {"bring_in": "x"},
    ],
)
def test_rules_that_could_not_be_kept_are_refused(wrong: dict[str, Any]) -> None:
    choosing.check(vars(Request(**RULE)))
    with pytest.raises(InvalidInput):
        choosing.check(vars(Request(**{**RULE, **wrong})))

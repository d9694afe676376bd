"""Every code of the document, and codes that are not in it: each has an outcome of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.unit.whole_engine.test_engine_jobs import engine, paid, sim

__all__ = ["engine", "sim"]


def fails(
    sim: Simulator, engine: EngineProcess, endpoint: str, field: str, value: Any, **request: Any
) -> dict[str, str]:
    sim.set_fault(endpoint=endpoint, fault="set_field", field=field, value=value, times=None)
    error: dict[str, str] = engine.wait(engine.submit(**request), "failed")["error"]
    assert error["remedy"]
    return error


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [
        (-1, "KeyRejected", "invalid or has expired"),
        (-2, "JobNotFound", "does not know this job"),
        (-3, "GenerationFailed", "could not make this model"),
        (9, "UnexpectedAnswer", "unknown codeStatus 9"),
        ("zero", "UnexpectedAnswer", "no usable 'codeStatus'"),
    ],
)
def test_code_status_of_retrieve_model(
    sim: Simulator, engine: EngineProcess, code: Any, error: str, words: str
) -> None:
    told = fails(sim, engine, "retrieveModel", "codeStatus", code)
    assert (told["code"], words in told["what"]) == (error, True)
    assert paid(sim) == [60]


def test_code_status_1_is_waited_for(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(endpoint="retrieveModel", fault="set_field", field="codeStatus", value=1, times=3)
    engine.wait(engine.submit(), "ready")


@pytest.mark.parametrize("code", [-1, -2, 5])
def test_progress_that_cannot_be_told_is_estimated(sim: Simulator, engine: EngineProcess, code: int) -> None:
    """0 is believed; -1 is settled by retrieveModel; for -2, and codes that are not documented, time is the guess."""
    sim.configure(job_seconds=1.5)
    sim.set_fault(endpoint="queryJobProgress", fault="set_field", field="statusType", value=code, times=None)
    job = engine.submit()
    engine.wait(job, "generating")
    told = engine.until(
        lambda: next((e["job"] for e in engine.events if e["event"] == "job" and e["job"]["progress_estimated"]), None),
        "an estimate",
    )
    assert 0 < told["progress"] < 1
    engine.wait(job, "ready")


@pytest.mark.parametrize(
    ("code", "words"), [(-1, "could not be read"), (None, "no usable 'statusType'"), (4, "could not be read")]
)
def test_status_type_of_the_balance(sim: Simulator, engine: EngineProcess, code: Any, words: str) -> None:
    sim.set_fault(endpoint="queryPointsInfo", fault="set_field", field="statusType", value=code, times=None)
    answer = engine.ask("balance", provider="neural4d")
    assert (answer["error"]["code"], words in answer["error"]["what"]) == ("UnexpectedAnswer", True)
    # A balance that cannot be read is no reason not to generate: the price stays an estimate.
    done = engine.wait(engine.submit(), "ready")
    assert (done["cost"], done["cost_estimated"]) == (60, True)


def test_the_balance_in_all_its_kinds(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(balance=1000, bonus_points=100, year_points=200, expiration_day="2027-01-31")
    balance = engine.ask("balance", provider="neural4d")["balance"]
    assert balance["total"] == sim.balance
    assert balance["monthly"] + balance["permanent"] + balance["yearly"] == balance["total"]
    assert (balance["monthly"], balance["yearly"], balance["expires"]) == (100, 200, "2027-01-31")


@pytest.mark.parametrize(("field", "value"), [("message", "Cannot find the type, converting."), ("statusType", 1)])
def test_a_conversion_that_is_not_ready(
    sim: Simulator, engine: EngineProcess, tmp_path: Path, field: str, value: Any
) -> None:
    """Both ways of saying so are asked again."""
    sim.set_fault(endpoint="convertToFormat", fault="set_field", field=field, value=value, times=2)
    job = engine.submit()
    engine.wait(job, "ready")
    engine.ask("save", job=job, variant=0, format="STL", folder=str(tmp_path), size_mm=50)
    engine.until(
        lambda: (engine.jobs[job]["saves"] and engine.jobs[job]["saves"][0]["state"] == "converting") or None,
        "the conversion",
    )
    asked = engine.until(
        lambda: [r for r in sim.requests() if r["endpoint"] == "convertToFormat"][2:] or None, "a third question"
    )
    assert {request["body"]["modelSize"] for request in asked} == {50}


@pytest.mark.parametrize(
    ("code", "error", "words"),
    [(-1, "ConversionFailed", "could not convert"), (7, "UnexpectedAnswer", "unknown statusType 7")],
)
def test_status_type_of_a_conversion(sim: Simulator, engine: EngineProcess, code: int, error: str, words: str) -> None:
    told = fails(sim, engine, "convertToFormat", "statusType", code, format="STL")
    assert (told["code"], words in told["what"]) == (error, True)
    assert "paid" in told["cost"]


def test_what_else_the_service_says_is_kept(sim: Simulator, engine: EngineProcess) -> None:
    done = engine.wait(engine.submit("a cute bird"), "ready")
    assert done["variants"][0]["details"]["prompts"] == "a cute bird"
    assert {"createdAt", "sourcePage"} <= set(done["variants"][0]["details"])
    assert done["service"]["message"] == "Generating"


def test_jobs_of_a_group_share_a_cap(sim: Simulator, engine: EngineProcess) -> None:
    for _ in range(2):
        engine.wait(engine.submit(group="props", group_points=150), "ready")
    error = engine.wait(engine.submit(group="props", group_points=150), "failed")["error"]
    assert (error["code"], "180 points" in error["what"], error["cost"]) == (
        *("CapReached", True),
        "Nothing was sent and nothing was paid.",
    )
    engine.wait(engine.submit(group="others", group_points=60), "ready")
    assert paid(sim) == [60] * 3


def test_progress_is_what_the_service_says(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=1000)
    sim.set_fault(endpoint="queryJobProgress", fault="set_field", field="progress", value="37%", times=None)
    job = engine.submit()
    told = engine.until(lambda: engine.jobs[job] if engine.jobs.get(job, {}).get("progress") else None, "progress")
    assert (told["progress"], told["progress_estimated"]) == (0.37, False)

"""Whatever stands between here and a service refuses what the service has taken: one operation, and true sentences.

Each paid request of each service, in both generations, with each status; what tells is the ledger of the stand-in.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.every_service import Witness
from tests.support.today import QUICK, engine, sim, simulator
from tests.unit.whole_engine.test_lost_answers import (
    FILE,
    FROM_WEB,
    TEXT,
    WAYS,
    Way,
    check_words,
    ended,
    neural4d,
    payments,
    sent,
    start,
    untold,
)

__all__ = ["engine", "sim", "simulator"]

OLDER: dict[str, Any] = {"generations": dict.fromkeys(("neural4d", "csm", "goneural", "modelslab"), "2024")}
EVERY_WAY = [
    *WAYS,
    neural4d(
        "chibi", "createCuteModelsFromImages", {**FILE, "options": {"style": "Pixel-Style", "portrait_check": "off"}}
    ),
    neural4d("text-2024", TEXT, {}, settings=OLDER, witness=Witness.IDS),
    neural4d("image-2024", "generateModelWithImage", FILE, settings=OLDER | {"matting_seconds": 0.0}),
    untold("goneural-2024", "goneural", "goneural/create", FILE, settings=OLDER),
    untold("modelslab-2024", "modelslab", "modelslab/create", FROM_WEB, settings=OLDER | {"modelslab_format": "glb"}),
]
#: One for each endpoint that is paid.
ONE_EACH = list({(way.provider, way.pays, str(way.settings)): way for way in reversed(EVERY_WAY)}.values())
STATUSES = (400, 401, 402, 403, 404, 408, 409, 422, 425, 429, 503)
LEFT_OPEN = (408, 409, 425)  # these do not even claim that nothing was done


def set_fault(sim: Simulator, way: Way, status: int, **how: Any) -> None:
    wait = {"retry_after": 0} if status in (429, 503) else {}
    sim.set_fault(way.pays, f"http_{status}", after=way.before, **wait, **how)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("way", ONE_EACH, ids=lambda way: way.name)
def test_what_was_taken_is_not_sent_again(sim: Simulator, engine: EngineProcess, way: Way, status: int) -> None:
    sim.configure(**way.settings)
    set_fault(sim, way, status, acted=True)
    job = ended(engine, start(engine, way))
    found = way.witness in (Witness.RECORDS, Witness.IDS)
    operations = [entry["operation"] for entry in sim.ledger(way.provider) if entry["points"] > 0]
    assert len(operations) == len(set(operations)), operations
    if found:
        assert job["state"] == "ready"
        # What is not known, since the service wants to be left alone, is not told as a number.
        assert job["cost"] in ((None,) if status in (429, 503) else ()) + (sum(payments(sim, way.provider)),)
        return
    assert sent(sim, way) == way.before + 1
    error = job["error"]
    assert "Nothing" not in error["cost"]
    if way.witness is Witness.BALANCE:
        check_words(job, sum(payments(sim, way.provider)), witness=True)
        assert (error["code"], job["retry_pays"]) == ("PaymentUnknown", True)
        return
    unknown = "Unknown: it may have been paid." if status in LEFT_OPEN else "no payment was seen"
    assert unknown in error["cost"]
    if way.provider != "modelslab" or status in LEFT_OPEN:
        assert job["retry_pays"], "going on with a batch does not send it again"


@pytest.mark.parametrize("status", [404, 429])
@pytest.mark.parametrize("way", [way for way in ONE_EACH if way.witness is Witness.BALANCE], ids=lambda way: way.name)
def test_a_balance_that_falls_later_is_waited_for(sim: Simulator, engine: EngineProcess, way: Way, status: int) -> None:
    sim.configure(**way.settings, booking_seconds=0.3)  # watched for 0.6 s
    set_fault(sim, way, status, acted=True)
    job = ended(engine, start(engine, way))
    operations = [entry["operation"] for entry in sim.ledger(way.provider) if entry["points"] > 0]
    assert len(operations) == len(set(operations)), operations
    assert sent(sim, way) == way.before + 1
    assert job["error"]["code"] == "PaymentUnknown"


@pytest.mark.parametrize("status", [400, 402, 403, 429])
def test_said_as_the_service_itself_says_it_and_retry_looks_first(
    sim: Simulator, engine: EngineProcess, status: int
) -> None:
    said = {
        402: "Insufficient points or account restricted",
        403: "Generation is not available for the current account",
    }
    way = next(way for way in WAYS if way.name == "text-ignored")
    sim.configure(**way.settings, booking_seconds=0.3)
    set_fault(sim, way, status, acted=True, own=True, **({"message": said[status]} if status in said else {}))
    job = ended(engine, start(engine, way))
    if status != 429:  # it fails at once, and claims nothing
        assert job["error"]["cost"] == "The service refused the request, and the balance stands where it stood."
        engine.ask("retry", job=job["id"])
        engine.wait(job["id"], "unknown")
        job = ended(engine, job["id"])
    assert (job["error"]["code"], payments(sim), sent(sim, way)) == ("PaymentUnknown", [30], 1)


@pytest.mark.parametrize("way", [way for way in ONE_EACH if way.witness is Witness.NOTHING], ids=lambda way: way.name)
def test_where_nobody_can_tell_a_busy_service_is_believed_in_its_own_words(
    sim: Simulator, engine: EngineProcess, way: Way
) -> None:
    sim.configure(**way.settings)
    set_fault(sim, way, 429, own=True)
    assert ended(engine, start(engine, way))["state"] == "ready"
    set_fault(sim, way, 429)
    sim.finish_jobs()
    job = ended(engine, start(engine, way))
    assert (job["error"]["code"], job["retry_pays"]) == ("ServiceBusy", True)


def test_killed_while_the_doubt_about_a_refusal_lasts(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(booking_seconds=0.5)
    sim.set_fault(TEXT, "http_404", acted=True)
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    first.configure(sim.api_url, sim.keys, timing={**QUICK, "look_again": 1.0})
    job = first.submit()
    first.wait(job, "unknown")
    first.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        assert second.wait(job, "failed")["error"]["code"] == "PaymentUnknown"
    assert payments(sim) == [30]

"""Answers to paid requests that are lost: one job is one payment, and every sentence about money is true.

Over services, ways to ask, numbers of models, and what a server does with ids of ours.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess, Snapshot
from tests.support.every_service import WEB_PICTURE, Witness, picture
from tests.support.today import QUICK, engine, sim, simulator
from tests.unit.whole_engine.test_engine_batches import end, submit

__all__ = ["engine", "sim", "simulator"]


@dataclass(frozen=True)
class Way:
    """One kind of paid request.

    Args:
        provider: id of the service. pays: the stand-in's name of the endpoint.
        asks: of the request; "PICTURE" stands for a picture file.
        counts: the numbers of models, or pictures, by ``number``. settings: of the stand-in.
        witness: what can tell whether a request had arrived.
        faults: of FAULTS, fewer where a way shares its code with another one.
        before: requests to the endpoint that one job makes before the one meant. after: and those after it.
    """

    name: str
    provider: str
    pays: str
    asks: dict[str, Any]
    counts: tuple[int, ...] = (1,)
    settings: dict[str, Any] = field(default_factory=dict)
    witness: Witness = Witness.BALANCE
    number: str = "variants"
    faults: tuple[str, ...] = ("lost-once", "lost-always", "lost-late", "500-after-acting")
    before: int = 0
    after: int = 0


def neural4d(name: str, pays: str, asks: dict[str, Any], **more: Any) -> Way:
    return Way(name, "neural4d", pays, asks, counts=(1, 2, 4), **more)


def csm(name: str, asks: dict[str, Any], **more: Any) -> Way:
    return Way(name, "csm", "csm/v3/create", asks, witness=Witness.RECORDS, **more)


def untold(name: str, provider: str, pays: str, asks: dict[str, Any], **more: Any) -> Way:
    faults = ("lost-once", "500-after-acting")
    return Way(name, provider, pays, asks, witness=Witness.NOTHING, faults=faults, **more)


TEXT, IMAGE = "generateModelWithText", "generateModelWithImage"
ONCE = ("lost-once",)
FILE = {"prompt": "", "images": ["PICTURE"]}
FROM_WEB = {"prompt": "", "images": [WEB_PICTURE]}
PICTURE_FIRST = {"prompt": "a wooden chair", "picture_first": True}
WAYS = [
    neural4d("text-ignored", TEXT, {}, settings={"ids": "ignored"}),
    *(
        neural4d(f"text-{ids}", TEXT, {}, settings={"ids": ids}, witness=Witness.IDS)
        for ids in ("honoured", "mixed")  # the first of ours is enough to find a job by
    ),
    neural4d("image", IMAGE, FILE),
    neural4d("picture", "createNormalPicture", PICTURE_FIRST, number="pictures"),
    neural4d("model-of-picture", IMAGE, PICTURE_FIRST),
    csm("csm-image", FROM_WEB),
    csm("csm-picture", {}, after=1, faults=ONCE),
    csm("csm-model-of-picture", {}, before=1, faults=ONCE),
    csm("csm-views", {**FROM_WEB, "views": {"back": f"{WEB_PICTURE}?back"}}, faults=ONCE),
    csm("csm-kit", {**FROM_WEB, "options": {"kit": True}}, faults=ONCE),
    untold("csm-2024", "csm", "csm/create", FROM_WEB, settings={"generations": {"csm": "2024"}}),
    Way("goneural-text", "goneural", "goneural/text", {}),
    Way("goneural-image", "goneural", "goneural/create", FILE, faults=ONCE),
    untold("modelslab-address", "modelslab", "modelslab/v6/create", FROM_WEB),
    untold("modelslab-text", "modelslab", "modelslab/v6/text", {}),
]
FAULTS: dict[str, dict[str, Any]] = {
    "lost-once": {"fault": "reset_after"},
    "lost-always": {"fault": "reset_after", "times": None},
    "lost-late": {"fault": "hang_after", "seconds": 0.4},
    "500-after-acting": {"fault": "http_500", "acted": True},
}
CASES = [
    pytest.param(way, count, fault, id=f"{way.name}-{count}-{fault}")
    for way in WAYS
    for count, fault in itertools.product(way.counts, way.faults)
]


def start(engine: EngineProcess, way: Way, count: int = 1) -> str:
    asks = {"prompt": "a wooden chair", **way.asks}
    if count > 1:
        asks[way.number] = count
    if asks.get("images") == ["PICTURE"]:
        asks["images"] = [str(picture(engine.folder))]
    return engine.submit(provider=way.provider, **asks)


def ended(engine: EngineProcess, job: str) -> Snapshot:
    return engine.wait(job, "ready", "failed")


def payments(sim: Simulator, provider: str = "neural4d") -> list[int]:
    return [entry["points"] for entry in sim.ledger(provider) if entry["points"] > 0]


def sent(sim: Simulator, way: Way) -> int:
    """How often the request that pays was made."""
    return sum(request["method"] == "POST" for request in sim.requests(way.pays))


def check_words(job: Snapshot, spent: int, *, witness: bool) -> None:
    """What is said of money is true, or said to be unknown."""
    if job["state"] == "ready":
        assert (job["cost"] or 0) == spent or job["cost_estimated"] or not witness
        return
    error = job["error"]
    if spent:
        assert "Nothing was" not in error["cost"]
        assert f"{spent} " in error["cost"] or "Unknown" in error["cost"] or str(job["cost"]) in error["cost"], error
    if error["code"] == "SubmissionLost":
        assert not spent
    if witness and error["code"] == "PaymentUnknown":
        assert job["cost"] == spent
        assert job["retry_pays"]


@pytest.mark.parametrize(("way", "count", "fault"), CASES)
def test_one_job_is_one_payment(sim: Simulator, engine: EngineProcess, way: Way, count: int, fault: str) -> None:
    sim.configure(**way.settings)
    sim.set_fault(endpoint=way.pays, after=way.before, **FAULTS[fault])
    job = ended(engine, start(engine, way, count))
    found = way.witness in (Witness.RECORDS, Witness.IDS)
    expected = way.before + 1 + (way.after if found else 0)
    assert sent(sim, way) == expected, "sent again without the user's word"
    operations = [entry["operation"] for entry in sim.ledger(way.provider) if entry["points"] > 0]
    assert len(operations) == len(set(operations)), operations
    check_words(job, sum(payments(sim, way.provider)), witness=way.witness is not Witness.NOTHING)
    if found:
        assert job["state"] == "ready"
        assert job["cost"] == sum(payments(sim, way.provider))
    else:
        assert job["error"]["code"] == "PaymentUnknown"


@pytest.mark.parametrize(("way", "fault"), [
    pytest.param(way, fault, id=f"{way.name}-{fault}")
    for way in WAYS for fault in ("reset_before", "http_500")[: 1 if way.faults == ONCE else 2]
])  # fmt: skip
def test_what_was_not_taken_is_free_and_sent_again_on_the_users_word(
    sim: Simulator, engine: EngineProcess, way: Way, fault: str
) -> None:
    sim.configure(**way.settings)
    sim.set_fault(endpoint=way.pays, fault=fault, after=way.before)
    job = start(engine, way)
    error = ended(engine, job)["error"]
    # The picture has shown that this server books at once, or the service's list that it has nothing.
    if way.name == "model-of-picture" or way.witness is Witness.RECORDS:
        assert (error, sent(sim, way)) == (None, way.before + 2 + way.after)
        assert len(payments(sim, way.provider)) == (2 if way.name.endswith("picture") else 1)
        return
    told = way.witness is not Witness.NOTHING
    assert error is not None
    assert sent(sim, way) == 1
    assert error["code"] == ("SubmissionLost" if told else "PaymentUnknown")
    assert ("Nothing was paid" in error["cost"]) == (told and not payments(sim, way.provider))
    engine.ask("retry", job=job)
    ready = engine.wait(job, "ready")
    assert sent(sim, way) == 2
    assert ready["cost"] == sum(payments(sim, way.provider)) or not told


def test_nothing_else_is_bought_while_the_balance_is_watched(sim: Simulator, engine: EngineProcess) -> None:
    """And the service is not taken for one that asked to slow down."""
    engine.configure(sim.api_url, sim.keys, timing={**QUICK, "look_again": 0.1, "minute": 60.0})
    sim.set_fault(endpoint=TEXT, fault="reset_before")
    lost = engine.submit("the lost bird")
    engine.wait(lost, "unknown")
    other = engine.submit("the other bird")
    held = engine.until(lambda: engine.jobs[other] if engine.jobs[other]["note"] else None, "it to be held back")
    assert "another job" in held["note"]
    assert ended(engine, lost)["error"]["code"] == "SubmissionLost"
    engine.wait(other, "ready", seconds=30)
    assert payments(sim) == [30]


def test_a_server_that_books_late_has_taken_it_all_the_same(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(booking_seconds=0.3)
    sim.set_fault(endpoint=TEXT, fault="reset_after")
    job = ended(engine, engine.submit())
    assert (job["error"]["code"], job["cost"]) == ("PaymentUnknown", 30)
    assert payments(sim) == [30]


def test_a_server_that_was_seen_to_book_at_once_may_be_sent_it_again(sim: Simulator, engine: EngineProcess) -> None:
    engine.wait(engine.submit("the bird before"), "ready")
    sim.set_fault(endpoint=TEXT, fault="reset_before")
    engine.wait(engine.submit("a bird"), "ready")
    assert payments(sim) == [30, 30]


def test_a_server_that_was_seen_to_book_late_is_not(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(booking_seconds=0.2)
    engine.wait(engine.submit("the bird before"), "ready")
    sim.set_fault(endpoint=TEXT, fault="reset_before")
    assert ended(engine, engine.submit("a bird"))["error"]["code"] in ("SubmissionLost", "PaymentUnknown")
    assert payments(sim) == [30]
    assert len(sim.requests(TEXT)) == 2


def test_ids_prove_something_once_the_server_has_answered_about_one(sim: Simulator, engine: EngineProcess) -> None:
    """The balance cannot be read: what is known of the ids alone decides."""
    sim.configure(ids="honoured")
    engine.wait(engine.submit("the bird before"), "ready")
    sim.set_fault(endpoint="queryPointsInfo", fault="http_500", times=None)
    sim.set_fault(endpoint=TEXT, fault="reset_before")
    engine.wait(engine.submit("a bird"), "ready")
    assert payments(sim) == [30, 30]


@pytest.mark.parametrize("fault", ["reset_before", "reset_after"])
def test_without_any_witness_nothing_is_claimed(sim: Simulator, engine: EngineProcess, fault: str) -> None:
    sim.set_fault(endpoint="queryPointsInfo", fault="http_500", times=None)
    sim.set_fault(endpoint=TEXT, fault=fault)
    error = ended(engine, engine.submit())["error"]
    assert error["code"] == "PaymentUnknown"
    assert error["cost"].startswith("Unknown")
    assert len(sim.requests(TEXT)) == 1


@pytest.mark.parametrize("acted", [True, False])
def test_an_answer_without_ids_is_a_refusal_where_the_balance_says_so(
    sim: Simulator, engine: EngineProcess, acted: bool
) -> None:
    sim.set_fault(endpoint=TEXT, fault="no_ids", acted=acted, message="The queue is full today.")
    job = ended(engine, engine.submit())
    assert len(sim.requests(TEXT)) == 1
    if acted:
        assert (job["error"]["code"], job["cost"]) == ("PaymentUnknown", 30)
        return
    assert job["error"]["code"] == "RequestRefused"
    assert job["error"]["what"].startswith("The queue is full today.")
    assert job["error"]["cost"].startswith("Nothing was paid: the balance")


POOR = {"status": "processing", "message": "You do not have enough points: not enough credits."}


@pytest.mark.parametrize("acted", [False, True])
@pytest.mark.parametrize("way", [way for way in WAYS if not way.before], ids=lambda way: way.name)
def test_not_enough_points_needs_one_look_only(sim: Simulator, engine: EngineProcess, way: Way, acted: bool) -> None:
    """Said in an answer that is no refusal by its status; the balance would be watched for ten minutes."""
    engine.configure(sim.api_url, sim.keys, timing={**QUICK, "look_again": 30.0})
    sim.configure(**way.settings)
    sim.set_fault(endpoint=way.pays, fault="no_ids", body=POOR, acted=acted)
    job = ended(engine, start(engine, way))
    assert "unknown" not in engine.states(job["id"])
    found = acted and way.witness in (Witness.RECORDS, Witness.IDS)  # the balance has fallen, so that it is looked for
    assert sent(sim, way) == 1 + (way.after if found else 0)
    if found:
        assert (job["state"], job["cost"]) == ("ready", sum(payments(sim, way.provider)))
        return
    if acted and way.witness is not Witness.NOTHING:
        assert (job["error"]["code"], job["cost"]) == ("PaymentUnknown", sum(payments(sim, way.provider)))
        return
    assert job["error"]["code"] == "NotEnoughPoints"
    assert job["error"]["what"].startswith("You do not have enough points: not enough credits.")
    assert "Nothing was paid" not in job["error"]["cost"]  # the picture has shown at most that it books at once


def test_not_enough_points_ends_a_batch_at_once(sim: Simulator, engine: EngineProcess) -> None:
    engine.configure(sim.api_url, sim.keys, timing={**QUICK, "look_again": 30.0})
    sim.set_fault(endpoint=TEXT, fault="no_ids", body=POOR, times=None)
    jobs = submit(engine, 6, concurrency=2)
    end(engine, jobs, "failed")
    assert {engine.jobs[job]["error"]["code"] for job in jobs} == {"NotEnoughPoints"}
    assert len(sim.requests(TEXT)) <= 2
    assert payments(sim) == []


@pytest.mark.parametrize("status", ["http_400", "http_402", "http_403", "http_408", "http_429"])
def test_a_refusal_that_was_paid_all_the_same_is_not_called_free(
    sim: Simulator, engine: EngineProcess, status: str
) -> None:
    sim.set_fault(endpoint=TEXT, fault=status, acted=True)
    job = ended(engine, engine.submit())
    assert payments(sim) == [30]
    assert (job["error"]["code"], job["cost"]) == ("PaymentUnknown", 30)


@pytest.mark.parametrize("status", ["http_400", "http_402", "http_403", "http_429"])
def test_a_refusal_that_was_paid_and_shows_late_is_not_called_free(
    sim: Simulator, engine: EngineProcess, status: str
) -> None:
    sim.configure(booking_seconds=1000)
    sim.set_fault(endpoint=TEXT, fault=status, acted=True, times=None)
    engine.configure(sim.api_url, sim.keys, timing={**QUICK, "minute": 0.01, "refusals": 2})
    error = ended(engine, engine.submit())["error"]
    assert payments(sim)
    seen = "no payment was seen" if status == "http_429" else "the balance stands where it stood"
    assert error["cost"] == f"The service refused the request, and {seen}."


def test_a_refusal_is_free_where_the_server_was_seen_to_book_at_once(sim: Simulator, engine: EngineProcess) -> None:
    engine.wait(engine.submit("the bird before"), "ready")
    sim.set_fault(endpoint=TEXT, fault="http_400")
    assert ended(engine, engine.submit())["error"]["cost"] == "Nothing was paid."


def test_of_what_was_paid_before_a_refusal_the_cost_is_told_as_well(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(booking_seconds=1000)
    sim.set_fault(endpoint=IMAGE, fault="http_400", acted=True)
    error = ended(engine, engine.submit("a wooden chair", picture_first=True))["error"]
    paid, refused = error["cost"].split(" The ")
    assert paid == "13 points were paid. Retry does not pay them again."
    assert refused == "service refused the request, and the balance stands where it stood."


def test_pictures_that_were_paid_are_not_called_free_where_the_model_was_not_taken(
    sim: Simulator, engine: EngineProcess
) -> None:
    sim.set_fault(endpoint=IMAGE, fault="reset_before", times=None)
    error = ended(engine, engine.submit("a wooden chair", picture_first=True))["error"]
    assert error["code"] == "SubmissionLost"
    assert payments(sim) == [13]
    assert error["cost"] == "13 points were paid. Retry does not pay them again."


@pytest.mark.parametrize(
    ("provider", "pays", "settings", "asks"),
    [
        ("modelslab", "modelslab/v6/create", {}, FILE),
        ("modelslab", "modelslab/v6/text", {}, {}),
        ("csm", "csm/create", {"generations": {"csm": "2024"}}, {**FROM_WEB, "options": {"topology": "quads"}}),
        ("goneural", "goneural/create", {"generations": {"goneural": "2024"}}, FILE),
    ],
)
def test_without_a_balance_a_refusal_is_not_called_free(
    sim: Simulator, engine: EngineProcess, provider: str, pays: str, settings: dict[str, Any], asks: dict[str, Any]
) -> None:
    """The image file, and the options for enterprise accounts, are among what is refused."""
    sim.configure(**settings)
    sim.set_fault(endpoint=pays, fault="http_403", message="The image must be a URL.")
    error = ended(engine, start(engine, untold("", provider, pays, asks)))["error"]
    assert error["cost"] == "The service refused the request, and no payment was seen."


def test_killed_while_it_was_watched(sim: Simulator, tmp_path: Path) -> None:
    sim.set_fault(endpoint=TEXT, fault="reset_after")
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = first.submit()
    first.until(lambda: payments(sim) or None, "the service to charge it")
    first.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        failed = second.wait(job, "failed")
    assert (failed["error"]["code"], failed["cost"]) == ("PaymentUnknown", 30)
    assert len(sim.requests(TEXT)) == 1


def test_a_key_that_ends_while_a_job_is_refused_leaves_nothing_in_doubt(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(endpoint=TEXT, fault="http_401")
    sim.set_fault(endpoint="queryPointsInfo", fault="http_401", after=1)
    job = ended(engine, engine.submit())
    assert (job["error"]["code"], job["error"]["cost"]) == ("KeyRejected", "Nothing was paid.")
    assert not job["in_doubt"]
    assert payments(sim) == []


def test_a_key_that_ends_when_a_job_is_accepted_does_not_fail_it(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(endpoint="queryPointsInfo", fault="http_401", after=1)
    assert ended(engine, engine.submit())["state"] == "ready"
    assert payments(sim) == [30]

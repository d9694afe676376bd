"""GoNeural as it is today: prompts, the balance, one task at a time, both shapes of its answers; nothing paid twice."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.http.refusals import error_of
from neural4d_blender.engine.protocol import declaration
from neural4d_blender.engine.services.goneural import responses as read
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.one_engine import engine, facts, image, sent
from tests.support.others_today import fits
from tests.support.simulator_client import Caller

__all__ = ["engine", "image"]

CREATE, TEXT, TASK, BILLING = "goneural/create", "goneural/text", "goneural/task", "goneural/billing"
PRICE, TEXT_PRICE = 30, 35


@pytest.fixture
def sim(service: Caller) -> Simulator:
    service.sim.configure(generations={"goneural": "today"})
    return service.sim


def start(engine: EngineProcess, prompt: str = "a red chair", **request: Any) -> str:
    return engine.submit("" if "images" in request else prompt, provider="goneural", **request)


def paid(sim: Simulator) -> list[int]:
    return [entry["points"] for entry in sim.ledger("goneural")]


def test_a_prompt_becomes_a_model(sim: Simulator, engine: EngineProcess) -> None:
    options = {"negativePrompt": "arms", "seed": 7, "faceLimit": 3000}
    done = engine.wait(start(engine, options=options, pbr=False), "ready")
    body = sent(sim, TEXT)[0]["body"]
    assert body == {"prompt": "a red chair", **options, "version": "premium-v1", "pbr": False}
    assert fits("goneural", TEXT, "request", body)
    assert (done["cost"], done["cost_estimated"], paid(sim)) == (TEXT_PRICE, False, [TEXT_PRICE])
    assert Path(done["variants"][0]["model"]).read_bytes().startswith(b"glTF")
    assert done["variants"][0]["details"]["seed"] == "7"


def test_prompts_and_images_have_a_price_each(sim: Simulator, engine: EngineProcess, image: str) -> None:
    engine.wait(start(engine), "ready")
    engine.wait(start(engine, images=[image]), "ready")
    expected = {"goneural:text, PBR": TEXT_PRICE, "goneural:image, PBR": PRICE}
    prices = [event["prices"] for event in engine.events if event["event"] == "prices"]
    assert prices[-1] == expected
    assert paid(sim) == [TEXT_PRICE, PRICE]


@pytest.mark.parametrize("seed", [0, -1])
def test_what_the_service_is_to_decide_is_not_sent(sim: Simulator, engine: EngineProcess, seed: int) -> None:
    engine.wait(start(engine, options={"seed": seed, "negativePrompt": " "}), "ready")
    assert sent(sim, TEXT)[0]["body"].keys() == {"prompt", "version", "pbr"}


def test_a_negative_prompt_is_not_for_images(sim: Simulator, engine: EngineProcess, image: str) -> None:
    engine.wait(start(engine, images=[image], options={"negativePrompt": "arms"}), "ready")
    assert "negativePrompt" not in sent(sim, CREATE)[0]["body"]


def test_the_balance_and_the_key_are_asked_for_nothing(sim: Simulator, engine: EngineProcess) -> None:
    assert engine.ask("balance", provider="goneural")["balance"]["total"] == 1000
    assert engine.ask("test_key", provider="goneural")["balance"]["total"] == 1000
    engine.configure(sim.api_url, "not-the-key")
    assert engine.ask("test_key", provider="goneural")["error"]["code"] == "KeyRejected"
    assert (sent(sim, TASK), sim.ledger()) == ([], [])


@pytest.mark.parametrize("value", ["12", 12.7])
def test_a_balance_in_other_forms(sim: Simulator, engine: EngineProcess, value: object) -> None:
    sim.set_fault(BILLING, "set_field", field="remaining", value=value)
    assert engine.ask("balance", provider="goneural")["balance"]["total"] == 12


def test_a_balance_that_is_none(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(BILLING, "missing_field", times=None)
    assert engine.ask("balance", provider="goneural")["error"]["code"] == "UnexpectedAnswer"
    assert engine.wait(start(engine), "ready")["cost"] == TEXT_PRICE  # as the task tells


def test_a_balance_that_was_told_once_stays(sim: Simulator, engine: EngineProcess) -> None:
    """A 404 of some gateway is no reason to ask no more."""
    engine.ask("balance", provider="goneural")
    sim.set_fault(BILLING, "http_404")
    assert engine.ask("balance", provider="goneural")["error"]["code"] == "RequestRefused"
    assert engine.ask("balance", provider="goneural")["balance"]["total"] == 1000


def test_what_is_not_covered_is_not_sent(sim: Simulator, engine: EngineProcess) -> None:
    engine.wait(start(engine), "ready")
    sim.configure(balance=TEXT_PRICE - 1)
    error = engine.wait(start(engine), "failed")["error"]
    assert (error["code"], len(sent(sim, TEXT))) == ("NotEnoughPoints", 1)


@pytest.mark.parametrize("answer", ["output", "urls"])
@pytest.mark.parametrize("told", [True, False])
def test_both_shapes_of_answers(sim: Simulator, engine: EngineProcess, answer: str, told: bool) -> None:
    """Where the task does not tell its price, the balance does."""
    sim.configure(goneural_answer=answer)
    if not told:
        field = "creditsUsed" if answer == "urls" else "creditUsed"
        for endpoint in (TEXT, TASK):
            sim.set_fault(endpoint, "set_field", field=field, value=None, times=None)
    done = engine.wait(start(engine), "ready")
    assert (done["cost"], done["cost_estimated"], paid(sim)) == (TEXT_PRICE, False, [TEXT_PRICE])


@pytest.mark.parametrize(("refunds", "told", "cost"), [(True, True, 0), (True, False, 0), (False, True, TEXT_PRICE)])
def test_a_task_that_fails_says_what_it_cost(
    sim: Simulator, engine: EngineProcess, refunds: bool, told: bool, cost: int
) -> None:
    """What comes back may show in the task, or in the balance alone."""
    sim.configure(goneural_refunds=refunds, job_seconds=3600)
    if not told:
        sim.set_fault(TASK, "set_field", field="refunded", value=False, times=None, after=1)
    sim.set_fault(TASK, "generation_failed", times=1)
    job = start(engine)
    failed = engine.wait(job, "failed")
    assert sum(paid(sim)) == cost
    assert (failed["cost"], failed["cost_estimated"], failed["retry_pays"]) == (cost, False, bool(cost))
    assert failed["error"]["code"] == "GenerationFailed"
    assert (read.BACK in failed["error"]["what"]) == refunds
    assert failed["error"]["cost"].startswith("Nothing was paid." if refunds else f"{cost} credits were paid")


def test_a_task_that_took_too_long(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=3600, goneural_task_seconds=0.2)
    failed = engine.wait(start(engine), "failed")
    assert (failed["error"]["code"], failed["cost"]) == ("GenerationFailed", 0)
    assert "five minutes" in failed["error"]["what"]


@pytest.mark.parametrize(
    ("said", "words"),
    [
        ({}, "It gives no reason, and fails tasks"),
        ({"finishedAt": "2026-11-02T10:05:01Z"}, "The task was not done after five minutes"),
        ({"error": "No subject was found."}, "No subject was found."),
        ({"meta": {"error": "Out of memory"}}, "Out of memory."),
    ],
)
def test_why_a_task_failed(said: dict[str, Any], words: str) -> None:
    task = {"status": "failed", "createdAt": "2026-11-02T10:00:00Z", "finishedAt": "2026-11-02T10:00:09Z", **said}
    assert read.poll(task).message.startswith(words)


LOST = ["reset_after", "not_json", "empty_body"]


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_is_judged_by_the_balance(sim: Simulator, engine: EngineProcess, fault: str) -> None:
    sim.set_fault(TEXT, fault)
    job = start(engine)
    failed = engine.wait(job, "failed")
    assert failed["error"]["code"] == "PaymentUnknown"
    assert f"fell by {TEXT_PRICE} credits" in failed["error"]["what"]
    assert (failed["cost"], failed["retry_pays"], len(sent(sim, TEXT))) == (TEXT_PRICE, True, 1)
    engine.send("retry", job=job)  # the user has looked, and wants it once more
    engine.wait(job, "ready")
    assert paid(sim) == [TEXT_PRICE, TEXT_PRICE]


def test_a_submission_that_never_arrived_is_known_by_the_balance(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(TEXT, "http_500", acted=False)
    job = start(engine)
    failed = engine.wait(job, "failed")
    assert (failed["error"]["code"], failed["error"]["cost"]) == ("SubmissionLost", "Nothing was paid.")
    assert (paid(sim), len(sent(sim, TEXT))) == ([], 1)
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == [TEXT_PRICE]


def batch(engine: EngineProcess, count: int) -> list[str]:
    jobs = [
        {"job": str(uuid.uuid4()), "provider": "goneural", "request": {"prompt": f"chair {item}"}, "item": item}
        for item in range(count)
    ]
    record = {"id": str(uuid.uuid4()), "name": "chairs", "size": count, "concurrency": count}
    answer = engine.ask("submit_many", batch=record, jobs=jobs)
    assert answer["error"] is None, answer["error"]
    return [str(job["job"]) for job in jobs]


@pytest.mark.parametrize("status", [400, 403, 409, 429])
def test_a_batch_loses_nothing_where_one_task_is_let_in_at_a_time(
    sim: Simulator, engine: EngineProcess, status: int
) -> None:
    sim.configure(goneural_busy_status=status, job_seconds=3600)
    jobs = batch(engine, 5)
    refused = lambda: [request for request in sent(sim, TEXT) if request["status"] != 200] or None  # noqa: E731
    engine.until(refused, "a refusal")  # of the second one, however late that comes
    sim.configure(job_seconds=0.3)
    sim.finish_jobs()
    for job in jobs:
        assert engine.wait(job, "ready")["cost"] == TEXT_PRICE
    assert paid(sim) == [TEXT_PRICE] * 5
    # One was refused, whatever others were under way by then; the rest waited here.
    assert len([request for request in sent(sim, TEXT) if request["status"] != 200]) == 1
    assert facts(engine)["tasks at once"] == "one"


def test_a_prompt_and_an_image_may_be_under_way_at_once(sim: Simulator, engine: EngineProcess, image: str) -> None:
    sim.configure(job_seconds=3600)
    jobs = [start(engine)]
    engine.wait(jobs[0], "generating")  # which of two that come at once is first, their threads decide
    jobs += [start(engine), start(engine, images=[image])]
    engine.wait(jobs[2], "generating")
    # Where it was refused, it is first looked whether that was true.
    fits = lambda job: (job["state"], job["waits_for"]) == ("queued", "other_job")  # noqa: E731
    waiting = engine.until(lambda: next(filter(fits, [engine.jobs[jobs[1]]]), None), "a wait for the other")
    assert "one task at a time" in waiting["note"]
    sim.configure(job_seconds=0.0)
    sim.finish_jobs()
    engine.wait(jobs[0], "ready")
    engine.wait(jobs[1], "ready")
    assert sorted(paid(sim)) == [PRICE, TEXT_PRICE, TEXT_PRICE]


def test_somebody_elses_task_is_waited_for(sim: Simulator, tmp_path: Path) -> None:
    """Started by another engine, as on another computer: this one knows nothing of it."""
    sim.configure(job_seconds=3600)
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as other:
        other.wait(start(other), "generating")
        with EngineProcess(tmp_path, sim.api_url, sim.keys) as engine:
            job = start(engine)
            engine.until(lambda: engine.jobs.get(job, {}).get("note") or None, "a note")
            assert "already have a task" in engine.jobs[job]["note"]
            assert engine.jobs[job]["state"] in ("unknown", "queued"), "it is looked whether that was true"
            assert engine.jobs[job]["error"] is None
            assert engine.jobs[job]["waits_for"] == "other_job"
            # That says nothing of how quickly the service may be called.
            assert engine.ask("balance", provider="goneural")["balance"]["total"] == 1000 - TEXT_PRICE
    assert paid(sim) == [TEXT_PRICE]


@pytest.mark.parametrize(
    ("status", "said", "second"),
    [
        (400, "You already have a task of this kind in progress.", True),
        (409, "A generation is already running", True),
        (429, "Free accounts have a limit of 1 task.", True),
        (403, "Only one task at a time.", True),
        (400, "'prompt' is required.", False),
        (400, "This prompt is already in use.", False),
        (404, "The task is in progress.", False),
        (429, "Too many requests from this user.", False),
    ],
)
def test_a_second_task_is_known_by_its_words(status: int, said: str, second: bool) -> None:
    error = error_of("GoNeural", status, said, busy_for=None, asks_to_wait=False)
    error.http, error.answer = status, {"message": said}
    assert read.refuses_a_second(error) == second


def test_other_refusals_stay_refusals(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(TEXT, "http_400", message="This prompt is not allowed.")
    error = engine.wait(start(engine), "failed")["error"]
    assert error["code"] == "RequestRefused"
    assert error["cost"] == "The service refused the request, and the balance stands where it stood."
    assert error["what"].startswith("This prompt is not allowed.")


def test_its_life_is_told() -> None:
    assert "April 2025" in declaration("goneural").life

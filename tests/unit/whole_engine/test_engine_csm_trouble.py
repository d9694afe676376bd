"""Everything that can go wrong in CSM's stages: told in words, and each stage paid once."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.unit.whole_engine.test_engine_csm import (
    CREATE,
    PREVIEW,
    REFINE,
    SESSION,
    STAGES,
    URL,
    any_sim,
    engine,
    paid,
    picture,
    sim,
    start,
)

__all__ = ["any_sim", "engine", "picture", "sim"]

#: How an answer gets lost: with and without the request having arrived.
LOST = [
    ("reset_before", {}, False),
    ("reset_after", {}, True),
    ("http_500", {"acted": True}, True),
    ("not_json", {}, True),
]


@pytest.mark.parametrize("endpoint", [PREVIEW, REFINE])
@pytest.mark.parametrize(("fault", "params", "acted"), LOST, ids=lambda value: str(value))
def test_an_order_whose_answer_is_lost_is_looked_for_in_the_session(
    sim: Simulator, engine: EngineProcess, endpoint: str, fault: str, params: dict[str, Any], acted: bool
) -> None:
    sim.set_fault(endpoint=endpoint, fault=fault, **params)
    done = engine.wait(start(engine), "ready")
    assert paid(sim) == STAGES
    assert len(sim.requests(endpoint)) == (1 if acted else 2)
    assert [entry["operation"] for entry in done["spent"]] == ["session", "preview", "refine"]


@pytest.mark.parametrize(("status", "looks"), [("spin_generate_done", 2), ("a new word", 5)])
def test_an_order_that_shows_late_is_not_sent_again(
    sim: Simulator, engine: EngineProcess, status: str, looks: int
) -> None:
    """One look proves nothing, and a status that nobody knows proves nothing however often it is seen."""
    sim.set_fault(endpoint=PREVIEW, fault="reset_after")
    as_before = {"status": status, "spins": [URL]}
    sim.set_fault(endpoint=SESSION, fault="set_field", field="data", value=as_before, after=1, times=looks)
    engine.wait(start(engine), "ready")
    assert len(sim.requests(PREVIEW)) == 1
    assert paid(sim) == STAGES


@pytest.mark.parametrize(("fault", "params", "acted"), [*LOST, ("missing_field", {}, True)])
def test_a_creation_whose_answer_is_lost_is_never_sent_again_unasked(
    sim: Simulator, engine: EngineProcess, fault: str, params: dict[str, Any], acted: bool
) -> None:
    sim.set_fault(endpoint=CREATE, fault=fault, **params)
    job = start(engine)
    failed = engine.wait(job, "failed")
    error = failed["error"]
    assert (error["code"], "CSM cannot say whether the request arrived" in error["what"]) == ("PaymentUnknown", True)
    assert (failed["retry_pays"], failed["cost"]) == (True, None)
    assert [request["method"] for request in sim.requests(CREATE)] == ["POST", "GET"], "whether there is a list"
    assert paid(sim) == STAGES[:1] * acted
    engine.send("retry", job=job)  # the user asks for it
    engine.wait(job, "ready")
    assert paid(sim) == STAGES[:1] * acted + STAGES


@pytest.mark.parametrize("endpoint", [PREVIEW, REFINE])
def test_an_order_that_never_arrives(sim: Simulator, engine: EngineProcess, endpoint: str) -> None:
    sim.set_fault(endpoint=endpoint, fault="reset_before", times=None)
    job = start(engine)
    failed = engine.wait(job, "failed")
    assert failed["error"]["code"] == "SubmissionLost"
    assert not failed["retry_pays"]
    assert len(sim.requests(endpoint)) == 3
    sim.clear_faults()
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == STAGES


#: How a session looks before an order has shown in it.
BEFORE = {
    PREVIEW: {"status": "spin_generate_done", "spins": [URL]},
    REFINE: {"status": "preview_done", "preview_mesh_url_glb": URL},
}


@pytest.mark.parametrize("endpoint", [PREVIEW, REFINE])
@pytest.mark.parametrize("fault", ["hang", "hang_after"])
def test_killed_while_an_order_was_on_its_way(sim: Simulator, tmp_path: Path, endpoint: str, fault: str) -> None:
    """The session shows the order a little late: without a word of it in the journal it would be sent again."""
    sim.set_fault(endpoint=endpoint, fault=fault)
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = start(first)
    sim.wait_for_request(endpoint)
    first.until(lambda: first.jobs[job]["in_doubt"] or None, "the order")
    first.kill()
    sim.set_fault(endpoint=SESSION, fault="set_field", field="data", value=BEFORE[endpoint], times=2)
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        done = second.wait(job, "ready")
    assert paid(sim) == STAGES
    assert len(sim.requests(endpoint)) == (2 if fault == "hang" else 1)
    assert [entry["operation"] for entry in done["spent"]] == ["session", "preview", "refine"]


def test_killed_before_the_answer_to_the_creation(sim: Simulator, tmp_path: Path) -> None:
    sim.set_fault(endpoint=CREATE, fault="hang_after")
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = start(first)
    first.until(lambda: sim.ledger("csm") or None, "the service to charge it")
    first.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        assert second.wait(job, "failed")["error"]["code"] == "PaymentUnknown"
    assert paid(sim) == STAGES[:1]


@pytest.mark.parametrize("stage", [0, 1, 2])
def test_killed_while_a_stage_is_being_made(sim: Simulator, tmp_path: Path, stage: int) -> None:
    sim.configure(**{"matting_seconds" if stage == 0 else "job_seconds": 600.0})
    first = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = start(first)
    for done in range(1, stage + 1):
        first.until(lambda done=done: len(paid(sim)) > done or None, "the stage to begin")  # type: ignore[misc]
        if done < stage:
            sim.finish_jobs()
    first.until(lambda: first.jobs.get(job, {}).get("variants") or None, "the session")
    first.kill()
    sim.finish_jobs()
    sim.configure(matting_seconds=0.0, job_seconds=0.0)
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        second.wait(job, "ready")
    assert paid(sim) == STAGES


@pytest.mark.parametrize("endpoint", [CREATE, PREVIEW, REFINE])
@pytest.mark.parametrize("words", ["", "The subject was lost on the way."])
def test_a_stage_that_fails_at_the_service(sim: Simulator, engine: EngineProcess, endpoint: str, words: str) -> None:
    sim.set_fault(endpoint=endpoint, fault="generation_failed", **({"error": words} if words else {}))
    job = start(engine)
    failed = engine.wait(job, "failed")
    begun = paid(sim)
    assert begun == STAGES[: len(begun)]
    assert failed["error"]["code"] == "GenerationFailed"
    assert (words or "_failed") in failed["error"]["what"]
    assert "Retry is a new job and is paid again" in failed["error"]["cost"]
    assert failed["retry_pays"]
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == begun + STAGES


@pytest.mark.parametrize("generation", ["spins", "session"])
def test_a_session_that_fails_while_nobody_waits_for_an_order(
    sim: Simulator, engine: EngineProcess, generation: str
) -> None:
    sim.configure(csm_generation=generation)
    sim.set_fault(endpoint=CREATE, fault="generation_failed")
    failed = engine.wait(start(engine, options={"auto_gen_3d": True}), "failed")
    assert failed["error"]["code"] == "GenerationFailed"


#: (where, fault, its parameters): the job comes through all the same, each stage paid once.
PASSING = [
    (CREATE, "http_429", {"retry_after": 0, "own": True}),  # a gateway's would be no witness that it was not taken
    (PREVIEW, "http_429", {"retry_after": 0}),
    (REFINE, "http_503", {"retry_after": 0}),
    (SESSION, "http_404", {}),
    (SESSION, "unknown_code", {"times": 2}),
    (SESSION, "missing_field", {"times": 2}),
    (SESSION, "progress_garbage", {"times": 2}),
    (SESSION, "expired_url", {"times": 2}),
    (SESSION, "set_field", {"field": "data", "value": None}),
    ("file", "expired_url", {"times": 2}),
    ("file", "broken_glb", {"where": "header", "after": 1}),
]


@pytest.mark.parametrize(("endpoint", "fault", "params"), PASSING, ids=lambda value: str(value) if value else "")
def test_trouble_that_passes(
    sim: Simulator, engine: EngineProcess, endpoint: str, fault: str, params: dict[str, Any]
) -> None:
    sim.set_fault(endpoint=endpoint, fault=fault, **params)
    engine.wait(start(engine), "ready")
    assert paid(sim) == STAGES


def test_links_that_expired_while_nobody_looked(sim: Simulator, tmp_path: Path) -> None:
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as engine:
        sim.set_fault(endpoint="file", fault="http_503", times=None, match="mesh.glb")
        job = start(engine, size_mm=None)
        engine.wait(job, "failed")
    sim.clear_faults()
    sim.expire_urls()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as engine:
        engine.send("retry", job=job)
        engine.wait(job, "ready")
    assert paid(sim) == STAGES


@pytest.mark.parametrize(
    ("endpoint", "fault", "code", "words"),
    [
        (CREATE, "http_403", "RequestRefused", "refused"),
        (CREATE, "http_404", "RequestRefused", "HTTP 404"),
        (PREVIEW, "http_400", "RequestRefused", "refused"),
        (PREVIEW, "http_402", "NotEnoughPoints", "does not cover this"),
        (REFINE, "http_401", "KeyRejected", "key"),
        (REFINE, "http_404", "RequestRefused", "HTTP 404"),
    ],
)
def test_what_a_refusal_says(
    sim: Simulator, engine: EngineProcess, endpoint: str, fault: str, code: str, words: str
) -> None:
    sim.set_fault(endpoint=endpoint, fault=fault, message="It is Sunday.")
    job = start(engine)
    error = engine.wait(job, "failed")["error"]
    assert error["code"] == code
    assert words in error["what"]
    assert "It is Sunday." in error["what"]
    assert all(error[part] for part in ("what", "kept", "cost", "remedy"))
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == STAGES, "a refusal costs nothing, and what was paid before it stays"


def test_options_for_enterprise_accounts_on_another_account(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(csm_enterprise=False)
    job = start(engine, options={"topology": "quads", "texture_resolution": 512})
    error = engine.wait(job, "failed")["error"]
    assert error["code"] == "UnsupportedFeature"
    assert "topology and texture_resolution from enterprise accounts only" in error["what"]
    assert (paid(sim), error["cost"]) == ([], "The service refused the request, and no payment was seen.")
    engine.wait(start(engine), "ready")


def test_the_key_is_tried_for_nothing(sim: Simulator, engine: EngineProcess) -> None:
    answer = engine.ask("test_key", provider="csm")
    assert (answer["error"], answer["balance"]) == (None, None)
    engine.configure(sim.api_url, {**sim.keys, "csm": "not-the-key"})
    assert engine.ask("test_key", provider="csm")["error"]["code"] == "KeyRejected"
    assert paid(sim) == []
    assert "does not tell" in engine.ask("balance", provider="csm")["error"]["what"]


def test_the_key_is_nowhere(sim: Simulator, tmp_path: Path, picture: str) -> None:
    key = sim.keys["csm"]
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as engine:
        sim.set_fault(endpoint=PREVIEW, fault="http_400", message=f"{key} is not allowed to do this.")
        job = start(engine, picture)
        assert "*** is not allowed" in engine.wait(job, "failed")["error"]["what"]
        engine.send("retry", job=job)
        engine.wait(job, "ready")
        told = json.dumps(engine.events)
    assert key not in told
    written = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(written) > 3
    assert not [path for path in written if key.encode() in path.read_bytes()]
    assert not any(request["has_token"] for request in sim.requests() if request["host"] == "file")
    assert b"base64" not in (tmp_path / "journal.sqlite3").read_bytes()

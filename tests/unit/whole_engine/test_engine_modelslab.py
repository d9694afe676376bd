"""ModelsLab's jobs on its stand-in: the wire, answers at once and later, both places of a file; nothing paid twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import InvalidInput, UnsupportedFeature
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.protocol import check
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.one_engine import engine, sent
from tests.support.simulator_client import Caller, picture

__all__ = ["engine"]

CREATE, FETCH, FILE = "modelslab/create", "modelslab/fetch", "file"
IMAGE = "https://images.example/a%20mug.png"
PRICE = 12
UNSEEN = "The service refused the request, and no payment was seen."


@pytest.fixture
def sim(service: Caller) -> Simulator:
    return service.sim


def start(engine: EngineProcess, **request: Any) -> str:
    return engine.submit(
        request.pop("prompt", ""), **{"provider": "modelslab", "images": [IMAGE], "format": "OBJ", **request}
    )


def paid(sim: Simulator) -> list[int]:
    return [entry["points"] for entry in sim.ledger("modelslab")]


def fetched(sim: Simulator) -> list[dict[str, Any]]:
    """Less the question which API the key is for."""
    return [request for request in sent(sim, FETCH) if not request["path"].endswith("/0")]


def test_a_web_address_becomes_a_model(sim: Simulator, engine: EngineProcess) -> None:
    job = start(engine)
    done = engine.wait(job, "ready")
    assert engine.states(job) == ["queued", "submitting", "generating", "downloading", "preparing_model", "ready"]
    body = sent(sim, CREATE)[0]["body"]
    assert body == {"key": "***", "image": IMAGE, "init_image": IMAGE, "webhook": None, "track_id": job}
    assert Path(done["variants"][0]["model"]).suffix == ".obj"
    assert b"\nf " in Path(done["variants"][0]["model"]).read_bytes()
    assert done["service"]["track_id"] == job
    # No price is documented and none is told: it is paid for all the same, and says so.
    assert (done["cost"], done["spent"], paid(sim)) == (
        None,
        [{"operation": "image", "points": None, "estimated": True}],
        [PRICE],
    )
    assert not any(request["has_token"] for request in sim.requests() if request["host"] == FILE)


def test_every_option_is_sent(sim: Simulator, engine: EngineProcess) -> None:
    options = {"foreground_ratio": 1.0, "remove_bg": True, "resolution": 512, "chunk_size": 12000}
    done = engine.wait(start(engine, options=options), "ready")
    assert sent(sim, CREATE)[0]["body"].items() >= options.items()
    assert done["variants"][0]["details"]["seed"]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"options": {"seed": 7}}, "does not know seed"),
        ({"options": {"seed": 7, "resolution": 300, "mesh_simplify": 0.95}}, "does not know seed and mesh_simplify"),
        ({"options": {"render": True}}, "does not know render"),
        ({"format": "STL"}, "makes no STL"),
    ],
    ids=str,
)
def test_what_a_server_of_2024_does_not_know_is_refused_for_free(
    sim: Simulator, engine: EngineProcess, asked: dict[str, Any], words: str
) -> None:
    error = engine.wait(start(engine, **asked), "failed")["error"]
    assert (error["code"], error["cost"], paid(sim)) == ("UnsupportedFeature", "Nothing was paid.", [])
    assert words in error["what"]
    assert sent(sim, CREATE) == []


def test_that_a_server_of_2024_chooses_the_format_is_told(sim: Simulator, engine: EngineProcess) -> None:
    done = engine.wait(start(engine, format="GLB", options={"negative_prompt": "arms", "seed": 0}), "ready")
    assert (done["service"]["output_format"], done["variants"][0]["format"]) == ("this server's own choice", "OBJ")


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        ({"options": {"resolution": 513}}, InvalidInput, "0 to 512"),
        ({"options": {"resolution": -1}}, InvalidInput, "0 to 512"),
        ({"options": {"chunk_size": 12001}}, InvalidInput, "1 to 12000"),
        ({"options": {"foreground_ratio": 1.1}}, InvalidInput, "0.01 to 1"),
        ({"options": {"foreground_ratio": 0.0}}, InvalidInput, "0.01 to 1"),
        ({"options": {"remove_bg": 1}}, InvalidInput, "True or False"),
        ({"options": {"webhook": "https://a.example"}}, UnsupportedFeature, "no option 'webhook'"),
        ({"prompt": "a mug"}, InvalidInput, "one of them"),
        ({"images": []}, InvalidInput, "not none"),
        ({"images": [IMAGE, IMAGE]}, UnsupportedFeature, "one image at a time"),
        ({"pbr": True}, UnsupportedFeature, "no switch for PBR"),
        ({"format": "FBX"}, UnsupportedFeature, "delivers GLB, OBJ, STL"),
    ],
    ids=str,
)
def test_what_it_cannot_do_is_refused_with_the_reason(
    request_: dict[str, Any], error: type[InvalidInput], words: str
) -> None:
    with pytest.raises(error) as refusal:
        check("modelslab", Request.from_dict({"images": [IMAGE], "format": "OBJ", **request_}))
    assert words in str(refusal.value)


def test_a_file_is_tried_at_no_cost_and_uploaded_nowhere(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    path = tmp_path / "mug.png"
    path.write_bytes(picture(kind="PNG"))
    error = engine.wait(start(engine, images=[str(path)]), "failed")["error"]
    assert (error["code"], error["cost"], paid(sim)) == ("UnsupportedFeature", UNSEEN, [])
    assert "must be a valid URL" in error["what"]
    assert "public host" in error["what"]
    assert "web address" in error["remedy"]
    assert {request["endpoint"] for request in sim.requests()} <= {CREATE, FETCH, "/api/v6/3d/fetch/0"}


def test_a_prompt_is_refused_before_anything_is_sent_that_may_cost(sim: Simulator, engine: EngineProcess) -> None:
    error = engine.wait(start(engine, images=[], prompt="a mug"), "failed")["error"]
    assert (error["code"], error["cost"], paid(sim)) == ("UnsupportedFeature", "Nothing was paid.", [])
    assert "enterprise" in error["what"]
    assert not [request for request in sim.requests() if "fetch" not in request["path"]]


def test_a_result_at_once_needs_no_id_and_no_question(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(modelslab_at_once=True)
    engine.wait(start(engine), "ready")
    assert (paid(sim), fetched(sim)) == ([PRICE], [])


@pytest.mark.parametrize(
    ("at_once", "fault"),
    [(True, "http_404"), (False, "expired_url"), (False, "truncated_body"), (True, "html_instead")],
)
def test_the_second_place_of_the_file(sim: Simulator, engine: EngineProcess, at_once: bool, fault: str) -> None:
    sim.configure(modelslab_at_once=at_once)
    sim.set_fault(FILE, fault, times=None, match="/generations/")
    engine.wait(start(engine), "ready")
    places = [request["path"].split("/")[-2] for request in sent(sim, FILE)]
    assert (places[0], places[-1], paid(sim)) == ("generations", "proxy", [PRICE])


def test_both_places_are_tried_again_where_nobody_can_be_asked_for_others(
    sim: Simulator, engine: EngineProcess
) -> None:
    sim.configure(modelslab_at_once=True)
    sim.set_fault(FILE, "http_404", times=None)
    job = start(engine)
    assert engine.wait(job, "failed")["error"]["code"] == "LinkExpired"
    sim.clear_faults()
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert (paid(sim), fetched(sim)) == ([PRICE], [])


def test_the_eta_is_the_estimate(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=1.0)  # a job of unknown length would be looked at every few seconds only
    done = engine.wait(start(engine), "ready")
    assert done["seconds"]["generating"] < 5
    for fault in ("progress_garbage", "progress_stall"):
        sim.set_fault(FETCH, fault, times=1)
    engine.wait(start(engine), "ready", seconds=40)


def test_the_file_is_what_its_bytes_say(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(modelslab_format="glb")
    done = engine.wait(start(engine), "ready")
    assert done["variants"][0]["format"] == "GLB"
    assert Path(done["variants"][0]["model"]).read_bytes().startswith(b"glTF")


def test_the_key_goes_to_no_address_out_of_an_answer(sim: Simulator, engine: EngineProcess) -> None:
    elsewhere = f"{sim.files_url}/api/v1/enterprise/3d/fetch/1001"
    sim.set_fault(CREATE, "set_field", field="fetch_result", value=elsewhere)
    engine.wait(start(engine), "ready")
    assert not [request for request in sim.requests() if "fetch" in request["path"] and request["host"] == FILE]
    assert fetched(sim)


def test_an_id_that_only_the_address_of_the_answer_names(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(CREATE, "set_field", field="id", value=None)
    engine.wait(start(engine), "ready")
    assert (paid(sim), bool(fetched(sim))) == ([PRICE], True)


@pytest.mark.parametrize("http", [False, True])
@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("Invalid API Key.", "KeyRejected"),
        ("Rate limit exceeded", "ServiceBusy"),
        ("You have no credits left", "NotEnoughPoints"),
        ({"init_image": ["The init image field is required."]}, "RequestRefused"),
    ],
    ids=str,
)
def test_a_refusal_is_known_by_its_words(
    sim: Simulator, engine: EngineProcess, message: object, code: str, http: bool
) -> None:
    """Nothing says which HTTP status a refusal has: 200 as it is known of the service, or one of its own."""
    statuses = {"KeyRejected": 401, "ServiceBusy": 429, "NotEnoughPoints": 402, "RequestRefused": 400}
    if http:
        params = {"retry_after": 0} if code == "ServiceBusy" else {"message": str(message)}
        sim.set_fault(CREATE, f"http_{statuses[code]}", times=None, **params)
    else:
        engine.ask("test_key", provider="modelslab")  # which API it is stays known, whatever the key
        sim.set_fault(CREATE, "set_field", field="message", value=message, times=None)
        engine.configure(sim.api_url, "not-the-key")  # refused before anything is charged
    error = engine.wait(start(engine), "failed")["error"]
    assert (error["code"], paid(sim)) == (code, [])
    assert error["cost"] == ("Nothing was paid." if code == "KeyRejected" and not http else UNSEEN)
    assert error["remedy"]
    if not http:
        assert (message if isinstance(message, str) else "init image field is required") in error["what"]


@pytest.mark.parametrize("at_once", [True, False])
def test_a_model_that_fails(sim: Simulator, engine: EngineProcess, at_once: bool) -> None:
    sim.configure(modelslab_at_once=at_once)
    sim.set_fault(CREATE, "generation_failed", message="The subject was not found.")
    job = start(engine)
    failed = engine.wait(job, "failed")
    assert failed["error"]["code"] == "GenerationFailed"
    assert "The subject was not found." in failed["error"]["what"]
    assert "paid again" in failed["error"]["cost"]
    assert (failed["retry_pays"], paid(sim)) == (True, [PRICE])
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == [PRICE, PRICE]


@pytest.mark.parametrize("http", [False, True])
def test_an_error_about_a_job_that_is_paid_is_asked_about_again(
    sim: Simulator, engine: EngineProcess, http: bool
) -> None:
    sim.configure(modelslab_http_errors=http)
    engine.ask("test_key", provider="modelslab")
    sim.set_fault(FETCH, "set_field", field="status", value="error", times=2)
    sim.set_fault(FETCH, "set_field", field="id", value=None, times=1)
    engine.wait(start(engine), "ready")
    assert paid(sim) == [PRICE]


@pytest.mark.parametrize(
    ("fault", "params", "code", "words"),
    [
        ("unknown_code", {}, "UnexpectedAnswer", "unknown status 7"),
        ("http_404", {"message": "No request with the ID 1001."}, "JobNotFound", "does not know this job"),
        ("http_401", {}, "KeyRejected", "key"),
        ("http_500", {}, "ServiceDown", "500"),
        ("not_json", {}, "UnexpectedAnswer", "not JSON"),
    ],
    ids=str,
)
def test_answers_about_a_job_that_nobody_understands(
    sim: Simulator, engine: EngineProcess, fault: str, params: dict[str, Any], code: str, words: str
) -> None:
    engine.ask("test_key", provider="modelslab")  # which API it is has to be known
    sim.set_fault(FETCH, fault, times=None, **params)
    job = start(engine)
    error = engine.wait(job, "failed")["error"]
    assert (error["code"], words in error["what"]) == (code, True), error
    assert "does not pay it again" in error["cost"]
    sim.clear_faults()
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == [PRICE]


def test_a_model_of_which_only_the_second_place_is_named(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(FETCH, "set_field", field="output", value=[], times=None)
    engine.wait(start(engine), "ready")
    assert [request["path"].split("/")[-2] for request in sent(sim, FILE)] == ["proxy"]


@pytest.mark.parametrize("fault", ["reset_after", "http_502", "not_json"])
def test_a_lost_answer_is_never_sent_again_unasked(sim: Simulator, engine: EngineProcess, fault: str) -> None:
    sim.set_fault(CREATE, fault, **({"acted": True} if fault == "http_502" else {}))
    job = start(engine)
    failed = engine.wait(job, "failed")
    assert failed["error"]["code"] == "PaymentUnknown"
    assert job in failed["error"]["remedy"]  # the track_id
    assert (failed["retry_pays"], len(sent(sim, CREATE)), paid(sim)) == (True, 1, [PRICE])
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == [PRICE, PRICE]


def test_an_accepted_job_with_a_status_that_nobody_knows_goes_on(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(CREATE, "unknown_code")
    engine.wait(start(engine), "ready")
    assert paid(sim) == [PRICE]


def test_killed_and_started_again_it_goes_on_for_one_payment(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(job_seconds=3600)
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as first:
        job = start(first)
        first.wait(job, "generating")
        first.kill()
    sim.finish_jobs()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        second.wait(job, "ready")
    assert paid(sim) == [PRICE]


def test_killed_while_the_answer_was_on_its_way(sim: Simulator, tmp_path: Path) -> None:
    sim.set_fault(CREATE, "hang_after")
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as first:
        job = start(first)
        first.wait(job, "submitting")
        first.until(lambda: paid(sim) or None, "the payment")
        first.kill()
    sim.clear_faults()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        error = second.wait(job, "failed")["error"]
    assert (error["code"], job in error["remedy"], paid(sim)) == ("PaymentUnknown", True, [PRICE])


@pytest.mark.parametrize("http", [False, True])
def test_the_key_is_tested_for_nothing(sim: Simulator, engine: EngineProcess, http: bool) -> None:
    sim.configure(modelslab_http_errors=http)
    answer = engine.ask("test_key", provider="modelslab")
    assert (answer["error"], answer["balance"]) == (None, None)
    engine.configure(sim.api_url, "not-the-key")
    assert engine.ask("test_key", provider="modelslab")["error"]["code"] == "KeyRejected"
    engine.configure(sim.files_url, sim.keys)  # some web server, which is no ModelsLab
    assert engine.ask("test_key", provider="modelslab")["error"]["code"] in ("RequestRefused", "UnexpectedAnswer")
    engine.configure(sim.api_url, sim.keys)
    sim.set_fault(FETCH, "set_field", field="message", value="Under maintenance", times=None)
    assert "Under maintenance" in engine.ask("test_key", provider="modelslab")["error"]["what"]
    assert sim.ledger() == []


def test_the_key_is_nowhere(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    """The service even repeats it."""
    key = sim.keys["modelslab"]
    sim.set_fault(CREATE, "http_400", message=f"Bad body: key={key}")
    failed = engine.wait(start(engine), "failed")
    assert "key=***" in failed["error"]["what"]
    sim.set_fault(CREATE, "set_field", field="track_id", value=key)
    sim.set_fault(FETCH, "set_field", field="warning", value=f"for {key}", times=None)
    engine.wait(start(engine), "ready")
    assert key not in json.dumps(engine.events)
    engine.close()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]

"""GoNeural's jobs on its stand-in: what goes over the wire, what comes back, what it cost; nothing paid twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import InvalidInput, UnsupportedFeature
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.protocol import Feature, check, lacks
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.one_engine import engine, image
from tests.support.other_services import ASSET
from tests.support.simulator_client import Caller

__all__ = ["engine", "image"]

CREATE, TASK, FILE = "goneural/create", "goneural/task", "file"
PRICE = 30
UNSEEN = "The service refused the request, and no payment was seen."


@pytest.fixture
def sim(service: Caller) -> Simulator:
    return service.sim


def start(engine: EngineProcess, image: str = "", **request: Any) -> str:
    images = [image] if image else []
    return engine.submit(request.pop("prompt", ""), provider="goneural", images=images, **request)


def paid(sim: Simulator) -> list[int]:
    return [entry["points"] for entry in sim.ledger("goneural")]


def asked_for_balance(sim: Simulator) -> list[dict[str, Any]]:
    return [request for request in sim.requests() if request["path"] == "/v1/billing"]


def created(sim: Simulator) -> list[dict[str, Any]]:
    return [request for request in sim.requests() if request["endpoint"] == CREATE]


def test_an_image_becomes_a_model_and_the_task_tells_its_price(
    sim: Simulator, engine: EngineProcess, image: str
) -> None:
    job = start(engine, image)
    done = engine.wait(job, "ready")
    assert engine.states(job) == ["queued", "submitting", "generating", "downloading", "preparing_model", "ready"]
    assert (done["cost"], done["cost_estimated"], paid(sim)) == (PRICE, False, [PRICE])
    assert Path(done["variants"][0]["model"]).read_bytes().startswith(b"glTF")
    assert done["service"]["type"] == "premium-image-to-3d"
    assert done["variants"][0]["details"]["assetId"]
    told = engine.until(lambda: [e for e in engine.events if e["event"] == "prices" and e["prices"]] or None, "prices")
    assert told[-1]["prices"] == {"goneural:image, PBR": PRICE}
    assert not any(request["has_token"] for request in sim.requests() if request["host"] == FILE)


def test_a_form_carries_the_image_and_the_options(sim: Simulator, engine: EngineProcess, image: str) -> None:
    options = {"seed": 7, "faceLimit": 3000, "version": "premium-v1"}
    done = engine.wait(start(engine, image, options=options, pbr=False), "ready")
    body = created(sim)[0]["body"]
    assert {name: body[name] for name in ("seed", "faceLimit", "version", "pbr")} == {
        "seed": "7",
        "faceLimit": "3000",
        "version": "premium-v1",
        "pbr": "false",
    }
    assert "image" in body
    assert "asset_id" not in body
    assert done["variants"][0]["details"]["seed"] == "7"


def test_what_the_service_is_to_decide_is_not_sent(sim: Simulator, engine: EngineProcess, image: str) -> None:
    engine.wait(start(engine, image, options={"seed": -1, "faceLimit": 0}), "ready")
    body = created(sim)[0]["body"]
    assert body.keys() & {"seed", "faceLimit"} == set()
    assert body["pbr"] == "true"


def test_an_asset_takes_the_place_of_the_image(sim: Simulator, engine: EngineProcess) -> None:
    engine.wait(start(engine, options={"asset_id": ASSET, "seed": 3}), "ready")
    assert created(sim)[0]["body"] == {"asset_id": ASSET, "version": "premium-v1", "pbr": True, "seed": 3}
    assert paid(sim) == [PRICE]


def test_an_asset_that_is_not_there(sim: Simulator, engine: EngineProcess) -> None:
    error = engine.wait(start(engine, options={"asset_id": ASSET.replace("b", "c")}), "failed")["error"]
    assert (error["code"], paid(sim)) == ("RequestRefused", [])
    assert "does not know the asset" in error["what"]
    assert "Copy the id" in error["remedy"]
    assert error["cost"] == "The service refused the request, and no payment was seen."


def test_a_prompt_at_a_server_that_takes_none(sim: Simulator, engine: EngineProcess) -> None:
    error = engine.wait(start(engine, prompt="a chair"), "failed")["error"]
    assert (error["code"], error["cost"], paid(sim)) == ("UnsupportedFeature", UNSEEN, [])
    assert "makes no models from a prompt" in error["what"]
    facts = next(e["facts"] for e in reversed(engine.events) if e["event"] == "server")
    assert "from a prompt" in lacks("goneural", Feature.TEXT, facts)
    assert not lacks("goneural", Feature.TEXT, {})


def test_a_balance_that_is_not_told_is_asked_for_once(sim: Simulator, engine: EngineProcess, image: str) -> None:
    for _ in range(2):
        engine.wait(start(engine, image), "ready")
    engine.ask("balance", provider="goneural")
    assert len(asked_for_balance(sim)) == 1
    engine.ask("test_key", provider="goneural")
    assert len(asked_for_balance(sim)) == 2


@pytest.mark.parametrize(
    ("request_", "error", "words"),
    [
        ({"options": {"seed": -2}}, InvalidInput, "-1 to 2147483647"),
        ({"options": {"seed": 1.5}}, InvalidInput, "seed"),
        ({"options": {"faceLimit": -1}}, InvalidInput, "0 to 2147483647"),
        ({"options": {"version": "premium-v2"}}, InvalidInput, "premium-v1"),
        ({"options": {"asset_id": ASSET}}, InvalidInput, "one of them"),
        ({"images": [], "options": {"asset_id": "a chair"}}, InvalidInput, "UUID"),
        ({"images": []}, InvalidInput, "asset_id"),
        ({"prompt": "a chair"}, InvalidInput, "one of them"),
        ({"images": ["https://example.com/a.png"]}, UnsupportedFeature, "web addresses"),
        ({"variants": 2}, UnsupportedFeature, "one model a job"),
        ({"format": "OBJ"}, UnsupportedFeature, "GLB"),
        ({"choose_cutout": True}, UnsupportedFeature, "no pictures to choose from"),
        ({"options": {"style": "x"}}, UnsupportedFeature, "asset_id, negativePrompt, seed"),
    ],
    ids=str,
)
def test_what_it_cannot_do_is_refused_with_the_reason(
    image: str, request_: dict[str, Any], error: type[InvalidInput], words: str
) -> None:
    with pytest.raises(error) as refusal:
        check("goneural", Request.from_dict({"images": [image], **request_}))
    assert words in str(refusal.value)


def test_a_cap_waits_until_a_price_is_known(sim: Simulator, engine: EngineProcess, image: str) -> None:
    error = engine.wait(start(engine, image, max_points=100), "failed")["error"]
    assert (error["code"], paid(sim)) == ("InvalidInput", [])
    assert "documents no price" in error["what"]
    engine.wait(start(engine, image), "ready")
    assert engine.wait(start(engine, image, max_points=100), "ready")["cost"] == PRICE
    error = engine.wait(start(engine, image, max_points=PRICE - 1), "failed")["error"]
    assert (error["code"], paid(sim)) == ("CapReached", [PRICE, PRICE])


@pytest.mark.parametrize("refunds", [True, False])
def test_a_task_that_fails_says_what_it_cost(sim: Simulator, engine: EngineProcess, image: str, refunds: bool) -> None:
    sim.configure(goneural_refunds=refunds)
    sim.set_fault(CREATE, "generation_failed")
    job = start(engine, image)
    failed = engine.wait(job, "failed")
    cost = sum(paid(sim))
    assert cost == (0 if refunds else PRICE)
    assert (failed["cost"], failed["cost_estimated"]) == (cost, False)
    assert failed["retry_pays"] == (not refunds)
    assert failed["error"]["code"] == "GenerationFailed"
    assert ("given the credits back" in failed["error"]["what"]) == refunds
    assert failed["error"]["cost"].startswith("Nothing was paid." if refunds else f"{PRICE} credits were paid")
    engine.send("retry", job=job)
    assert engine.wait(job, "ready")["cost"] == cost + PRICE


LOST = ["reset_after", "http_500", "not_json", "missing_field"]


@pytest.mark.parametrize("fault", LOST)
def test_a_lost_answer_is_never_sent_again_unasked(
    sim: Simulator, engine: EngineProcess, image: str, fault: str
) -> None:
    sim.set_fault(CREATE, fault, **({"acted": True} if fault == "http_500" else {}))
    job = start(engine, image)
    failed = engine.wait(job, "failed")
    assert failed["error"]["code"] == "PaymentUnknown"
    assert "unknown" in engine.states(job)
    assert (failed["retry_pays"], len(created(sim)), paid(sim)) == (True, 1, [PRICE])
    engine.send("retry", job=job)  # the user has looked, and wants it once more
    engine.wait(job, "ready")
    assert paid(sim) == [PRICE, PRICE]


@pytest.mark.parametrize(
    ("endpoint", "fault", "params"),
    [
        (CREATE, "http_429", {"retry_after": 0, "message": "Too many requests"}),
        (TASK, "http_500", {"times": 2}),
        (TASK, "unknown_code", {}),
        (TASK, "http_404", {}),
        (TASK, "expired_url", {}),
        (FILE, "expired_url", {}),
    ],
    ids=str,
)
def test_trouble_that_passes(
    sim: Simulator, engine: EngineProcess, image: str, endpoint: str, fault: str, params: dict[str, Any]
) -> None:
    sim.set_fault(endpoint, fault, **params)
    engine.wait(start(engine, image), "ready")
    assert paid(sim) == [PRICE]


@pytest.mark.parametrize(
    ("endpoint", "fault", "code", "points", "words"),
    [
        (CREATE, "http_400", "RequestRefused", [], "refused"),
        (CREATE, "http_401", "KeyRejected", [], "key"),
        (CREATE, "http_402", "NotEnoughPoints", [], "402"),
        (
            CREATE,
            "http_429",
            "ServiceBusy",
            [],
            "slow down",
        ),  # no word of its own, and no balance: a gateway may say it
        (TASK, "unknown_code", "UnexpectedAnswer", [PRICE], "unknown status 7"),
        (TASK, "http_404", "JobNotFound", [PRICE], "does not know this task"),
        (TASK, "missing_field", "UnexpectedAnswer", [PRICE], "unknown status None"),
        (TASK, "set_field", "UnexpectedAnswer", [PRICE], "names no model"),
    ],
    ids=str,
)
def test_trouble_that_stays(
    sim: Simulator,
    engine: EngineProcess,
    image: str,
    endpoint: str,
    fault: str,
    code: str,
    points: list[int],
    words: str,
) -> None:
    params: dict[str, Any] = {"field": "output", "value": {"glb": None}} if fault == "set_field" else {}
    params |= {"retry_after": 0} if fault == "http_429" else {}
    sim.set_fault(endpoint, fault, times=None, **params)
    job = start(engine, image)
    error = engine.wait(job, "failed")["error"]
    assert (error["code"], paid(sim)) == (code, points)
    assert words in error["what"]
    assert error["remedy"]
    sim.clear_faults()
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == [PRICE]


def test_a_model_under_another_name_is_taken(sim: Simulator, engine: EngineProcess, image: str) -> None:
    """Only output.glb is documented; whatever else stands there is better than nothing."""
    sim.configure(job_seconds=3600)
    job = start(engine, image)
    engine.wait(job, "generating")
    task = engine.jobs[job]["variants"][0]["uuid"]
    sim.finish_jobs()
    url = sim.files_url + f"/tasks/{task}/model.glb"
    sim.set_fault(TASK, "set_field", field="output", value={"model": url}, times=None)
    done = engine.wait(job, "failed", "ready", seconds=30)
    # The address is not signed, so it is asked for; that it was taken is all there is to see.
    assert any(url.endswith(request["path"]) for request in sim.requests() if request["host"] == FILE), done["error"]


def test_killed_while_it_generates_it_goes_on_for_one_payment(sim: Simulator, tmp_path: Path, image: str) -> None:
    sim.configure(job_seconds=3600, queue_seconds=3600)
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as first:
        job = start(first, image)
        first.until(lambda: first.jobs[job]["progress_estimated"] or None, "an estimate, for want of better")
        first.kill()
    sim.finish_jobs()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        assert second.wait(job, "ready")["cost"] == PRICE
    assert paid(sim) == [PRICE]


def test_killed_while_the_answer_was_on_its_way(sim: Simulator, tmp_path: Path, image: str) -> None:
    sim.set_fault(CREATE, "hang_after")
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as first:
        job = start(first, image)
        first.wait(job, "submitting")
        first.until(lambda: paid(sim) or None, "the payment")
        first.kill()
    sim.clear_faults()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        assert second.wait(job, "failed")["error"]["code"] == "PaymentUnknown"
    assert paid(sim) == [PRICE]


def test_the_key_is_tested_for_nothing(sim: Simulator, tmp_path: Path) -> None:
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as engine:
        answer = engine.ask("test_key", provider="goneural")
        assert (answer["error"], answer["balance"]) == (None, None)
        error = engine.ask("balance", provider="goneural")["error"]
        assert (error["code"], "does not tell" in error["what"]) == ("RequestRefused", True)
        engine.configure(sim.api_url, "not-the-key")
        assert engine.ask("test_key", provider="goneural")["error"]["code"] == "KeyRejected"
        engine.configure(sim.files_url, sim.keys)  # some web server, which is no GoNeural
        assert engine.ask("test_key", provider="goneural")["error"]["code"] == "RequestRefused"
    assert sim.ledger() == []


def test_the_key_is_nowhere(sim: Simulator, engine: EngineProcess, image: str, tmp_path: Path) -> None:
    """The service even repeats it."""
    key = sim.keys["goneural"]
    sim.set_fault(CREATE, "http_400", message=f"Bad token {key}")
    failed = engine.wait(start(engine, image), "failed")
    assert "Bad token ***" in failed["error"]["what"]
    sim.set_fault(TASK, "set_field", field="type", value=f"Bearer {key}", times=None)
    sim.set_fault(CREATE, "set_field", field="type", value=f"Bearer {key}")
    engine.wait(start(engine, image), "ready")
    assert key not in json.dumps(engine.events)
    engine.close()
    assert not [path for path in tmp_path.rglob("*") if path.is_file() and key.encode() in path.read_bytes()]

"""ModelsLab as it is today: both kinds of key, prompts, files in the request, formats, refusals; nothing paid twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.errors import InvalidInput, UnexpectedAnswer
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.protocol import Feature, check, declaration, lacks
from neural4d_blender.engine.services.modelslab import responses as read
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.one_engine import engine, facts, image, sent
from tests.support.others_today import fits
from tests.support.simulator_client import Caller

__all__ = ["engine", "image"]

CREATE, FETCH, FILE = "modelslab/create", "modelslab/fetch", "file"
V6_CREATE, V6_TEXT, V6_FETCH = "modelslab/v6/create", "modelslab/v6/text", "modelslab/v6/fetch"
IMAGE = "https://images.example/a%20mug.png"
PRICE, TEXT_PRICE = 12, 15
UNSEEN = "The service refused the request, and no payment was seen."
ALWAYS = {"key": "***", "webhook": None}
HEADS = {"GLB": b"glTF", "OBJ": b"\nf "}


@pytest.fixture
def sim(service: Caller) -> Simulator:
    service.sim.configure(generations={"modelslab": "today"})
    return service.sim


def start(engine: EngineProcess, prompt: str = "", **request: Any) -> str:
    images = [] if prompt else [IMAGE]
    return engine.submit(prompt, **{"provider": "modelslab", "images": images, **request})


def paid(sim: Simulator) -> list[int]:
    return [entry["points"] for entry in sim.ledger("modelslab")]


@pytest.mark.parametrize(("kind", "endpoint"), [("ordinary", V6_CREATE), ("enterprise", CREATE), ("both", V6_CREATE)])
def test_either_kind_of_key_works(sim: Simulator, engine: EngineProcess, kind: str, endpoint: str) -> None:
    sim.configure(modelslab_key_kind=kind)
    job = start(engine)
    done = engine.wait(job, "ready")
    body = sent(sim, endpoint)[0]["body"]
    assert body == {**ALWAYS, "image": IMAGE, "init_image": IMAGE, "output_format": "glb", "track_id": job}
    assert fits("modelslab", endpoint, "request", body)
    assert facts(engine)["generation"] == ("enterprise" if kind == "enterprise" else "v6")
    assert Path(done["variants"][0]["model"]).read_bytes().startswith(b"glTF")
    engine.wait(start(engine), "ready")
    probes = [request for request in sent(sim, FETCH, V6_FETCH) if request["path"].endswith("/0")]
    assert len(probes) == (2 if kind == "enterprise" else 1)  # found out once
    assert paid(sim) == [PRICE, PRICE]


@pytest.mark.parametrize("http", [False, True])
@pytest.mark.parametrize("kind", ["ordinary", "enterprise"])
def test_the_key_is_tested_for_nothing(sim: Simulator, engine: EngineProcess, kind: str, http: bool) -> None:
    sim.configure(modelslab_key_kind=kind, modelslab_http_errors=http)
    assert engine.ask("test_key", provider="modelslab")["error"] is None
    engine.configure(sim.api_url, "not-the-key")
    assert engine.ask("test_key", provider="modelslab")["error"]["code"] == "KeyRejected"
    assert (sent(sim, CREATE, V6_CREATE), sim.ledger()) == ([], [])


@pytest.mark.parametrize("kinds", [("ordinary", "enterprise"), ("enterprise", "ordinary")])
def test_another_kind_of_key_than_was_noted(sim: Simulator, engine: EngineProcess, kinds: tuple[str, str]) -> None:
    first, second = kinds
    sim.configure(modelslab_key_kind=first)
    engine.ask("test_key", provider="modelslab")
    sim.configure(modelslab_key_kind=second)
    engine.wait(start(engine), "ready")
    assert facts(engine)["generation"] == {"ordinary": "v6"}.get(second, second)
    assert paid(sim) == [PRICE]


def test_a_job_under_way_is_asked_about_with_another_kind_of_key(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(job_seconds=3600)
    job = start(engine)
    engine.wait(job, "generating")
    sim.configure(modelslab_key_kind="enterprise")
    sim.finish_jobs()
    engine.wait(job, "ready")
    assert (sent(sim, FETCH) != [], paid(sim)) == (True, [PRICE])


def test_a_prompt_becomes_a_model(sim: Simulator, engine: EngineProcess) -> None:
    options = {"negative_prompt": "arms", "guidance_scale": 4.5, "num_inference_steps": 40, "resolution": 300}
    job = start(engine, "a red chair", options=options)
    done = engine.wait(job, "ready")
    body = sent(sim, V6_TEXT)[0]["body"]
    assert body == {**ALWAYS, "prompt": "a red chair", "output_format": "glb", **options, "track_id": job}
    assert fits("modelslab", V6_TEXT, "request", body)
    assert done["spent"] == [{"operation": "text", "points": None, "estimated": True}]
    assert paid(sim) == [TEXT_PRICE]


def test_a_prompt_is_not_for_enterprise_keys(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(modelslab_key_kind="enterprise")
    error = engine.wait(start(engine, "a red chair"), "failed")["error"]
    assert (error["code"], error["cost"]) == ("UnsupportedFeature", "Nothing was paid.")
    assert error["what"] == lacks("modelslab", Feature.TEXT, facts(engine))
    assert (lacks("modelslab", Feature.TEXT, {}), paid(sim)) == ("", [])
    assert not [request for request in sim.requests() if not request["path"].endswith("/0")]


EVERY = {
    "seed": 7,
    "resolution": 128,
    "ss_guidance_strength": 8.0,
    "ss_sampling_steps": 20,
    "slat_guidance_strength": 4.0,
    "slat_sampling_steps": 21,
    "mesh_simplify": 0.95,
    "chunk_size": 12000,
    "render": True,
    "temp": "yes",
}


@pytest.mark.parametrize("kind", ["ordinary", "enterprise"])
def test_every_option_is_sent(sim: Simulator, engine: EngineProcess, kind: str) -> None:
    sim.configure(modelslab_key_kind=kind)
    done = engine.wait(start(engine, options={**EVERY, "negative_prompt": "arms", "guidance_scale": 9.0}), "ready")
    body = sent(sim, CREATE, V6_CREATE)[0]["body"]
    assert body.items() >= EVERY.items()
    assert body.keys().isdisjoint({"negative_prompt", "guidance_scale"})  # they are for prompts
    assert done["variants"][0]["details"]["seed"] == "7"


@pytest.mark.parametrize("options", [{"remove_bg": True}, {"foreground_ratio": 0.5}])
def test_what_ordinary_keys_lack_with_an_image_is_refused_for_free(
    sim: Simulator, engine: EngineProcess, options: dict[str, Any]
) -> None:
    error = engine.wait(start(engine, options=options), "failed")["error"]
    assert (error["code"], error["cost"], paid(sim)) == ("UnsupportedFeature", "Nothing was paid.", [])
    assert f"does not know {next(iter(options))}" in error["what"]
    sim.configure(modelslab_key_kind="enterprise")
    engine.ask("test_key", provider="modelslab")
    engine.wait(start(engine, options=options), "ready")
    assert sent(sim, CREATE)[0]["body"].items() >= options.items()


def test_what_the_service_decides_is_not_sent(sim: Simulator, engine: EngineProcess) -> None:
    defaults = {option.key: option.default for option in declaration("modelslab").options}
    for prompt in ("", "a red chair"):
        engine.wait(start(engine, prompt, options=defaults), "ready")
    for request in sent(sim, V6_CREATE, V6_TEXT):
        named = {"key", "webhook", "track_id", "output_format", "prompt", "image", "init_image"}
        assert request["body"].keys() <= named


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"resolution": 513}, "0 to 512"),
        ({"chunk_size": 12001}, "1 to 12000"),
        ({"ss_sampling_steps": 51}, "0 to 50"),
        ({"slat_sampling_steps": 51}, "0 to 50"),
        ({"slat_guidance_strength": 10.1}, "0.0 to 10.0"),
        ({"mesh_simplify": 0.89}, "0.9 to 0.98"),
        ({"mesh_simplify": 0.99}, "0.9 to 0.98"),
        ({"temp": "maybe"}, "no, yes"),
    ],
    ids=str,
)
def test_options_have_their_limits(options: dict[str, Any], words: str) -> None:
    with pytest.raises(InvalidInput) as refusal:
        check("modelslab", Request(images=[IMAGE], options=options))
    assert words in str(refusal.value)


@pytest.mark.parametrize("at_once", [True, False])
@pytest.mark.parametrize("kind", ["ordinary", "enterprise"])
@pytest.mark.parametrize("format", ["GLB", "OBJ", "STL"])
def test_the_format_is_ordered(sim: Simulator, engine: EngineProcess, kind: str, format: str, at_once: bool) -> None:
    sim.configure(modelslab_key_kind=kind, modelslab_at_once=at_once)
    done = engine.wait(start(engine, format=format), "ready")
    assert sent(sim, CREATE, V6_CREATE)[0]["body"]["output_format"] == format.lower()
    assert (done["native"], done["variants"][0]["format"]) == (format, format)
    assert HEADS.get(format, b"") in Path(done["variants"][0]["model"]).read_bytes()
    assert (paid(sim), sent(sim, FILE)[-1]["status"]) == ([PRICE], 200)


def test_an_answer_at_once_without_an_id_is_enough_in_any_format(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(modelslab_at_once=True)
    sim.set_fault(V6_CREATE, "set_field", field="id", value=None)
    engine.wait(start(engine, format="OBJ"), "ready")
    assert paid(sim) == [PRICE]


def test_a_file_in_another_format_is_not_to_be_had(sim: Simulator, engine: EngineProcess, tmp_path: Path) -> None:
    job = start(engine)
    engine.wait(job, "ready")
    for format in ("GLB", "STL"):
        engine.ask("save", job=job, variant=0, format=format, folder=str(tmp_path), size_mm=None)
    saves = engine.until(
        lambda: s if len(s := engine.jobs[job]["saves"]) == 2 and all(x["state"] in ("saved", "failed") for x in s)
        else None, "both files"
    )  # fmt: skip
    assert [save["state"] for save in saves] == ["saved", "failed"]
    assert "ordered in" in saves[1]["error"]["what"]
    assert paid(sim) == [PRICE]


def test_a_file_goes_in_the_request(sim: Simulator, engine: EngineProcess, image: str) -> None:
    sim.configure(modelslab_data_uri="taken")
    engine.wait(start(engine, images=[image]), "ready")
    body = sent(sim, V6_CREATE)[0]["body"]
    assert body["image"] == body["init_image"]
    assert body["image"].startswith("data:image/png;base64,")
    assert (paid(sim), lacks("modelslab", Feature.IMAGE, facts(engine))) == ([PRICE], "")


@pytest.mark.parametrize("http", [False, True])
def test_a_file_that_the_service_refuses(sim: Simulator, engine: EngineProcess, image: str, http: bool) -> None:
    sim.configure(modelslab_http_errors=http)
    error = engine.wait(start(engine, images=[image]), "failed")["error"]
    assert (error["code"], error["cost"]) == ("UnsupportedFeature", UNSEEN)
    assert error["what"].startswith("The image must be a URL.")
    assert error["remedy"] == "Give the web address of the image."
    assert "by its address" in lacks("modelslab", Feature.IMAGE, facts(engine))
    again = engine.wait(start(engine, images=[image]), "failed")["error"]
    assert (again["code"], len(sent(sim, V6_CREATE)), paid(sim)) == ("UnsupportedFeature", 1, [])
    engine.wait(start(engine), "ready")  # its web address is taken all the same
    engine.ask("test_key", provider="modelslab")
    assert lacks("modelslab", Feature.IMAGE, facts(engine)) == ""  # to be tried again


def test_a_refusal_of_something_else_says_nothing_of_files(sim: Simulator, engine: EngineProcess, image: str) -> None:
    sim.set_fault(V6_CREATE, "http_400", body={"status": "error", "message": "The image shows nudity."})
    error = engine.wait(start(engine, images=[image]), "failed")["error"]
    assert (error["code"], "data_uri" in facts(engine)) == ("RequestRefused", False)
    assert error["what"].startswith("The image shows nudity.")


@pytest.mark.parametrize("http", [False, True])
@pytest.mark.parametrize("endpoint", [V6_CREATE, V6_FETCH])
def test_a_rate_limit_is_waited_for(sim: Simulator, engine: EngineProcess, endpoint: str, http: bool) -> None:
    sim.configure(modelslab_http_errors=http)
    sim.set_fault(endpoint, "rate_limited", retry_after=0.3, times=2)
    job = start(engine)
    engine.wait(job, "ready")
    notes = [e["job"]["note"] for e in engine.events if e["event"] == "job"]
    assert any(note.startswith("Rate limit exceeded. ModelsLab asks to slow down") for note in notes)
    assert paid(sim) == [PRICE]


@pytest.mark.parametrize(
    "message", ["This feature requires a premium subscription", "Your API key has no premium plan"]
)
@pytest.mark.parametrize("status", [200, 403])
def test_an_account_without_a_subscription(sim: Simulator, engine: EngineProcess, message: str, status: int) -> None:
    fault = {"body": {"status": "error", "message": message}}
    if status == 403:
        sim.set_fault(V6_CREATE, "http_403", times=None, **fault)
    else:
        sim.configure(modelslab_premium=False)
        sim.set_fault(V6_CREATE, "set_field", field="message", value=message, times=None)
    error = engine.wait(start(engine), "failed")["error"]
    assert (error["code"], error["cost"], paid(sim)) == ("NotEnoughPoints", UNSEEN, [])
    assert error["what"].startswith(message)


@pytest.mark.parametrize(
    ("answer", "http", "code"),
    [
        ({"message": "Invalid API Key."}, 200, "KeyRejected"),
        ({"message": "No such thing."}, 401, "KeyRejected"),
        ({"message": "Forbidden"}, 403, "RequestRefused"),
        ({"message": "A monkey is not allowed"}, 400, "RequestRefused"),
        ({"message": "Please wait", "retry_after": 5}, 200, "ServiceBusy"),
        ({"messege": "Insufficient credits"}, 200, "NotEnoughPoints"),
        ({"message": {"image": ["The image field is required."]}}, 200, "RequestRefused"),
    ],
    ids=str,
)
def test_what_a_refusal_means(answer: dict[str, Any], http: int, code: str) -> None:
    error = read.refusal({"status": "error", **answer}, http)
    assert error.code == code
    assert not str(error).startswith("ModelsLab")  # the service's own sentence goes first


@pytest.mark.parametrize("fault", ["reset_after", "not_json", "empty_body"])
def test_a_lost_answer_is_never_sent_again_unasked(sim: Simulator, engine: EngineProcess, fault: str) -> None:
    sim.set_fault(V6_TEXT, fault)
    job = start(engine, "a red chair")
    failed = engine.wait(job, "failed")
    assert (failed["error"]["code"], job in failed["error"]["remedy"]) == ("PaymentUnknown", True)
    assert (failed["retry_pays"], len(sent(sim, V6_TEXT)), paid(sim)) == (True, 1, [TEXT_PRICE])


@pytest.mark.parametrize("fault", ["reset_before", "http_500", "not_json"])
def test_a_question_about_the_key_that_is_not_answered_pays_nothing(
    sim: Simulator, engine: EngineProcess, fault: str
) -> None:
    """It is asked before anything is in doubt."""
    sim.set_fault(V6_FETCH, fault, times=2)
    job = start(engine)
    engine.wait(job, "ready")
    assert ("unknown" in engine.states(job), paid(sim)) == (False, [PRICE])


@pytest.mark.parametrize("at_once", [True, False])
def test_the_second_place_of_the_file(sim: Simulator, engine: EngineProcess, at_once: bool) -> None:
    sim.configure(modelslab_at_once=at_once)
    sim.set_fault(FILE, "http_404", times=None, match="/generations/")
    engine.wait(start(engine), "ready")
    assert sent(sim, FILE)[-1]["path"].split("/")[-2] == "proxy"
    assert paid(sim) == [PRICE]


def test_a_mislabelled_file_is_fetched(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(modelslab_mislabelled=True)
    done = engine.wait(start(engine), "ready")
    assert Path(done["variants"][0]["model"]).read_bytes().startswith(b"glTF")


DONE = {"status": "success", "meta": {"output_format": "glb"}}


@pytest.mark.parametrize(
    ("answer", "url", "mirrors"),
    [
        ({"output": ["a/x.png", "a/x.obj", "a/x.glb?sig=1"], "proxy_links": ["b/x.obj", "b/x.glb"]}, "a/x.glb?sig=1",
         ("b/x.glb",)),
        ({"output": ["a/x.png", "a/x.obj"], "proxy_links": []}, "a/x.obj", ()),
        ({"output": "a/x.bin", "proxy_links": None}, "a/x.bin", ()),
        ({"output": [], "proxy_links": ["b/x.glb"], "future_links": ["a/x.glb"]}, "b/x.glb", ("a/x.glb",)),
        ({"output": [], "future_links": ["a/x.glb"]}, "a/x.glb", ()),
    ],
    ids=str,
)  # fmt: skip
def test_which_address_is_the_models(answer: dict[str, Any], url: str, mirrors: tuple[str, ...]) -> None:
    found = read.poll({**DONE, **answer})
    assert (found.model_url, found.mirrors) == (url, mirrors)


def test_a_model_without_an_address() -> None:
    with pytest.raises(UnexpectedAnswer, match="names no address"):
        read.poll({**DONE, "output": []})


def test_its_life_is_told() -> None:
    assert "May 2026" in declaration("modelslab").life

"""Neural4D as it is today, and which generation a server is of: found out at no cost, noted, asked again."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.every_service import picture
from tests.support.today import QUICK, engine, points, sim, simulator

__all__ = ["engine", "sim", "simulator"]

TEXT, IMAGE, MATTING, MATTED = "generateModelWithText", "generateModelWithImage", "mattingImage", "getMattedResult"
PICTURE, RESULT = "createNormalPicture", "queryGenerationResult"


def asked(sim: Simulator) -> list[str]:
    return [request["endpoint"] for request in sim.requests() if request["host"] == "api"]


def image_job(engine: EngineProcess, **request: Any) -> str:
    return engine.submit("", images=[str(picture(engine.folder))], **request)


# The picture itself


def test_a_picture_goes_with_the_request_itself(sim: Simulator, engine: EngineProcess) -> None:
    done = engine.wait(image_job(engine, variants=2), "ready")
    (sent,) = sim.requests(IMAGE)
    assert "image/png" in sent["body"]["image"]
    assert sent["body"]["modelCount"] == "2"
    assert MATTING not in asked(sim)
    assert (points(sim), done["cost"], done["cost_estimated"]) == ([60], 60, False)
    assert done["service"]["uploadedImageUrl"]
    assert done["service"]["faceNum max"] == "1000000"


def test_webp_goes_as_it_is(sim: Simulator, engine: EngineProcess) -> None:
    from PIL import Image

    path = engine.folder / "chair.webp"
    Image.open(picture(engine.folder)).save(path)
    engine.wait(engine.submit("", images=[str(path)]), "ready")
    assert "image/webp" in sim.requests(IMAGE)[0]["body"]["image"]


def test_the_options_of_today(sim: Simulator, engine: EngineProcess) -> None:
    options = {"mesh_quality": "standard", "faceNum": 100_000, "onlyGenerateMesh": True}
    done = engine.wait(engine.submit(options=options), "ready")
    sent = sim.requests(TEXT)[0]["body"]
    assert {name: sent[name] for name in options} == options
    assert done["service"]["faceNum value"] == "100000"
    engine.wait(image_job(engine, options={"enableImageEnhancement": True}), "ready")
    assert sim.requests(IMAGE)[0]["body"]["enableImageEnhancement"] == "true"


@pytest.mark.parametrize(("quality", "faces"), [("standard", 600_000), ("high", 100_000), ("extra_high", 499_999)])
def test_faces_outside_the_range_of_the_quality_are_refused_before_anything_is_sent(
    sim: Simulator, engine: EngineProcess, quality: str, faces: int
) -> None:
    request = {"prompt": "x", "options": {"mesh_quality": quality, "faceNum": faces}}
    answer = engine.ask("submit", job="1", provider="neural4d", request=request)
    assert "faceNum" in answer["error"]["what"]
    assert asked(sim) == []


# Which generation


def test_it_is_found_out_once_and_for_free(sim: Simulator, tmp_path: Path) -> None:
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as first:
        first.wait(image_job(first), "ready")
        first.wait(image_job(first), "ready")
        told = [event["facts"] for event in first.events if event["event"] == "server"]
        assert {"generation": "1.5.4"}.items() <= told[-1].items()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
        second.wait(image_job(second), "ready")
    assert asked(sim).count(MATTED) == 1
    assert points(sim) == [30, 30, 30]


def test_a_server_of_2024_is_spoken_as_its_document_says(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(generations={"neural4d": "2024"})
    done = engine.wait(image_job(engine), "ready")
    assert [entry["body"]["fileKey"] != "" for entry in sim.requests(IMAGE)] == [True]
    assert (points(sim), done["cost"]) == ([80], 80)


@pytest.mark.parametrize(("before", "after"), [("2024", "today"), ("today", "2024")])
def test_a_server_that_is_of_another_generation_from_one_day_to_the_next(
    sim: Simulator, engine: EngineProcess, before: str, after: str
) -> None:
    sim.configure(generations={"neural4d": before})
    engine.wait(image_job(engine), "ready")
    sim.configure(generations={"neural4d": after})
    engine.wait(image_job(engine), "ready")
    assert points(sim) == ([80, 30] if before == "2024" else [30, 80])


@pytest.mark.parametrize("body", [None, {"message": "Not Found"}, {"error": "Cannot POST /api/getMattedResult"}])
def test_whatever_a_server_says_to_a_question_it_does_not_know(
    sim: Simulator, engine: EngineProcess, body: dict[str, str] | None
) -> None:
    if body:
        sim.set_fault(MATTED, "http_404", times=None, body=body)
        sim.set_fault(MATTING, "http_404", times=None, body=body)
    engine.wait(image_job(engine), "ready")
    assert points(sim) == [30]


def test_where_there_are_no_cutouts_a_choice_of_them_is_refused_for_free(sim: Simulator, engine: EngineProcess) -> None:
    error = engine.wait(image_job(engine, choose_cutout=True), "failed")["error"]
    assert error["code"] == "UnsupportedFeature"
    assert "cut" in error["what"]
    assert error["cost"] == "Nothing was paid."
    facts = next(event["facts"] for event in reversed(engine.events) if event["event"] == "server")
    assert facts["matting"] == "none"
    assert points(sim) == []


@pytest.mark.parametrize("question", ["http_400", "http_403", "http_500"])
@pytest.mark.parametrize("status", ["http_403", "http_500"])
@pytest.mark.parametrize("message", ["No.", "Invalid token", "Insufficient points"])
def test_without_a_clear_word_on_cutouts_the_image_itself_is_sent(
    sim: Simulator, engine: EngineProcess, question: str, status: str, message: str
) -> None:
    sim.set_fault(MATTED, question, times=None, message="No.")
    sim.set_fault(MATTING, status, times=None, message=message)
    engine.wait(image_job(engine), "ready")
    assert points(sim) == [30]
    assert asked(sim).count(MATTING) == (question == "http_400")


@pytest.mark.parametrize("known", [False, True])
@pytest.mark.parametrize(("status", "code"), [("http_403", "RequestRefused"), ("http_500", "ServiceDown")])
def test_without_a_clear_word_on_cutouts_a_choice_of_them_says_what_to_do(
    sim: Simulator, engine: EngineProcess, status: str, code: str, known: bool
) -> None:
    if known:  # as one of 2024, by its answer about a prompt
        sim.configure(generations={"neural4d": "2024"})
        engine.wait(engine.submit(), "ready")
    bought = points(sim)
    sim.set_fault(MATTING, status, times=None, message="It is Sunday.")
    error = engine.wait(image_job(engine, choose_cutout=True), "failed")["error"]
    assert (error["code"], error["what"].startswith("It is Sunday.")) == (code, True)
    assert error["what"].endswith("So there is no choice of cut-outs.")
    assert "without choosing a cut-out" in error["remedy"]
    assert (error["cost"], points(sim)) == ("Nothing was paid.", bought)


def test_a_server_of_2024_that_fails_to_cut_out_the_first_image_is_asked_again(
    sim: Simulator, engine: EngineProcess
) -> None:
    sim.configure(generations={"neural4d": "2024"})
    sim.set_fault(MATTING, "http_500", times=2)
    engine.wait(image_job(engine), "ready")
    assert (points(sim), len(sim.requests(IMAGE))) == ([80], 2)  # the image itself was refused


def test_a_server_of_2024_that_fails_to_cut_out_for_ever_is_not_asked_for_ever(
    sim: Simulator, engine: EngineProcess
) -> None:
    sim.configure(generations={"neural4d": "2024"})
    sim.set_fault(MATTING, "http_500", times=None)
    error = engine.wait(image_job(engine), "failed")["error"]
    assert (error["code"], error["cost"]) == ("ServiceDown", "Nothing was paid.")
    assert (points(sim), len(sim.requests(IMAGE))) == ([], 1)


def test_where_today_has_cutouts_the_chosen_one_becomes_the_model(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(matting=True, matting_seconds=0.0)
    job = image_job(engine, choose_cutout=True)
    engine.wait(job, "choosing_cutout")
    engine.ask("choose", job=job, cutout=1)
    engine.wait(job, "ready")
    assert len(points(sim)) == 1


# Refused is refused

REFUSALS: list[tuple[dict[str, Any], str, str, str]] = [
    ({"moderated_words": ["bird"]}, "RequestRefused", "Please check the prompt.", "Change the prompt"),
    ({"account": "restricted"}, "NotEnoughPoints", "Insufficient points or account restricted.", "points"),
    ({"account": "not_allowed"}, "RequestRefused", "Generation is not available for the current account.", "account"),
]


@pytest.mark.parametrize(("settings", "code", "sentence", "remedy"), REFUSALS, ids=lambda value: str(value)[:30])
def test_a_refusal_is_one_request_in_the_services_own_words(
    sim: Simulator, engine: EngineProcess, settings: dict[str, Any], code: str, sentence: str, remedy: str
) -> None:
    sim.configure(**settings)
    error = engine.wait(engine.submit("a cute bird"), "failed")["error"]
    assert (error["code"], error["what"].startswith(sentence)) == (code, True), error["what"]
    assert remedy in error["remedy"]
    assert error["cost"] == "The service refused the request, and the balance stands where it stood."
    assert len(sim.requests(TEXT)) == 1


def test_a_validation_names_the_field_and_never_what_was_sent(sim: Simulator, engine: EngineProcess) -> None:
    wrong = {"type": "field", "value": "a cute secret bird", "msg": "is too cute", "path": "prompt", "location": "body"}
    sim.set_fault(TEXT, "http_400", body={"errors": [wrong]})
    error = engine.wait(engine.submit("a cute secret bird"), "failed")["error"]
    assert error["what"].startswith("prompt: is too cute.")
    assert "secret" not in json.dumps(error)
    assert len(sim.requests(TEXT)) == 1


def test_401_is_a_bad_key_and_403_is_not(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(TEXT, "http_401", body="Unauthorized")
    assert engine.wait(engine.submit(), "failed")["error"]["code"] == "KeyRejected"
    sim.set_fault(TEXT, "http_403", body={"message": "insufficient points"})
    assert engine.wait(engine.submit(), "failed")["error"]["code"] == "NotEnoughPoints"


# A picture first


def first(engine: EngineProcess, **request: Any) -> str:
    return engine.submit("a wooden chair", picture_first=True, **request)


def test_a_prompt_becomes_a_picture_and_the_picture_a_model(sim: Simulator, engine: EngineProcess) -> None:
    done = engine.wait(first(engine, options={"modelKey": "nano_banana_pro", "aspectRatio": "4:3"}), "ready")
    (ordered,) = sim.requests(PICTURE)
    assert (ordered["body"]["modelKey"], ordered["body"]["aspectRatio"]) == ("nano_banana_pro", "4:3")
    assert "image/png" in sim.requests(IMAGE)[0]["body"]["image"]
    assert (points(sim), done["cost"]) == ([13, 30], 43)
    (made,) = done["cutouts"]
    assert Path(made["path"]).read_bytes().startswith(b"\x89PNG")
    states = engine.states(done["id"])
    assert [state for state in states if state == "submitting"] == ["submitting"] * 2


def test_the_choice_waits_and_costs_nothing_more(sim: Simulator, tmp_path: Path) -> None:
    engine = EngineProcess(tmp_path, sim.api_url, sim.keys)
    reference = str(picture(tmp_path))
    job = first(engine, pictures=4, references=[reference, reference], choose_cutout=True)
    waiting = engine.wait(job, "choosing_cutout")
    assert [Path(one["path"]).is_file() for one in waiting["cutouts"]] == [True] * 4
    assert (points(sim), waiting["cost"]) == ([52], 52)
    engine.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as again:
        again.ask("choose", job=job, cutout=2)
        done = again.wait(job, "ready")
    assert (points(sim), done["cost"]) == ([52, 30], 82)
    assert len(sim.requests(PICTURE)) == 1


def test_a_model_that_fails_pays_for_no_second_picture(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(IMAGE, "generation_failed")
    job = first(engine)
    failed = engine.wait(job, "failed")
    assert Path(failed["cutouts"][0]["path"]).is_file()
    engine.ask("retry", job=job)
    done = engine.wait(job, "ready")
    assert (points(sim), done["cost"]) == ([13, 30, 30], 73)


def test_a_cap_covers_picture_and_model(sim: Simulator, engine: EngineProcess) -> None:
    error = engine.wait(first(engine, max_points=50), "failed")["error"]
    assert (error["code"], asked(sim)) == ("CapReached", [])


def test_a_server_without_pictures_says_so_for_free(sim: Simulator, engine: EngineProcess) -> None:
    sim.configure(generations={"neural4d": "2024"})
    error = engine.wait(first(engine), "failed")["error"]
    assert error["code"] == "UnsupportedFeature"
    assert points(sim) == []


def test_pictures_that_fail(sim: Simulator, engine: EngineProcess) -> None:
    sim.set_fault(PICTURE, "generation_failed")
    job = first(engine)
    failed = engine.wait(job, "failed")
    assert failed["error"]["code"] == "GenerationFailed"
    assert "13" in failed["error"]["cost"]
    assert failed["cost"] == 13
    engine.ask("retry", job=job)
    engine.wait(job, "ready")
    assert points(sim) == [13, 13, 30]


@pytest.mark.parametrize(
    "body",
    [
        {"success": False, "message": "The picture is not known."},
        {"success": False, "message": "The picture is not known.", "data": None},
        {"success": False, "message": "The picture is not known.", "data": {"uuid": "a", "status": None}},
    ],
    ids=str,
)
def test_pictures_of_which_nothing_is_told_are_given_up_in_time(
    sim: Simulator, engine: EngineProcess, body: dict[str, Any]
) -> None:
    engine.configure(sim.api_url, sim.keys, timing={**QUICK, "picture_limit": 1.5})
    sim.set_fault(RESULT, "no_ids", times=None, body=body)
    job = first(engine)
    failed = engine.wait(job, "failed")
    assert failed["error"]["code"] == "GenerationFailed"
    assert failed["error"]["what"] == "The picture is not known. The pictures were not ready after 0.025 minutes."
    assert "nothing is sent or paid again" in failed["error"]["remedy"]
    assert len(sim.requests(RESULT)) > 6
    sim.clear_faults()
    engine.ask("retry", job=job)
    engine.wait(job, "ready")
    assert points(sim) == [13, 30]


def test_killed_while_the_pictures_are_made(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(picture_seconds=1.0)
    before = EngineProcess(tmp_path, sim.api_url, sim.keys)
    job = first(before)
    before.until(lambda: sim.requests(RESULT) or None, "the pictures to be asked for")
    before.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as after:
        after.wait(job, "ready")
    assert points(sim) == [13, 30]

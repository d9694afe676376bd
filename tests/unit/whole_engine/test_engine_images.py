"""Image jobs: cut-outs, the choice among them, the portrait check, chibi; and what they cost."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

from neural4d_blender.engine.errors import UnsupportedFeature
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.protocol import check
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.unit.whole_engine.test_engine_jobs import engine, paid, sim

__all__ = ["engine", "sim"]


@pytest.fixture
def picture(tmp_path: Path) -> str:
    path = tmp_path / "chair.png"
    image = Image.new("RGB", (400, 300), "white")
    ImageDraw.Draw(image).ellipse((100, 50, 300, 250), fill="brown")
    image.save(path)
    return str(path)


def without_pixels(path: Path) -> str:
    """A PNG with all its parts, which are sound, and no pixels in them: only the service, which draws it, finds out."""
    size = struct.pack(">IIBBBBB", 400, 300, 8, 2, 0, 0, 0)
    parts = ((b"IHDR", size), (b"IDAT", b"These are no pixels."), (b"IEND", b""))
    chunks = [
        struct.pack(">I4s", len(content), kind) + content + struct.pack(">I", zlib.crc32(kind + content))
        for kind, content in parts
    ]
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + b"".join(chunks))
    return str(path)


def endpoints(sim: Simulator) -> list[str]:
    return [request["endpoint"] for request in sim.requests()]


def test_an_image_becomes_a_model_of_the_first_cutout(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    job = engine.submit("", images=[picture], variants=2)
    done = engine.wait(job, "ready")
    assert engine.states(job) == [
        *("queued", "preparing_input", "submitting", "generating", "downloading", "preparing_model", "ready")
    ]
    assert [entry["operation"] for entry in sim.ledger()] == ["image"]
    assert done["cost"] == 80
    assert len(done["variants"]) == 2
    assert "uploadedImageUrl" in done["service"]
    assert "checkHumanImage" not in endpoints(sim)


def test_the_choice_waits_costs_nothing_yet_and_survives_a_crash(sim: Simulator, tmp_path: Path, picture: str) -> None:
    first = EngineProcess(tmp_path, sim.api_url, sim.token)
    job = first.submit("", images=[picture], choose_cutout=True)
    waiting = first.wait(job, "choosing_cutout")
    assert [Path(cutout["path"]).exists() for cutout in waiting["cutouts"]] == [True] * 4
    assert paid(sim) == []
    assert not waiting["under_way"]
    first.kill()
    assert (tmp_path / "unfinished").exists()
    with EngineProcess(tmp_path, sim.api_url, sim.token) as second:
        assert second.ask("list")["jobs"][0]["state"] == "choosing_cutout"
        assert "0 to 3" in second.ask("choose", job=job, cutout=4)["error"]["what"]
        second.ask("choose", job=job, cutout=2)
        second.wait(job, "ready")
        assert second.ask("choose", job=job, cutout=1)["error"]["code"] == "InvalidInput"
    (sent,) = [request for request in sim.requests() if request["endpoint"] == "generateModelWithImage"]
    assert sent["body"]["fileKey"] == waiting["cutouts"][2]["key"]
    assert endpoints(sim).count("mattingImage") == 1
    assert paid(sim) == [80]


def test_what_the_waiting_costs_is_told(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    sim.configure(prices={"matting": 5})
    waiting = engine.wait(engine.submit("", images=[picture], choose_cutout=True), "choosing_cutout")
    assert (waiting["cost"], waiting["cost_estimated"]) == (5, False)


@pytest.mark.parametrize("pending", ["null", "missing", "empty"])
def test_cutouts_that_are_not_ready_yet(sim: Simulator, engine: EngineProcess, picture: str, pending: str) -> None:
    sim.configure(matting_pending_as=pending, matting_seconds=0.3)
    engine.wait(engine.submit("", images=[picture]), "ready")
    assert paid(sim) == [80]


def test_too_few_points_are_noticed_before_the_upload(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    engine.wait(engine.submit("", images=[picture]), "ready")
    sim.configure(balance=79)
    error = engine.wait(engine.submit("", images=[picture]), "failed")["error"]
    assert (error["code"], "79 are left" in error["what"]) == ("NotEnoughPoints", True)
    assert endpoints(sim).count("mattingImage") == 1


def test_a_cap_stops_before_the_service_is_called(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    error = engine.wait(engine.submit("", images=[picture], max_points=79), "failed")["error"]
    assert (error["code"], "limit is 79" in error["what"]) == ("CapReached", True)
    assert endpoints(sim) == []
    engine.wait(engine.submit("", images=[picture], max_points=80), "ready")


@pytest.mark.parametrize(
    ("human", "fault", "words"), [(False, "", "no person"), (True, "human_rate_limit", "could not tell")]
)
def test_a_portrait_check_that_says_no_can_be_overruled(
    sim: Simulator, engine: EngineProcess, picture: str, human: bool, fault: str, words: str
) -> None:
    sim.configure(human=human)
    if fault:
        sim.set_fault(endpoint="checkHumanImage", fault=fault)
    job = engine.submit("", images=[picture], options={"portrait_check": "on"})
    error = engine.wait(job, "failed")["error"]
    assert (error["code"], words in error["what"]) == ("NoPortrait", True)
    assert error["cost"] == "Nothing was paid."
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert endpoints(sim).count("checkHumanImage") == 1
    assert paid(sim) == [80]


def test_a_portrait_check_that_says_yes(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    sim.configure(human=True)
    engine.wait(engine.submit("", images=[picture], options={"portrait_check": "on"}), "ready")


def test_an_unknown_code_of_the_portrait_check(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    sim.set_fault(endpoint="checkHumanImage", fault="unknown_code", times=None)
    job = engine.submit("", images=[picture], options={"portrait_check": "on"})
    error = engine.wait(job, "failed")["error"]
    assert (error["code"], "statusCode 7" in error["what"]) == ("NoPortrait", True)
    engine.send("retry", job=job)
    engine.wait(job, "ready")  # never a dead end, also where the check never works


@pytest.mark.parametrize("fault", ["http_500", "http_400", "http_429"])
def test_a_portrait_check_that_does_not_work_can_be_overruled(
    sim: Simulator, engine: EngineProcess, picture: str, fault: str
) -> None:
    sim.set_fault(endpoint="checkHumanImage", fault=fault, times=None, **({"retry_after": 0} if "429" in fault else {}))
    job = engine.submit("", images=[picture], options={"portrait_check": "on"})
    assert engine.wait(job, "failed")["error"]["code"] == "NoPortrait"
    engine.send("retry", job=job)
    engine.wait(job, "ready")
    assert paid(sim) == [80]


def chibi(engine: EngineProcess, images: list[str], **options: Any) -> str:
    return engine.submit("", images=images, options={"style": "Pixel-Style", "portrait_check": "off", **options})


def test_chibi_of_several_images(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    done = engine.wait(chibi(engine, [picture, picture]), "ready")
    assert len(done["variants"]) == 2
    assert done["cost"] == 60
    assert done["service"]["successCount"] == "2"
    assert "mattingImage" not in endpoints(sim)


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"pbr": False}, "without pbr=False"),
        ({"choose_cutout": True}, "without choose_cutout"),
        ({"options": {"mesh_quality": "standard", "onlyGenerateMesh": True}}, "mesh_quality and onlyGenerateMesh"),
        ({"options": {"enableImageEnhancement": True}}, "without enableImageEnhancement"),
    ],
    ids=str,
)
def test_what_chibi_does_not_know_is_refused(picture: str, asked: dict[str, Any], words: str) -> None:
    request = Request(images=[picture], **{**asked, "options": {"style": "Pixel-Style", **asked.get("options", {})}})
    with pytest.raises(UnsupportedFeature, match=words):
        check("neural4d", request)


def test_chibi_looks_for_a_person_by_default(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    sim.configure(human=False)
    job = chibi(engine, [picture], portrait_check="auto")
    assert engine.wait(job, "failed")["error"]["code"] == "NoPortrait"


def test_chibi_that_fails_for_one_image(sim: Simulator, engine: EngineProcess, picture: str, tmp_path: Path) -> None:
    done = engine.wait(chibi(engine, [picture, without_pixels(tmp_path / "no pixels.png")]), "ready")
    states = [variant["state"] for variant in done["variants"]]
    assert states.count("failed") == 1
    assert "refused this image" in next(v["error"]["what"] for v in done["variants"] if v["error"])
    assert done["cost"] == 30


def test_chibi_with_a_style_that_was_not_arranged(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    error = engine.wait(chibi(engine, [picture], style="Baroque"), "failed")["error"]
    assert error["code"] == "RequestRefused"
    assert error["cost"] == "The service refused the request, and the balance stands where it stood."
    assert "arranged" in error["remedy"]
    assert paid(sim) == []


@pytest.mark.parametrize(
    ("fault", "params", "code", "points"),
    [
        ("reset_before", {}, "SubmissionLost", []),
        ("http_500", {}, "SubmissionLost", []),
        ("reset_after", {}, "PaymentUnknown", [80]),
        ("http_500", {"acted": True}, "PaymentUnknown", [80]),
        ("http_401", {}, "KeyRejected", []),
    ],
)
def test_a_lost_answer_to_an_image_is_never_sent_again_unasked(
    sim: Simulator,
    engine: EngineProcess,
    picture: str,
    fault: str,
    params: dict[str, Any],
    code: str,
    points: list[int],
) -> None:
    sim.set_fault(endpoint="generateModelWithImage", fault=fault, **params)
    job = engine.submit("", images=[picture])
    failed = engine.wait(job, "failed")
    assert (failed["error"]["code"], paid(sim)) == (code, points)
    assert (failed["cost"] or 0) == sum(points)
    assert endpoints(sim).count("generateModelWithImage") == 1
    states = engine.states(job)
    assert "unknown" not in states or states[-2:] == ["unknown", "failed"], "between them it would be sent again"
    engine.send("retry", job=job)  # the user asks for it
    engine.wait(job, "ready")
    assert paid(sim) == [*points, 80]


def test_nothing_is_bought_in_another_blender_while_the_balance_is_watched(
    sim: Simulator, engine: EngineProcess, picture: str
) -> None:
    """So the balance tells; on another computer it could not be told apart."""
    slow = {"quickest": 0.05, "backoff": 0.02, "look_again": 0.3}
    engine.configure(sim.api_url, sim.token, timing=slow)
    sim.set_fault(endpoint="generateModelWithImage", fault="reset_before")
    lost = engine.submit("", images=[picture])
    engine.wait(lost, "unknown")
    with EngineProcess(engine.folder, sim.api_url, sim.token) as another:
        other = another.submit()
        failed = engine.wait(lost, "failed")
        assert (failed["error"]["code"], failed["cost"]) == ("SubmissionLost", 0)
        another.wait(other, "ready")
    assert paid(sim) == [60]


def test_a_balance_that_another_computer_changed_proves_nothing(
    sim: Simulator, engine: EngineProcess, picture: str, tmp_path: Path
) -> None:
    slow = {"quickest": 0.05, "backoff": 0.02, "look_again": 0.5}
    engine.configure(sim.api_url, sim.token, timing=slow)
    (elsewhere := tmp_path / "elsewhere").mkdir()
    with EngineProcess(elsewhere, sim.api_url, sim.token) as another:
        sim.set_fault(endpoint="generateModelWithImage", fault="reset_before")
        lost = engine.submit("", images=[picture])
        engine.wait(lost, "unknown")
        another.wait(another.submit(), "ready")
        failed = engine.wait(lost, "failed")
    assert (failed["error"]["code"], failed["retry_pays"]) == ("PaymentUnknown", True)
    assert paid(sim) == [60]


def test_points_that_were_bought_meanwhile_prove_nothing(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    engine.configure(sim.api_url, sim.token, timing={"quickest": 0.05, "backoff": 0.02, "look_again": 0.5})
    sim.set_fault(endpoint="generateModelWithImage", fault="reset_after")
    lost = engine.submit("", images=[picture])
    engine.wait(lost, "unknown")
    sim.configure(balance=5000)
    failed = engine.wait(lost, "failed")
    assert (failed["error"]["code"], failed["retry_pays"]) == ("PaymentUnknown", True)
    assert paid(sim) == [80]


def test_killed_before_the_answer_to_an_image(sim: Simulator, tmp_path: Path, picture: str) -> None:
    sim.set_fault(endpoint="generateModelWithImage", fault="hang_after")
    first = EngineProcess(tmp_path, sim.api_url, sim.token)
    job = first.submit("", images=[picture])
    first.until(lambda: sim.ledger() or None, "the service to charge it")
    first.kill()
    with EngineProcess(tmp_path, sim.api_url, sim.token) as second:
        error = second.wait(job, "failed")["error"]
    assert error["code"] == "PaymentUnknown"
    assert "80 points" in error["cost"]
    assert paid(sim) == [80]


@pytest.mark.parametrize("fault", ["matting_failed", "http_500"])
def test_cutouts_that_never_come(sim: Simulator, engine: EngineProcess, picture: str, fault: str) -> None:
    if fault == "http_500":  # what the server is was found out before
        engine.wait(engine.submit("", images=[picture]), "ready")
    sim.set_fault(endpoint="mattingImage" if fault == "matting_failed" else "getMattedResult", fault=fault, times=None)
    if fault == "matting_failed":
        engine.send("cancel", job=(job := engine.submit("", images=[picture])))
        assert engine.wait(job, "cancelled")["cost"] in (None, 0)
    else:
        error = engine.wait(engine.submit("", images=[picture]), "failed")["error"]
        assert (error["code"], error["cost"]) == ("ServiceDown", "Nothing was paid.")


def test_pictures_that_do_not_fit_are_refused_with_the_numbers(
    sim: Simulator, engine: EngineProcess, tmp_path: Path
) -> None:
    small = tmp_path / "small.png"
    Image.new("RGB", (255, 300)).save(small)
    gif = tmp_path / "moving.gif"
    Image.new("RGB", (300, 300)).save(gif)
    for path, word in ((small, "255 x 300"), (gif, "not a PNG"), (tmp_path / "none.png", "cannot be read")):
        answer = engine.ask("submit", job="x", provider="neural4d", request={"images": [str(path)]})
        assert (answer["error"]["code"], word in answer["error"]["what"]) == ("InvalidInput", True)
    assert sim.requests() == []


def test_a_place_in_the_queue_is_kept(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    """The document says that the feature is under development: null today, a place some day."""
    sim.set_fault(endpoint="mattingImage", fault="set_field", field="queuePosition", value=3)
    assert engine.wait(engine.submit("", images=[picture]), "ready")["service"]["queuePosition"] == "3"


def test_cutouts_that_do_not_match(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    sim.set_fault(endpoint="getMattedResult", fault="set_field", field="fileKeys", value=["one"], times=None)
    error = engine.wait(engine.submit("", images=[picture]), "failed")["error"]
    assert (error["code"], "do not match" in error["what"]) == ("UnexpectedAnswer", True)
    assert paid(sim) == []


def test_several_portraits_are_looked_at_one_by_one(sim: Simulator, engine: EngineProcess, picture: str) -> None:
    sim.configure(human=True)
    engine.wait(chibi(engine, [picture] * 3, portrait_check="on"), "ready")
    assert endpoints(sim).count("checkHumanImage") == 3

"""Pictures that are made of a prompt first, references, views and WEBP in Python, as services are today."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import pytest
from PIL import Image

import neural4d_blender as neural4d
from neural4d_blender.api import generate
from neural4d_blender.engine.model.declaration import Declaration, Feature, Quote
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.services import PROVIDERS
from neural4d_blender.engine.services.neural4d.provider import Neural4D
from neural4d_blender.scene import start_job
from neural4d_blender.scene.placing import provenance
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.support import scene_pictures
from tests.support.connected import connect

pytestmark = pytest.mark.both_ends


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.0, picture_seconds=0.0, texture_size=64) as process:
        yield process


@pytest.fixture
def sim(
    simulator: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Simulator:
    return connect(simulator, tmp_path, monkeypatch)


class Sided(Neural4D):
    """A service that takes pictures of a thing's sides, of which the engine knows nothing: for checks before it."""

    declaration = Declaration(
        **Neural4D.declaration.as_dict()
        | {"id": "sided", "name": "Sided", "features": frozenset(Feature), "views": ("left", "back")}
    )

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        return [Quote("model", 10 + 5 * len(request.views))]


@pytest.fixture
def started(monkeypatch: pytest.MonkeyPatch, sim: Simulator) -> list[Request]:
    """The requests that would have gone to the engine."""
    found: list[Request] = []

    def start(job_id: str, provider: str, request: Request, *_: Any, **__: Any) -> None:
        request.check(PROVIDERS[provider].declaration)
        found.append(request)

    monkeypatch.setitem(PROVIDERS, "sided", Sided)
    monkeypatch.setattr(generate, "start", start)
    monkeypatch.setattr(start_job, "start", start)
    return found


def held(name: str) -> bpy.types.Image:
    image = bpy.data.images.new(name, 320, 300, alpha=True)
    image.pixels = [0.8, 0.2, 0.1, 1.0] * (320 * 300)
    return image


def spent(sim: Simulator) -> list[tuple[str, int]]:
    return [(row["operation"], row["points"]) for row in sim.ledger()]


@pytest.mark.one_blender
def test_a_picture_is_made_first_and_the_model_of_it(sim: Simulator) -> None:
    asked: dict[str, Any] = {"picture_first": True, "references": [held("sketch"), held("colours")]}
    assert neural4d.estimate("a cute bird", **asked) == 43
    job = neural4d.generate("a cute bird", size_mm=80, **asked).wait(60)
    assert (job.state, job.cost, job.waits_until, job.waits_for) == ("placed", 43, None, "")
    assert spent(sim) == [("picture", 13), ("image", 30)]
    (ordered,) = sim.requests("createNormalPicture")
    assert "bytes" in ordered["body"]["images"]
    (picture,) = job.pictures
    assert Path(picture).is_file()
    (root,) = job.objects
    said = provenance.read(root)
    assert (said.options["picture_first"], said.options["references"]) == (True, 2)
    assert str(Path(picture).parent) not in root["neural4d_options"]
    assert provenance.request_of(said) is None, "without its references it would be another request"

    other = neural4d.generate(image=picture).wait(60)
    assert other.cost == 30
    again = job.again().wait(60)
    assert [Path(one).parent.name for one in again.request["references"]] == [again.id] * 2
    assert spent(sim)[2:] == [("image", 30), ("picture", 13), ("image", 30)]
    Path(job.request["references"][0]).unlink()
    with pytest.raises(neural4d.InvalidInput, match="copy of an image"):
        job.again()


@pytest.mark.one_blender
def test_one_of_the_pictures_is_chosen(sim: Simulator) -> None:
    asked: dict[str, Any] = {"picture_first": True, "pictures": 3, "variants": 2}
    assert neural4d.estimate("a mug", **asked) == 3 * 13 + 2 * 30
    job = neural4d.generate("a mug", choose_cutout=True, **asked).wait(60)
    assert (job.state, job.cost, len(job.pictures)) == ("choosing_cutout", 39, 3)
    assert job.pictures == job.cutouts
    with pytest.raises(neural4d.JobFailed, match="0 to 2"):
        job.choose(3)
    job.choose(2)
    job.wait(60)
    assert (job.state, job.cost, sim.spent) == ("placed", 99, 99)
    assert all(Path(path).is_file() for path in job.pictures)
    (sent,) = sim.requests("generateModelWithImage")
    assert f"{Path(job.pictures[2]).stat().st_size} bytes" in sent["body"]["image"]
    assert neural4d.generate("a mug").pictures == []


def test_a_webp_goes_as_it_is_but_where_an_option_has_none(started: list[Request], tmp_path: Path) -> None:
    picture = scene_pictures.written(tmp_path, "webp", scene_pictures.colours(512, 400))
    for options in ({}, {"style": "tag"}, {"portrait_check": "on"}):
        neural4d.generate(image=picture, options=options)
    sent = [Path(request.images[0]) for request in started]
    assert sent[0].read_bytes() == picture.read_bytes()
    assert [path.suffix for path in sent] == [".webp", ".png", ".png"]
    neural4d.generate("a mug", picture_first=True, references=picture)
    assert Path(started[-1].references[0]).read_bytes() == picture.read_bytes()


def test_views_are_exported_by_side_and_copied_again(started: list[Request], tmp_path: Path) -> None:
    front = scene_pictures.written(tmp_path, "png", scene_pictures.colours(512, 400))
    views = {"front": front, "left": held("left"), "back": None}
    assert neural4d.estimate(views=views, provider="sided") == 15
    job = neural4d.generate(views=views, provider="sided")
    (request,) = started
    assert request.name == "picture"
    assert Path(request.images[0]).read_bytes() == front.read_bytes()
    assert list(request.views) == ["left"]
    with Image.open(request.views["left"]) as left:
        assert left.size == (320, 300)
    folder = Path(request.images[0]).parent
    assert (folder.name, Path(request.views["left"]).parent) == (job.id, folder)
    again = start_job.start_again("sided", request, {})
    assert Path(started[1].views["left"]).parent == folder.parent / again
    assert Path(started[1].views["left"]).read_bytes() == Path(request.views["left"]).read_bytes()
    neural4d.generate(image=front, views={"back": front}, provider="sided")
    assert list(started[-1].views) == ["back"]


def test_what_cannot_be_is_refused_before_anything_is_sent(sim: Simulator, tmp_path: Path) -> None:
    one = held("one")
    for arguments, said in (
        ({"image": one, "views": {"front": one}}, "front is given twice"),
        ({"views": [one]}, "by their sides"),
        ({"image": one, "views": {"left": one}}, "one view"),
        ({"prompt": "a mug", "references": one}, "go with a picture"),
        ({"prompt": "a mug", "picture_first": True, "pictures": 5}, "1 to 4"),
        ({"image": one, "picture_first": True}, "made of a prompt"),
        ({"prompt": "a mug", "picture_first": True, "references": ["https://x.example/a.png"]}, "no web addresses"),
        ({"prompt": "a mug", "picture_first": True, "provider": "goneural"}, "GoNeural"),
    ):
        with pytest.raises(neural4d.InvalidInput, match=said):
            neural4d.generate(**arguments)
    assert list((tmp_path / "jobs").glob("*")) == []
    assert sim.requests() == []


@pytest.mark.one_blender
def test_what_is_known_of_the_server_counts(sim: Simulator) -> None:
    bridge.servers["neural4d"] = {"pictures": "none", "matting": "none"}
    with pytest.raises(neural4d.UnsupportedFeature, match="makes no pictures"):
        neural4d.generate("a mug", picture_first=True)
    with pytest.raises(neural4d.UnsupportedFeature, match="no cut-outs"):
        neural4d.generate(image=held("one"), choose_cutout=True)
    with pytest.raises(neural4d.InvalidInput, match="makes no pictures"):
        neural4d.batch(["a mug"], picture_first=True)
    assert sim.requests() == []


@pytest.mark.one_blender
def test_a_wait_that_the_service_asks_for_is_told(sim: Simulator) -> None:
    sim.set_fault("generateModelWithText", "http_429", retry_after=600)
    job = neural4d.generate("a mug")
    job._until(lambda: job.waits_until, 30)
    assert time.time() < (job.waits_until or 0) < time.time() + 700
    assert "Going on in" in job.note
    assert job.waits_for == "pace"
    assert job.state not in ("failed", "placed")


@pytest.mark.one_blender
def test_a_documented_price_keeps_nothing_back(sim: Simulator) -> None:
    sim.configure(balance=20, prices={"text": 15})
    assert neural4d.estimate("a mug") == 30
    assert neural4d.generate("a mug").wait(60).cost == 15
    assert neural4d.estimate("a mug") == 15
    with pytest.raises(neural4d.JobFailed, match="5 are left"):
        neural4d.generate("a mug").wait(60)
    assert sim.spent == 15


@pytest.mark.one_blender
def test_a_batch_takes_the_first_picture(sim: Simulator, tmp_path: Path) -> None:
    held("sketch").save(filepath=str(tmp_path / "sketch.png"))
    (tmp_path / "things.csv").write_text(
        "prompt,picture_first,pictures,references\na mug,yes,2,sketch.png;sketch.png\na cup,,,\n"
    )
    estimate = neural4d.batch(tmp_path / "things.csv", dry_run=True)
    assert (estimate.points, estimate.documented) == (2 * 13 + 30 + 30, 2)
    first, second = neural4d.batch(tmp_path / "things.csv").wait(120).results
    assert (first.state, first.cost, len(first.pictures), second.pictures) == ("placed", 56, 2, [])
    (sent,) = sim.requests("generateModelWithImage")
    assert f"{Path(first.pictures[0]).stat().st_size} bytes" in sent["body"]["image"]
    assert neural4d.batch(tmp_path / "things.csv", dry_run=True).documented == 0

"""What today's services add to the panel's settings: pictures first, side views, what a server lacks, prices, waits."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.client.jobs.snapshots import Job
from neural4d_blender.engine.protocol import Request, State, WaitsFor
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from neural4d_blender.ui.drawing import labels, state_labels
from neural4d_blender.ui.lists import batch_progress
from neural4d_blender.ui.operators.jobs import copy_as_python
from neural4d_blender.ui.settings import draw_price, panel_request
from neural4d_blender.ui.settings.properties import arguments, service
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_as_python import called
from tests.support import scene_pictures
from tests.support.connected import connect

pytestmark = pytest.mark.both_ends

NO_PICTURES, NO_CUTOUTS = {"pictures": "none"}, {"matting": "none"}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.0, picture_seconds=0.0, texture_size=64) as process:
        yield process


@pytest.fixture
def sim(
    simulator: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Simulator:
    return connect(simulator, tmp_path / "data", monkeypatch)


@pytest.fixture
def chosen(sim: Simulator) -> Iterator[Any]:
    ui.register()
    yield bpy.context.scene.neural4d
    ui.unregister()
    bridge.servers.clear()


@pytest.fixture
def mug(tmp_path: Path) -> str:
    path = tmp_path / "mug.png"
    scene_pictures.Image.fromarray(scene_pictures.colours(300, 300)).save(path)
    return str(path)


def first(chosen: Any, **others: Any) -> None:
    for name, value in {
        "prompt": "a bird",
        "picture_first": True,
        "pictures": 3,
        "choose_cutout": True,
        **others,
    }.items():
        setattr(chosen, name, value)


def test_pictures_are_asked_for_only_of_a_prompt_and_where_the_server_makes_them(chosen: Any) -> None:
    first(chosen)
    chosen.options_neural4d.aspectRatio = "16:9"
    given = arguments(chosen)
    assert (given["picture_first"], given["pictures"], given["choose_cutout"]) == (True, 3, True)
    assert given["options"] == {"aspectRatio": "16:9"}
    bridge.servers["neural4d"] = NO_PICTURES
    given = arguments(chosen)
    assert (given["options"], given["choose_cutout"], "picture_first" in given) == ({}, False, False)
    bridge.servers.clear()
    chosen.input = "IMAGE"
    assert not {"picture_first", "pictures", "references"} & arguments(chosen).keys()
    chosen.input, chosen.provider = "TEXT", "modelslab"
    assert "picture_first" not in arguments(chosen)


def test_references_are_files_and_images_and_a_missing_file_holds_generate_back(chosen: Any, mug: str) -> None:
    first(chosen)
    for _ in range(2):
        assert bpy.ops.neural4d.add_reference_image() == {"FINISHED"}
    chosen.references[1].image = bpy.data.images.load(mug)
    files = [{"name": "mug.png"}] * 6
    assert bpy.ops.neural4d.add_reference_files(files=files, directory=str(Path(mug).parent)) == {"FINISHED"}
    assert len(chosen.references) == service(chosen).max_references == 6
    assert arguments(chosen)["references"] == [chosen.references[1].image, *[mug] * 4]
    assert bpy.ops.neural4d.generate.poll()
    chosen.references[5].path = mug + ".gone"
    assert not bpy.ops.neural4d.generate.poll()
    assert bpy.ops.neural4d.remove_reference(number=5) == {"FINISHED"}
    assert bpy.ops.neural4d.generate.poll()


@pytest.mark.one_blender
def test_the_pictures_job_of_the_button(chosen: Any, sim: Simulator, mug: str) -> None:
    first(chosen, size_mm=95)
    chosen.references.add().path = mug
    assert bpy.ops.neural4d.generate() == {"FINISHED"}
    (job,) = neural4d.jobs()
    job.wait(60)
    assert (job.state, len(job.pictures), job.cost) == (State.CHOOSING_CUTOUT, 3, 39)
    assert bpy.ops.neural4d.choose_cutout(job=job.id, cutout=1) == {"FINISHED"}
    neural4d.jobs()  # the engine takes one after the other
    job.wait(60)
    assert max(job.objects[0].dimensions) == pytest.approx(0.095, rel=0.001)
    assert [(row["operation"], row["points"]) for row in sim.ledger()] == [("picture", 39), ("image", 30)]
    assert bpy.ops.neural4d.unfold_pictures(job=job.id) == {"FINISHED"}
    assert session.shown.unfolded == {job.id}
    assert bpy.ops.neural4d.unfold_pictures(job=job.id) == {"FINISHED"}
    assert session.shown.unfolded == set()
    assert bpy.ops.neural4d.use_picture(path=job.pictures[2]) == {"FINISHED"}
    told = (chosen.input, chosen.image_source, chosen.image_path, chosen.choose_cutout)
    assert told == ("IMAGE", "FILE", job.pictures[2], False)


def test_a_choice_that_the_server_has_not_is_not_asked_for(chosen: Any) -> None:
    chosen.input, chosen.choose_cutout = "IMAGE", True
    assert arguments(chosen)["choose_cutout"]
    bridge.servers["neural4d"] = NO_CUTOUTS
    assert not arguments(chosen)["choose_cutout"]


def test_views_go_with_the_panels_image_where_the_service_takes_them(chosen: Any, mug: str) -> None:
    chosen.provider, chosen.input, chosen.image_path = "csm", "IMAGE", mug
    chosen.use_views, chosen.view_left = True, mug
    assert arguments(chosen)["views"] == {"left": mug}
    assert "views" not in arguments(chosen, of_image=True), "they belong to another picture than the editor's"
    assert bpy.ops.neural4d.generate.poll()
    chosen.view_left = mug + ".gone"
    assert not bpy.ops.neural4d.generate.poll()
    chosen.provider = "neural4d"
    assert "views" not in arguments(chosen)
    assert bpy.ops.neural4d.generate.poll()


def test_options_that_do_not_go_together_hold_generate_back(chosen: Any) -> None:
    chosen.prompt, own = "a bird", chosen.options_neural4d
    own.faceNum = 700_000
    assert bpy.ops.neural4d.generate.poll()
    own.mesh_quality = "standard"
    assert not bpy.ops.neural4d.generate.poll()
    assert "100,000 to 500,000 with the Mesh Quality standard" in panel_request.refusal(chosen, of_image=False)
    own.faceNum = 0
    assert panel_request.refusal(chosen, of_image=False) == ""


def test_each_part_of_the_price_and_whether_it_was_measured(chosen: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    first(chosen, variants=2)
    chosen.options_neural4d.file_format = "STL"
    request = panel_request.request(chosen, of_image=False)
    assert draw_price.in_parts(request, "neural4d") == "3 pictures 39, 2 models 60, conversion 10"
    assert draw_price.estimate(chosen, of_image=False) == 109
    monkeypatch.setitem(bridge.prices, "neural4d:picture x3 image-2", 15)
    assert draw_price.in_parts(request, "neural4d").startswith("3 pictures 15,")
    assert draw_price.in_parts(request, "csm") == ""
    assert labels.price(30) == "Costs about 30 points"
    assert labels.price(30, measured=True) == "Costs 30 points"
    assert labels.price(None) == "Price not known"


def test_a_wait_is_counted_in_seconds_and_says_what_for() -> None:
    job = Job("one", "neural4d", Request(), waits_for=WaitsFor.PACE, note="GoNeural takes one task at a time.")
    assert state_labels.waits(replace(job, until=time.time() + 41.5)) == 42
    assert state_labels.waits(replace(job, until=time.time() - 1)) == 0
    assert state_labels.waits(replace(job, until=time.time() + 41.5, state=State.FAILED)) == 0
    assert state_labels.why_it_waits(job) == "Neural4D asks to slow down"
    assert state_labels.why_it_waits(replace(job, waits_for=WaitsFor.OTHER_JOB)) == "Waiting"
    assert state_labels.why_it_waits(replace(job, waits_for=WaitsFor.OUTAGE)) == "Neural4D is not available"
    assert state_labels.why_it_waits(replace(job, waits_for=WaitsFor.NOTHING)) == "Waiting", "of an earlier version"
    assert "balance" in state_labels.finding_out(job)


def test_a_batch_tells_the_longest_wait(monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = {
        name: Job(name, "neural4d", Request(), batch="b", cost=0, until=until)
        for name, until in (("one", 10.0), ("two", 30.0), ("three", 20.0))
    }
    counts = batch_progress.Tally("b")
    for job in jobs.values():
        counts._take(job)
    assert counts.paused is jobs["two"]
    counts._take(replace(jobs["two"], until=0.0))
    assert counts.paused is not None
    assert counts.paused.until == 0.0
    bridge.jobs.clear()


def test_a_refusal_can_be_copied_with_the_services_own_sentence(chosen: Any, sim: Simulator) -> None:
    chosen.prompt = "a forbidden chair"
    assert bpy.ops.neural4d.generate() == {"FINISHED"}
    (job,) = neural4d.jobs()
    with pytest.raises(neural4d.Neural4DError, match=r"^Please check the prompt\."):
        job.wait(60)
    assert bpy.ops.neural4d.copy_report(job=job.id) == {"FINISHED"}
    assert sim.spent == 0


def test_a_word_that_is_wider_than_the_panel_is_broken() -> None:
    address = "https://example.com/" + "a" * 200
    lines = labels.wrap(f"See {address} for more", 150)
    assert len(lines) > 2
    assert "".join(lines[1:]) == f"{address} for more"


def test_chinese_and_japanese_are_broken_anywhere_but_before_what_closes() -> None:
    said = "Neural4Dがジョブを受け付けたか、照会と残高で1分以上かけて確認しています。「その間」は再送信しません。"
    for width in range(60, 400, 7):
        lines = labels.wrap(said, width)
        assert "".join(lines) == said
        assert not [line for line in lines if line[0] in "、。」" or line.endswith("「")]
    assert len(labels.wrap(said, 150)[0]) > len("Neural4D")
    assert labels.wrap("Zu groß: 12 mm", 1000) == ["Zu groß: 12 mm"]


def test_the_new_settings_as_python(chosen: Any, mug: str, monkeypatch: pytest.MonkeyPatch) -> None:
    first(chosen)
    chosen.references.add().path = mug
    entry = chosen.references.add()
    entry.is_file, entry.image = False, bpy.data.images.new('a "mug"', 8, 8)
    told = called(copy_as_python.script(bpy.context), monkeypatch)
    assert {name: told[name] for name in ("picture_first", "pictures", "choose_cutout", "references")} == {
        "picture_first": True,
        "pictures": 3,
        "choose_cutout": True,
        "references": [mug, entry.image],
    }
    chosen.provider, chosen.input, chosen.image_path = "csm", "IMAGE", mug
    chosen.use_views, chosen.view_back = True, mug
    told = called(copy_as_python.script(bpy.context), monkeypatch)
    assert (told["image"], told["views"]) == (mug, {"back": mug})

"""From a model in the scene to its job and on: again, variations, another one in its place."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.engine import protocol
from neural4d_blender.engine.protocol import Option, Request
from neural4d_blender.scene import start_job
from neural4d_blender.scene.placing import provenance
from neural4d_blender.scene.placing.placement import undo_push
from neural4d_blender.scene.session import session
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator
from tests.support import scene_pictures

pytestmark = pytest.mark.one_blender

__all__ = ["sim", "simulator"]


def test_an_object_leads_to_its_job_and_that_to_another_one(sim: Simulator) -> None:
    job = neural4d.generate("a cute bird", size_mm=120, axis="X", group="g", group_points=70).wait(60)
    (root,) = job.objects
    label = bpy.data.objects.new("Label", None)
    label.parent = root
    bridge.jobs.clear()  # as after a start of Blender
    assert neural4d.job_of(label) == job
    root[provenance.JOB] = "somebody else's"
    assert neural4d.job_of(root) is None
    root[provenance.JOB] = job.id

    other = job.again(size_mm=60).wait(60)
    assert other != job
    assert [row["points"] for row in sim.ledger()] == [60, 60]
    assert {**other.request, "size_mm": 120, "group": "g", "group_points": 70} == job.request
    (first,), (second,) = job.objects, other.objects
    assert second.dimensions.x == pytest.approx(0.06, rel=0.001)
    assert second.location.x - first.location.x == pytest.approx(0.132, rel=0.001)
    with pytest.raises(neural4d.InvalidInput, match="colour"):
        job.again(colour="red")
    assert len(bridge.jobs) == 2


def test_again_in_the_place_of_a_model(sim: Simulator) -> None:
    job = neural4d.generate("a cute bird", size_mm=120, location=(3, 0, 0)).wait(60)
    (root,) = job.objects
    root.rotation_euler.z = 1.0
    root.name = "Tweety"
    twin = root.copy()
    bpy.context.scene.collection.objects.link(twin)
    twin.location.x = 9
    other = job.again(prompt="a red rocket", replace=root)
    root.name = "Renamed"  # the user goes on meanwhile
    undo_push("Rename")
    other.wait(60)
    assert set(other.objects) == {root, twin}
    assert (root.name, root.location.x, round(root.rotation_euler.z, 3)) == ("Renamed", 3, 1.0)
    assert root.data == twin.data
    assert {provenance.read(thing).prompt for thing in (root, twin)} == {"a red rocket"}
    assert job.objects == []
    assert len(bpy.data.meshes) == 1
    bpy.ops.ed.undo()
    root = bpy.data.objects["Renamed"]
    assert provenance.read(root).prompt == "a cute bird"
    third = job.again(replace=root)
    bpy.data.batch_remove(job.objects)  # what is gone leaves its place
    assert [thing.location.x for thing in third.wait(60).objects] == [3]


def test_another_variant_takes_the_place_for_nothing(sim: Simulator) -> None:
    job = neural4d.generate("a red rocket", size_mm=50, variants=3, best_for="", location=(1, 2, 3)).wait(60)
    (root,) = job.objects
    before = provenance.read(root).variant
    other = next(v.index for v in job.variants if v.index != before)
    assert not job.is_prepared(other)
    assert job.replace(root, variant=other) == [root]
    assert (provenance.read(root).variant, root.location[:]) == (other, (1, 2, 3))
    assert job.replace(root, variant=before) == [root]
    assert provenance.read(root).variant == before
    assert sim.spent == 60
    assert len(bpy.data.objects) == 1
    with pytest.raises(neural4d.InvalidInput, match="no model"):
        job.replace(bpy.data.objects.new("Mine", None))
    bpy.context.view_layer.objects.active = root
    bpy.ops.object.mode_set(mode="EDIT")
    with pytest.raises(neural4d.Neural4DError, match="Object Mode"):
        job.replace(root, variant=other)


def test_variations_are_variants_of_one_job(sim: Simulator) -> None:
    job = neural4d.generate("a red rocket", size_mm=50).wait(60)
    (more,) = job.variations(2)
    more.wait(60)
    assert len(more.objects) == 2
    assert sim.spent == 120
    places = sorted(round(root.location.x, 3) for root in (*job.objects, *more.objects))
    assert len(set(places)) == 3


def test_variations_fit_the_service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rocket = Request("a red rocket", group="g", group_points=60)
    requests = start_job.variations("neural4d", rocket, 5)
    assert [(one.variants, one.place_all, one.group) for one in requests] == [(4, True, ""), (1, False, "")]
    picture = scene_pictures.written(tmp_path, "png", scene_pictures.colours(512, 400))
    assert [place for place, _ in start_job.side_by_side(requests)] == [1, 5]
    chibi = Request(images=[str(picture)], options={"style": "tag"})  # of which there are no variants
    assert [one.variants for one in start_job.variations("neural4d", chibi, 2)] == [1, 1]
    with pytest.raises(neural4d.InvalidInput):
        start_job.variations("neural4d", rocket, 0)

    seed = Option("seed", "Seed", "int", 1, "", minimum=1, maximum=9)
    declared = protocol.Declaration(
        **protocol.declaration("neural4d").as_dict() | {"options": (seed,), "max_variants": 1}
    )
    monkeypatch.setattr(protocol, "declaration", lambda _: declared)
    requests = start_job.variations("neural4d", rocket, 12)
    assert {one.options["seed"] for one in requests} <= set(range(1, 10))
    assert len({one.options["seed"] for one in requests}) > 1


def test_a_picture_is_sent_again_until_its_copy_is_gone(sim: Simulator, tmp_path: Path) -> None:
    picture = scene_pictures.written(tmp_path, "png", scene_pictures.colours(512, 400)).rename(tmp_path / "mug.png")
    job = neural4d.generate(image=picture, size_mm=95).wait(60)
    assert provenance.read(job.objects[0]).image == "mug"
    other = job.again()
    other._until(lambda: other.cost, 60)
    assert Path(other.request["images"][0]).read_bytes() == Path(job.request["images"][0]).read_bytes()
    assert len(sim.requests("mattingImage")) == 2
    Path(job.request["images"][0]).unlink()
    spent = sim.spent
    with pytest.raises(neural4d.InvalidInput, match="gone"):
        job.again()
    assert sim.spent == spent
    assert len(bridge.jobs) == 2


def test_the_panels_buttons_do_the_same(sim: Simulator, tmp_path: Path) -> None:
    ui.register()
    try:
        job = neural4d.generate("a cute bird", size_mm=50, variants=2).wait(60)
        (root,) = job.objects
        before = provenance.read(root).variant
        assert bpy.ops.neural4d.replace(job=job.id, variant=1 - before) == {"FINISHED"}
        job._until(lambda: provenance.read(root).variant != before, 60)
        assert bpy.ops.neural4d.mark_asset(title="Bird", catalog="Birds") == {"FINISHED"}
        assert root.asset_data
        # Somebody else's model: what its properties tell is enough for a prompt, and no more than that.
        root[provenance.JOB] = "somebody else's"
        assert bpy.ops.neural4d.find_job() == {"FINISHED"}
        job._until(lambda: session.asked.unknown == {"somebody else's"}, 60)
        with pytest.raises(RuntimeError, match="Mark as Asset instead"):
            bpy.ops.neural4d.save_asset()
        spent = sim.spent
        assert bpy.ops.neural4d.generate_again(place="REPLACE") == {"FINISHED"}
        newest = max((neural4d.Job(one) for one in bridge.jobs), key=lambda one: one._data.created)
        assert newest.wait(60).objects == [root]
        assert (newest.request["size_mm"], newest.request["variants"]) == (50, 2)
        assert sim.spent == spent + 60
        root["neural4d_prompt"] = ""
        root[provenance.JOB] = "somebody else's"
        with pytest.raises(RuntimeError, match="does not know"):
            bpy.ops.neural4d.variations(count=2)
        root.select_set(False)
        assert not bpy.ops.neural4d.variations.poll()
    finally:
        session.asked.unknown.clear()
        ui.unregister()

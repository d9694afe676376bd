"""The preparer's work done in the user's own Blender: exact like any other, and nothing of theirs is touched."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.engine.protocol import JobFailed
from neural4d_blender.prepare import foreground, open_file
from neural4d_blender.scene import user_settings
from neural4d_blender.scene.placing.placement import measure_mm, place
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.scene.api.test_api import sim, simulator
from tests.support import sample_models

__all__ = ["sim", "simulator"]


def a_users_file() -> None:
    """Work of all the kinds that the preparer strips, hides, renames or removes in a file of its own."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.family()
    scene = bpy.context.scene
    scene.unit_settings.scale_length = 0.01
    bpy.data.texts.new("Script.py").write("keep = 1")
    bpy.data.materials.new("Unused")
    helpers = bpy.data.collections.new("glTF_not_exported")
    scene.collection.children.link(helpers)
    helpers.objects.link(bpy.data.objects.new("bird", None))
    item = bpy.data.objects["Plain"]
    item["author"] = "me"
    item.asset_mark()
    item.location.x = 3
    item.keyframe_insert("location", frame=1)
    item.driver_add("scale", 0).driver.expression = "2"
    item.modifiers.new("Twice", "ARRAY")
    item.hide_render = True
    item.constraints.new("LIMIT_LOCATION")
    bpy.context.view_layer.objects.active = item
    item.select_set(True)
    bpy.context.view_layer.update()


def all_there_is() -> list[tuple[Any, ...]]:
    kinds = [kind.identifier for kind in bpy.data.bl_rna.properties if kind.type == "COLLECTION"]
    there_is = [(kind, thing.name, thing.users) for kind in kinds for thing in getattr(bpy.data, kind)]
    items = [
        (
            item.name, item.matrix_world.copy().freeze(), item.parent and item.parent.name, tuple(item.keys()),
            len(item.modifiers), len(item.constraints), item.hide_render, item.asset_data is not None,
            item.animation_data and (item.animation_data.action.name, len(item.animation_data.drivers)),
        )
        for item in bpy.data.objects
    ]  # fmt: skip
    layer = bpy.context.view_layer
    shown = (bpy.context.scene.name, layer.objects.active.name, [item.name for item in layer.objects.selected])
    return [*sorted(there_is), *items, shown]


@pytest.mark.parametrize("model_format", sample_models.FORMATS)
def test_every_format_and_nothing_of_the_users_is_touched(tmp_path: Path, model_format: str) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.family()
    source = sample_models.export(model_format, tmp_path)
    expected = sample_models.world_points()
    a_users_file()
    before = all_there_is()
    output = tmp_path / "out.blend"
    values = {"source": str(source), "format": model_format, "output": str(output), "name": "bird", "size_mm": 120}
    facts = foreground.prepare(values)
    assert facts["ok"], facts
    assert facts["objects"] == (1 if model_format == "STL" else 3)
    assert all_there_is() == before
    scene = bpy.context.scene
    (root,) = place(output, name="bird", location=(0, 0, 0), collection=scene.collection, scene=scene)
    assert max(measure_mm([root], scene)) == pytest.approx(120, rel=1e-3)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    place(output, name="bird", location=(0, 0, 0), collection=bpy.context.scene.collection, scene=bpy.context.scene)
    assert sample_models.same_shape(expected, sample_models.world_points())


def test_a_broken_model_leaves_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "model.stl").write_bytes(b"solid nothing\nendsolid\n")
    a_users_file()
    before = all_there_is()
    values = {"source": str(tmp_path / "model.stl"), "format": "STL", "output": str(tmp_path / "o.blend"), "name": "x"}
    assert foreground.prepare(values)["code"] == "BrokenModel"
    assert all_there_is() == before


@pytest.mark.both_ends
def test_a_job_whose_background_blender_cannot_be_started(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_settings, "preparer", lambda: [str(tmp_path / "blender")])
    notes: set[str] = set()
    real = foreground.prepare

    def prepare(values: dict[str, Any]) -> dict[str, Any]:
        notes.update(job.note for job in bridge.jobs.values())
        return real(values)

    monkeypatch.setattr(foreground, "prepare", prepare)
    job = neural4d.generate("a cute bird", size_mm=120, variants=2, place_all=True).wait(60)
    assert (job.state, len(job.objects), sim.spent) == ("placed", 2, 60)
    assert all("stands still" in note and "No such file" in note for note in notes)
    for root in job.objects:
        assert max(measure_mm([root], bpy.context.scene)) == pytest.approx(120, rel=1e-3)
    assert [scene.name for scene in bpy.data.scenes] == ["Scene"]


@pytest.mark.one_blender
def test_a_model_that_is_broken_is_told_as_ever(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(user_settings, "preparer", lambda: [str(tmp_path / "blender")])
    broken = {"ok": False, "code": "PreparerFailed", "what": "It is too odd.", "remedy": "Press Retry."}
    with monkeypatch.context() as patch:
        patch.setattr(foreground, "prepare", lambda _values: broken)
        job = neural4d.generate("a cute bird", size_mm=120)
        with pytest.raises(JobFailed, match="too odd"):
            job.wait(60)
    job.retry()
    assert job.wait(60).state == "placed"
    assert sim.spent == 60


def test_what_was_there_before_is_not_the_models_own(empty_file: bpy.types.Scene) -> None:
    mine = bpy.data.meshes.new("Mine")
    open_file.begin()
    theirs = bpy.data.meshes.new("Theirs")
    assert open_file.own("meshes") == [theirs]
    open_file.purge()
    assert list(bpy.data.meshes) == [mine]

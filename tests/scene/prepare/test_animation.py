"""Keep Animation: rigs, actions and what they move, at the size that was asked for; without any, nothing differs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from neural4d_blender.prepare import main
from neural4d_blender.scene.placing import placement
from tests.support import sample_models


def prepare(source: Path, model_format: str, **wanted: Any) -> dict[str, Any]:
    values = {"source": source, "format": model_format, "output": source.parent / "out.blend", "name": "bird"}
    wanted = {"size_mm": 120, "axis": "Z", "animation": True} | wanted
    return main.prepare(main.PrepareJob.from_json(values | wanted))


def seen(frame: int) -> np.ndarray:
    bpy.context.scene.frame_set(frame)
    return sample_models.world_points()


def a_rig() -> None:
    sample_models.rigged()
    bone = bpy.data.objects["Rig"].pose.bones["High"]
    bone.rotation_mode = "XYZ"
    for frame, angle in ((1, 0.2), (20, 1.2)):
        bone.rotation_euler.x = angle
        bone.location.y = frame
        for path in ("rotation_euler", "location"):
            bone.keyframe_insert(path, frame=frame)


def an_object() -> None:
    """A wheel that turns below a car that stands turned, and a lamp beside them."""
    sample_models.family()
    wheel = bpy.data.objects["Plain"]
    wheel.rotation_mode = "XYZ"
    for frame, angle in ((1, 0.0), (20, 2.0)):
        wheel.rotation_euler.y = angle
        wheel.keyframe_insert("rotation_euler", frame=frame)
    bpy.context.scene.collection.objects.link(bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "SUN")))


def a_shape() -> None:
    sample_models.single()
    item = bpy.data.objects["Wedge"]
    item.shape_key_add(name="Basis")
    key = item.shape_key_add(name="Long")
    for point in key.data:
        point.co.x *= 2
    for frame, value in ((1, 0.0), (20, 1.0)):
        key.value = value
        key.keyframe_insert("value", frame=frame)


CASES = [(build, kind) for build in (a_rig, an_object, a_shape) for kind in ("BLEND", "GLB")] + [(a_rig, "FBX")]


@pytest.mark.parametrize(("build", "model_format"), CASES)
@pytest.mark.parametrize("unit_scale", [1, 0.01])
def test_what_moves_goes_on_moving(
    empty_file: bpy.types.Scene, tmp_path: Path, build: Callable[[], None], model_format: str, unit_scale: float
) -> None:
    if model_format == "FBX" and "fbx_import" not in dir(bpy.ops.wm):
        pytest.skip("the importer of this Blender moves rigs otherwise than they were")
    build()
    frames = (1, 10, 20)
    before = [seen(frame) for frame in frames]
    empty_file.frame_set(1)
    facts = prepare(sample_models.export(model_format, tmp_path), model_format)
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-3)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.unit_settings.scale_length = unit_scale
    (root,) = placement.place(
        tmp_path / "out.blend", name="bird", location=(0, 0, 0), collection=scene.collection, scene=scene
    )
    assert (tuple(root.scale), root.type) == ((1, 1, 1), "EMPTY")
    assert not bpy.data.lights
    first = seen(frames[0])
    assert np.ptp(first[:, 2]) * unit_scale == pytest.approx(0.12, rel=1e-3)
    assert first[:, 2].min() == pytest.approx(0, abs=1e-5 / unit_scale)
    # Each frame is as the file had it, in proportion to the first one.
    grown = np.ptp(first[:, 2]) / np.ptp(before[0][:, 2])
    for frame, there in zip(frames, before, strict=True):
        now = seen(frame)
        assert sample_models.same_shape(there, now)
        assert np.ptp(now, axis=0) == pytest.approx(np.ptp(there, axis=0) * grown, rel=2e-3)
    assert not np.allclose(seen(1), seen(20))


def test_every_take_is_kept(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    a_rig()
    rig = bpy.data.objects["Rig"]
    walk = rig.animation_data.action
    walk.name = "walk"
    for name in ("run", "jump"):
        track = rig.animation_data.nla_tracks.new()
        track.name = name
        action = walk.copy()
        action.name = name
        track.strips.new(name, 1, action)
        track.mute = True
    source = sample_models.export("GLB", tmp_path)
    prepare(source, "GLB")
    assert {"walk", "run", "jump"} <= {action.name.split("_")[0] for action in bpy.data.actions}
    facts = prepare(source, "GLB", animation=False)
    assert not bpy.data.actions
    assert any("animation=True" in warning for warning in facts["warnings"])


def test_what_is_asked_for_besides(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    an_object()
    facts = prepare(sample_models.export("GLB", tmp_path), "GLB", joined=True, max_faces=15)
    assert facts["faces"] <= 15 < 18
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-3)
    assert any("not joined" in warning for warning in facts["warnings"])


def test_drivers_never_stay(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    a_rig()
    rig = bpy.data.objects["Rig"]
    rig.driver_add("location", 0).driver.expression = "__import__('os').getpid()"
    prepare(sample_models.export("BLEND", tmp_path), "BLEND")
    assert not [item for item in bpy.data.objects if item.animation_data and len(item.animation_data.drivers)]
    assert bpy.data.objects["Rig"].animation_data.action


def test_without_anything_that_moves_it_is_as_ever(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.family()
    source = sample_models.export("GLB", tmp_path)
    told = [prepare(source, "GLB", animation=animation) for animation in (True, False)]
    of_one_run = {"seconds": None, "sha256": None}  # Blender's files hold addresses of memory
    assert {**told[0], **of_one_run} == {**told[1], **of_one_run}


@pytest.mark.both_ends
@pytest.mark.parametrize("model_format", ["GLB", "FBX", "BLEND", "USDZ"])
@pytest.mark.parametrize("make", [an_object, sample_models.family])
def test_animation_that_does_not_come_is_told(
    empty_file: bpy.types.Scene, tmp_path: Path, model_format: str, make: Callable[[], None]
) -> None:
    make()
    if model_format == "USDZ":
        source = tmp_path / "model.usdz"
        bpy.ops.wm.usd_export(filepath=str(source), export_animation=make is an_object)
    else:
        source = sample_models.export(model_format, tmp_path)
    told = [line for line in prepare(source, model_format, animation=False)["warnings"] if "animation" in line]
    assert len(told) == (make is an_object)

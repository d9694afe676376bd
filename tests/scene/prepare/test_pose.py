"""A rigged model stands as its file shows it, and its size is that of what is seen."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from mathutils import Matrix

from neural4d_blender.prepare import main
from tests.support import sample_models


def prepare(source: Path, model_format: str = "BLEND", **wanted: Any) -> dict[str, Any]:
    values = {"source": source, "format": model_format, "output": source.parent / "out.blend", "name": "bird"}
    return main.prepare(main.PrepareJob.from_json(values | {"size_mm": 120} | wanted))


def posed() -> bpy.types.Object:
    sample_models.rigged()
    rig = bpy.data.objects["Rig"]
    bone = rig.pose.bones["High"]
    bone.rotation_mode = "XYZ"
    bone.rotation_euler, bone.location = (0.6, 0.2, 0.9), (20, 30, -40)
    bpy.context.view_layer.update()
    return rig


def seen() -> np.ndarray:
    """The corners of what is seen, one by one: a bent one has other corners than one that is turned as a whole."""
    bpy.context.view_layer.update()
    return sample_models.world_points()


def at_rest_and_bending(before: np.ndarray) -> None:
    after = seen()
    assert sample_models.same_shape(before, after)
    assert np.ptp(after, axis=0).max() * 1000 == pytest.approx(120, rel=1e-3)
    (rig,) = (item for item in bpy.data.objects if item.type == "ARMATURE")
    assert all(bone.matrix_basis == Matrix.Identity(4) for bone in rig.pose.bones)
    plain = [tuple(vertex.co) for item in bpy.data.objects if item.type == "MESH" for vertex in item.data.vertices]
    assert sample_models.same_shape(np.array(plain), after)  # the mesh itself is what is seen
    rig.pose.bones["High"].location.x += 0.05
    moved = np.abs(seen() - after).max(axis=1) > 0.01
    assert 0 < moved.sum() < len(moved)


def export(model_format: str, folder: Path) -> Path:
    if model_format != "GLB":
        return sample_models.export(model_format, folder)
    path = folder / "model.glb"
    bpy.ops.export_scene.gltf(filepath=str(path), export_format="GLB", export_rest_position_armature=False)
    return path


@pytest.mark.parametrize("model_format", ["BLEND", "GLB", "USDZ"])
def test_the_pose_is_what_is_sized_and_shown(empty_file: bpy.types.Scene, tmp_path: Path, model_format: str) -> None:
    if model_format == "USDZ" and bpy.app.version < (4, 3):
        pytest.skip("the exporter of this Blender leaves the pose out")
    posed()
    before = seen()
    prepare(export(model_format, tmp_path), model_format)
    at_rest_and_bending(before)


def test_a_pose_that_a_constraint_holds(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    rig = posed()
    target = bpy.data.objects.new("Target", None)
    empty_file.collection.objects.link(target)
    target.location = (1, 2, 3)
    rig.pose.bones["High"].constraints.new("TRACK_TO").target = target
    before = seen()
    prepare(export("BLEND", tmp_path))
    at_rest_and_bending(before)


def test_shape_keys_are_posed_too(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    posed()
    skin = bpy.data.objects["Skin"]
    skin.shape_key_add(name="Basis")
    key = skin.shape_key_add(name="Longer")
    key.value = 0
    for point in key.data:
        point.co.z *= 1.5
    key.value = 0.25
    shown = seen()
    key.value = 1
    longest = seen()
    key.value = 0.25
    facts = prepare(export("BLEND", tmp_path))
    assert facts["warnings"] == []
    assert sample_models.same_shape(shown, seen())
    assert facts["measured_mm"] == pytest.approx(120, rel=1e-3)
    bpy.data.meshes[0].shape_keys.key_blocks["Longer"].value = 1
    assert sample_models.same_shape(longest, seen())


def test_a_bone_that_shrinks_to_nothing_is_kept(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    rig = posed()
    rig.pose.bones["High"].scale = (1e-7, 1e-7, 1e-7)
    before = seen()
    prepare(export("BLEND", tmp_path))
    assert sample_models.same_shape(before, seen())
    assert {bone.name for bone in bpy.data.armatures[0].bones} == {"Low", "High"}


def test_a_bones_child_stands_where_the_pose_puts_it(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    rig = posed()
    hat = bpy.data.objects.new("Hat", bpy.data.objects["Skin"].data.copy())
    empty_file.collection.objects.link(hat)
    hat.parent, hat.parent_type, hat.parent_bone = rig, "BONE", "High"
    before = seen()
    prepare(export("BLEND", tmp_path))
    assert sample_models.same_shape(before, seen())


def test_two_that_share_their_data_keep_a_pose_each(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    rig = posed()
    skin = bpy.data.objects["Skin"]
    other, second = rig.copy(), skin.copy()
    for item in (other, second):
        empty_file.collection.objects.link(item)
    second.parent = second.modifiers[0].object = other
    other.location.x += 5
    other.pose.bones["High"].rotation_euler = (0, 0, 0)
    before = seen()
    prepare(export("BLEND", tmp_path))
    assert sample_models.same_shape(before, seen())


def test_what_moved_is_said_to_be_left_out(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    rig = posed()
    bone = rig.pose.bones["High"]
    bone.keyframe_insert("rotation_euler", frame=1)
    bone.rotation_euler.x += 2
    bone.keyframe_insert("rotation_euler", frame=20)
    empty_file.frame_set(1)
    before = seen()
    facts = prepare(export("GLB", tmp_path), "GLB")
    assert sample_models.same_shape(before, seen())
    assert [warning for warning in facts["warnings"] if "animation" in warning]
    assert not bpy.data.actions

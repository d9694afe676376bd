"""Placing a prepared model: where it lands, how large it is there, and what it leaves alone."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
import pytest
from mathutils import Euler

from neural4d_blender.engine.errors import BrokenModel
from neural4d_blender.scene.placing import placement
from tests.scene.conftest import LENGTH, Prepared
from tests.support import sample_models

UNIT_SCALES = [1.0, 0.01, 0.001, 1000.0]


@pytest.fixture
def scene(prepared: Prepared) -> bpy.types.Scene:
    """The scene of a new file in which one object of the user's own is selected and active."""
    for model in sample_models.MODELS:
        prepared(model)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_cube_add()
    bpy.context.object.name = "Mine"
    found: bpy.types.Scene = bpy.context.scene
    return found


def place(path: Path, scene: bpy.types.Scene, **wanted: object) -> bpy.types.Object:
    values: dict[str, object] = {"name": "bird", "location": (0, 0, 0), "collection": scene.collection}
    (root,) = placement.place(path, scene=scene, **values | wanted)
    return root


def world_size(root: bpy.types.Object) -> np.ndarray:
    """The size of a placed model in Blender units, measured independently of the code under test."""
    bpy.context.view_layer.update()
    points = np.array(
        [
            item.matrix_world @ vertex.co
            for item in (root, *root.children_recursive)
            if item.type == "MESH"
            for vertex in item.data.vertices
        ]
    )
    return np.ptp(points, axis=0)


@pytest.mark.parametrize("unit_scale", UNIT_SCALES)
@pytest.mark.parametrize("model", sample_models.MODELS)
def test_real_size_in_any_unit_scale(scene: bpy.types.Scene, prepared: Prepared, model: str, unit_scale: float) -> None:
    scene.unit_settings.scale_length = unit_scale
    root = place(prepared(model), scene)
    size = world_size(root)
    assert size[2] * unit_scale * 1000 == pytest.approx(LENGTH, rel=1e-3)
    assert placement.measure_mm([root], scene) == pytest.approx(tuple(size * unit_scale * 1000), rel=1e-4)
    for item in (root, *root.children_recursive):
        assert tuple(item.scale) == (1, 1, 1)
        assert tuple(item.rotation_euler) == (0, 0, 0)
        assert tuple(item.location) == (0, 0, 0)


def test_without_a_unit_system_the_scale_does_not_count(scene: bpy.types.Scene, prepared: Prepared) -> None:
    scene.unit_settings.system = "NONE"
    scene.unit_settings.scale_length = 0.01
    root = place(prepared("single"), scene)
    assert world_size(root)[2] == pytest.approx(LENGTH / 1000, rel=1e-3)
    assert placement.measure_mm([root], scene)[2] == pytest.approx(LENGTH, rel=1e-3)


def test_a_rig_keeps_bending_its_mesh_in_another_unit_scale(scene: bpy.types.Scene, prepared: Prepared) -> None:
    scene.unit_settings.scale_length = 0.01
    root = place(prepared("rigged"), scene)
    rig = next(item for item in root.children if item.type == "ARMATURE")
    skin = next(item for item in rig.children if item.type == "MESH")
    low, high = rig.data.bones["Low"], rig.data.bones["High"]
    expected = world_size(root)[2] / 2.8  # the sample's bones are 1 long, its mesh is 2.8 high
    assert (high.head_local - low.head_local).length == pytest.approx(expected, rel=1e-3)
    assert low.length == pytest.approx(expected, rel=1e-2)
    assert skin.modifiers[0].object == rig


def test_location_and_collection(scene: bpy.types.Scene, prepared: Prepared) -> None:
    target = bpy.data.collections.new("Target")
    scene.collection.children.link(target)
    root = place(prepared("family"), scene, location=(1, -2, 3), collection=target)
    assert tuple(root.location) == (1, -2, 3)
    assert {item.name for item in target.objects} == {root.name, *(child.name for child in root.children)}
    for item in target.objects:
        assert list(item.users_collection) == [target]
    assert list(scene.collection.objects) == [bpy.data.objects["Mine"]]


def test_nothing_else_comes_along(scene: bpy.types.Scene, prepared: Prepared) -> None:
    place(prepared("family"), scene)
    assert list(bpy.data.libraries) == []
    assert list(bpy.data.collections) == []
    assert list(bpy.data.scenes) == [scene]
    assert len(bpy.data.objects) == 1 + 4
    bpy.data.orphans_purge(do_recursive=True)
    assert len(bpy.data.objects) == 1 + 4


def test_the_same_model_twice_is_two_models(scene: bpy.types.Scene, prepared: Prepared) -> None:
    first, second = place(prepared("single"), scene), place(prepared("single"), scene)
    assert (first.name, second.name) == ("bird", "bird.001")
    assert first.data != second.data
    assert (first.data.name, second.data.name) == ("bird", "bird.001")


@pytest.mark.parametrize(("name", "expected"), [("é" * 60, "é" * 31), ("x" * 200, "x" * 63), ("bird", "bird")])
def test_names_fit_the_oldest_blender(scene: bpy.types.Scene, prepared: Prepared, name: str, expected: str) -> None:
    root = place(prepared("single"), scene, name=name)
    assert root.name == root.data.name == expected


def test_selection(scene: bpy.types.Scene, prepared: Prepared) -> None:
    mine = bpy.data.objects["Mine"]
    root = place(prepared("family"), scene)
    view_layer = bpy.context.view_layer
    assert view_layer.objects.active == root
    assert list(view_layer.objects.selected) == [root]
    place(prepared("single"), scene, select=False)
    assert list(view_layer.objects.selected) == [root]
    assert not mine.select_get()


def test_an_excluded_collection_and_a_scene_that_is_not_shown(scene: bpy.types.Scene, prepared: Prepared) -> None:
    target = bpy.data.collections.new("Off")
    scene.collection.children.link(target)
    bpy.context.view_layer.layer_collection.children["Off"].exclude = True
    root = place(prepared("single"), scene, collection=target)
    assert list(target.objects) == [root]

    other = bpy.data.scenes.new("Other")
    other.unit_settings.scale_length = 0.01
    root = place(prepared("single"), other, collection=other.collection)
    assert list(other.collection.objects) == [root]
    assert placement.measure_mm([root], other)[2] == pytest.approx(LENGTH, rel=1e-3)
    assert bpy.context.scene == scene
    assert bpy.context.view_layer.objects.active == bpy.data.objects["Mine"]


def test_someone_in_edit_mode_stays_there(scene: bpy.types.Scene, prepared: Prepared) -> None:
    mine = bpy.data.objects["Mine"]
    bpy.ops.object.mode_set(mode="EDIT")
    root = place(prepared("single"), scene)
    assert bpy.context.mode == "EDIT_MESH"
    assert bpy.context.view_layer.objects.active == mine
    assert root.name in scene.objects


def test_measure_follows_parents_rotation_and_modifiers(scene: bpy.types.Scene, prepared: Prepared) -> None:
    root = place(prepared("family"), scene)
    root.rotation_euler = Euler((0.3, 0.7, 0.2))
    root.scale = (2, 2, 2)
    assert placement.measure_mm([root], scene) == pytest.approx(tuple(world_size(root) * 1000), rel=1e-4)
    mine = bpy.data.objects["Mine"]
    mine.modifiers.new("Twice", "ARRAY").count = 3
    assert placement.measure_mm([mine], scene) == pytest.approx((6000, 2000, 2000))
    assert placement.measure_mm([], scene) == (0, 0, 0)


@pytest.mark.parametrize("damage", ["missing", "cut", "garbage", "empty"])
def test_a_damaged_file_is_told_and_leaves_nothing(
    scene: bpy.types.Scene, prepared: Prepared, tmp_path: Path, damage: str
) -> None:
    path = tmp_path / "prepared.blend"
    if damage == "cut":
        data = prepared("single").read_bytes()
        path.write_bytes(data[: len(data) // 2])
    elif damage == "garbage":
        path.write_bytes(b"no blend at all")
    elif damage == "empty":
        bpy.data.libraries.write(str(path), {bpy.data.texts.new("note")})
    before = len(bpy.data.objects), len(bpy.data.meshes)
    with pytest.raises(BrokenModel) as caught:
        place(path, scene)
    assert path.name in caught.value.what
    assert "Place it once more" in caught.value.remedy
    assert (len(bpy.data.objects), len(bpy.data.meshes)) == before
    assert list(bpy.data.libraries) == []


def test_undo_takes_away_the_model_and_nothing_else(scene: bpy.types.Scene, prepared: Prepared) -> None:
    with placement.undo_step("Place bird"):
        place(prepared("family"), scene)
    bpy.ops.ed.undo()
    assert [item.name for item in bpy.data.objects] == ["Mine"]
    assert [item.name for item in bpy.context.scene.objects] == ["Mine"]
    bpy.ops.ed.redo()
    assert len(bpy.data.objects) == 1 + 4
    assert bpy.data.objects["bird"].name in bpy.context.scene.objects


def test_each_placing_is_a_step_of_its_own(scene: bpy.types.Scene, prepared: Prepared) -> None:
    for name in ("one", "two", "three"):
        with placement.undo_step(f"Place {name}"):
            place(prepared("single"), scene, name=name)
    for left in (["Mine", "one", "two"], ["Mine", "one"], ["Mine"]):
        bpy.ops.ed.undo()
        assert sorted(item.name for item in bpy.data.objects) == sorted(left)


def test_a_placing_that_fails_leaves_no_undo_step(scene: bpy.types.Scene, prepared: Prepared, tmp_path: Path) -> None:
    with placement.undo_step("Place bird"):
        place(prepared("single"), scene)
    with pytest.raises(BrokenModel), placement.undo_step("Place nothing"):
        place(tmp_path / "none.blend", scene)
    bpy.ops.ed.undo()
    assert [item.name for item in bpy.data.objects] == ["Mine"]

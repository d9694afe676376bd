"""What a model would stand in, what hides it, and where there is room beside; several jobs at one cursor."""

from __future__ import annotations

import bpy
import pytest
from mathutils import Vector

from neural4d_blender.scene.placing import placeholder, surroundings

Box = surroundings.Box


@pytest.fixture
def layer(empty_file: bpy.types.Scene) -> bpy.types.ViewLayer:
    """Of an empty scene."""
    return empty_file.view_layers[0]


def box(x: float, y: float, z: float, size: float) -> Box:
    """A cube with its bottom there."""
    half = size / 2
    return Vector((x - half, y - half, z)), Vector((x + half, y + half, z + size))


def cube(size: float, x: float = 0.0, z: float = 0.0) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(size=size, location=(x, 0, z))
    bpy.context.view_layer.update()
    return bpy.context.object


def names(found: list[bpy.types.Object]) -> list[str]:
    return [thing.name for thing in found]


def test_something_small_is_inside_something_large(layer: bpy.types.ViewLayer) -> None:
    cube(2)
    assert names(surroundings.inside_of(box(0, 0, 0, 0.1), layer, [])) == ["Cube"]
    assert names(surroundings.inside_of(box(0, 0, 0, 2), layer, [])) == ["Cube"]
    assert surroundings.inside_of(box(0, 0, 1, 0.1), layer, []) == []  # it stands on it
    assert surroundings.inside_of(box(1.06, 0, 0, 0.1), layer, []) == []  # and beside it


def test_a_room_a_floor_and_what_is_hidden_are_in_nobodys_way(layer: bpy.types.ViewLayer) -> None:
    room = cube(20, z=9)
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.flip_normals()
    bpy.ops.object.mode_set(mode="OBJECT")
    bpy.ops.mesh.primitive_plane_add(size=50)
    hidden = cube(2)
    hidden.hide_set(True)
    bpy.context.view_layer.update()
    assert surroundings.inside_of(box(0, 0, 0, 1), layer, []) == []
    hidden.hide_set(False)
    bpy.context.view_layer.update()
    assert names(surroundings.inside_of(box(0, 0, 0, 1), layer, [])) == [hidden.name]
    assert surroundings.inside_of(box(0, 0, 0, 1), layer, [hidden]) == []
    assert room.name == "Cube"


def test_stepping_aside_goes_past_all_that_is_there(layer: bpy.types.ViewLayer) -> None:
    cube(2)
    cube(1, x=1.9, z=0.5)
    step = surroundings.step_aside(box(0, 0, 0, 2), layer, [])
    assert step == pytest.approx(2.4 + 1 + 0.2)
    assert surroundings.inside_of(box(step, 0, 0, 2), layer, []) == []
    assert surroundings.step_aside(box(10, 0, 0, 2), layer, []) == 0


def test_what_is_behind_something_is_told(layer: bpy.types.ViewLayer) -> None:
    wall = cube(2, x=5)
    assert surroundings.behind(box(0, 0, -0.1, 0.2), Vector((20, 0, 0)), layer, []) == wall.name
    assert surroundings.behind(box(0, 0, -0.1, 0.2), Vector((-20, 0, 0)), layer, []) == ""
    assert surroundings.behind(box(0, 0, -3, 6), Vector((20, 0, 0)), layer, []) == ""


def test_a_placeholder_is_in_the_way_as_it_is_seen(layer: bpy.types.ViewLayer) -> None:
    held = bpy.data.objects.new("a chair", None)
    layer.layer_collection.collection.objects.link(held)
    held[placeholder.MARK] = {"job": "1", "session": "", "uid": 0, "copy": False}
    held.empty_display_type, held.empty_display_size = "PLAIN_AXES", 0.5
    layer.update()
    assert [corner.z for corner in placeholder.corners(held)].count(0.0) == 4
    assert names(surroundings.inside_of(box(0.4, 0, 0, 2), layer, [])) == ["a chair"]
    assert surroundings.inside_of(box(0, 0, -1, 1), layer, []) == []  # it begins at the floor

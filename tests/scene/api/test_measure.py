"""Sizes that are measured in the scene: between points, of objects as they stand, and into the panel."""

from __future__ import annotations

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.scene import measuring
from tests.scene.api.test_fit import make_box, registered

pytestmark = pytest.mark.one_blender

__all__ = ["registered"]


@pytest.mark.parametrize(("system", "scale", "mm"), [("METRIC", 1.0, 5000), ("METRIC", 0.01, 50), ("NONE", 0.01, 5000)])
def test_between_two_points(empty_file: bpy.types.Scene, system: str, scale: float, mm: float) -> None:
    empty_file.unit_settings.system, empty_file.unit_settings.scale_length = system, scale
    assert neural4d.distance_mm((0, 0, 0), (3, 0, 4)) == pytest.approx(mm)
    door = make_box("Door", (1, 0.1, 2), (0, 0, 0))
    lamp = bpy.data.objects.new("Lamp", None)
    lamp.location = door.matrix_world.translation + type(door.location)((5, 0, 0))
    empty_file.collection.objects.link(lamp)
    bpy.context.view_layer.update()
    assert neural4d.distance_mm(door, lamp) == pytest.approx(mm)
    for wrong in ((1, 2), "ab", None, ("a", "b", "c")):
        with pytest.raises(neural4d.InvalidInput, match=r"three numbers|list of numbers"):
            neural4d.distance_mm((0, 0, 0), wrong)
    with pytest.raises(neural4d.InvalidInput, match="are the same"):
        neural4d.distance_mm(lamp, lamp)


def test_how_large_objects_are_as_they_stand(empty_file: bpy.types.Scene) -> None:
    door, step = make_box("Door", (1, 0.1, 2), (0, 0, 0.5)), make_box("Step", (1, 1, 0.5), (0, 0, 0))
    assert neural4d.size_mm_of(door) == pytest.approx(2000)
    assert neural4d.size_mm_of([door, step]) == pytest.approx(2500)
    door.rotation_euler.y = 1.5707963
    assert neural4d.size_mm_of(door) == pytest.approx(1000, abs=1)
    assert neural4d.size_mm_of(door, "LONGEST") == pytest.approx(2000, abs=1)
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    with pytest.raises(neural4d.InvalidInput, match="Nothing that has a size"):
        neural4d.size_mm_of(sun)
    with pytest.raises(neural4d.InvalidInput, match="axis must be"):
        neural4d.size_mm_of(door, "W")
    flat = bpy.data.objects.new("Flat", bpy.data.meshes.new("Flat"))
    flat.data.from_pydata([(0, 0, 0), (1, 0, 0), (1, 1, 0)], [], [(0, 1, 2)])
    empty_file.collection.objects.link(flat)
    with pytest.raises(neural4d.InvalidInput, match="no size along Z"):
        neural4d.size_mm_of(flat)


@pytest.mark.usefixtures("registered")
def test_it_becomes_the_panels_size(empty_file: bpy.types.Scene) -> None:
    chosen = empty_file.neural4d
    chosen.use_size, chosen.axis = False, "LONGEST"
    assert bpy.ops.neural4d.measure_size(first=(0, 0, 0), second=(0.3, 0.4, 0)) == {"FINISHED"}
    assert (chosen.use_size, chosen.size_mm, chosen.axis) == (True, pytest.approx(500), "LONGEST")
    assert bpy.ops.neural4d.measure_size(first=(1, 0, 0), second=(1, 0, 0.75)) == {"FINISHED"}
    assert (chosen.size_mm, chosen.axis) == (pytest.approx(750), "Z")
    with pytest.raises(RuntimeError, match="are the same"):
        bpy.ops.neural4d.measure_size()
    make_box("Door", (1, 0.1, 2))
    assert bpy.ops.neural4d.size_of_selection(axis="Z", times=0.5) == {"FINISHED"}
    assert chosen.size_mm == pytest.approx(1000)
    bpy.ops.object.select_all(action="DESELECT")
    assert not bpy.ops.neural4d.size_of_selection.poll()


def test_along_what_a_line_is() -> None:
    assert measuring.axis_of((0, 0, 0), (0, -2, 0.01)) == "Y"
    assert measuring.axis_of((0, 0, 0), (1, 1, 0)) == ""
    assert measuring.axis_of((0, 0, 0), (0, 0, 0)) == ""

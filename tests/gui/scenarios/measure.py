"""Measure Two Points: clicked beside the corners of a cube, which they snap to; Escape; as tall as the selection."""

from __future__ import annotations

import bpy
from bpy_extras.view3d_utils import location_3d_to_region_2d
from mathutils import Vector

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import expect, in_window

#: Pixels from the middle of the field to the menu's button.
_TO_MENU = 76


def scenario(ui):
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    with in_window():
        bpy.ops.mesh.primitive_cube_add(size=2, location=(0, 0, 1))
        bpy.ops.mesh.primitive_cube_add(size=1, location=(4, 0, 0.75), scale=(1, 1, 1.5))
    chosen = bpy.context.scene.neural4d
    yield from ui.open_tab("Neural4D")
    yield 0.5
    yield from ui.screenshot("measure-1-panel-292")
    size = yield from ui.find(r"neural4d\.size$")
    yield from ui.click(size.x + _TO_MENU, size.y)
    yield 0.5
    yield from ui.screenshot("measure-2-menu")
    yield from ui.press("ESC")
    yield from ui.widen(-32)
    yield from ui.screenshot("measure-5-panel-260")
    yield from ui.widen(32)
    yield from _start(ui)
    yield from ui.move(*_at(ui, (1, -1, 0), 3))
    yield 0.3
    yield from ui.click(*_at(ui, (1, -1, 0), 3))
    yield from ui.move(*_at(ui, (1, -1, 2), -3))
    yield 0.3
    yield from ui.screenshot("measure-3-second-point")
    yield from ui.click(*_at(ui, (1, -1, 2), -3))
    yield Until(lambda: chosen.is_property_set("size_mm"), "the size", 5)
    measured, axis = round(chosen.size_mm, 3), chosen.axis
    yield from ui.screenshot("measure-4-measured")
    yield from _start(ui)
    yield from ui.click(*_at(ui, (1, -1, 0), 3))
    yield from ui.press("ESC")
    yield 0.3
    after_escape = round(chosen.size_mm, 3)
    yield from _start(ui)
    yield from ui.click(*_at(ui, (1, -1, 0), 3))
    yield from ui.click(*_at(ui, (-1, -1, 2), 3))
    yield 0.3
    diagonal = abs(chosen.size_mm - 2000 * 2**0.5) < 1
    with in_window():
        expect(bpy.context.object.dimensions.z == 1.5, "the smaller cube is selected")
        bpy.ops.neural4d.size_of_selection(axis="Z")
    yield 0.3
    return {
        "measured": measured,
        "axis": axis,
        "after_escape": after_escape,
        "selection": round(chosen.size_mm, 3),
        "diagonal": diagonal,
    }


def _start(ui):
    yield from ui.move(*ui.middle())
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "VIEW_3D")
    region = next(region for region in area.regions if region.type == "WINDOW")
    with bpy.context.temp_override(window=window, area=area, region=region):
        bpy.ops.neural4d.measure_size("INVOKE_DEFAULT")
    yield 0.3


def _at(ui, point, beside):
    """Where in the window a point is seen, a few pixels beside it."""
    area = next(area for area in bpy.context.window_manager.windows[0].screen.areas if area.type == "VIEW_3D")
    region = next(region for region in area.regions if region.type == "WINDOW")
    spot = location_3d_to_region_2d(region, area.spaces.active.region_3d, Vector(point))
    return round(region.x + spot.x) + beside, round(region.y + spot.y) + beside

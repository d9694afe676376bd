"""The pictures of the README, for scripts/screenshots.py: the panel, a job under way, the model in the scene."""

from __future__ import annotations

import math

import bpy
from mathutils import Euler

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import fill_in, generate, in_window, newest, reached


def scenario(ui):
    """Takes the pictures; returns where to cut them: left, top, right, bottom in pixels from the top left."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    space = ui.area().spaces[0]
    space.clip_start = 0.001
    space.shading.type = "MATERIAL"
    view = space.region_3d
    view.view_location, view.view_distance = (0.05, 0.0, 0.05), 0.42
    view.view_rotation = Euler((math.radians(72), 0.0, math.radians(22))).to_quaternion()
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    yield from fill_in(ui, "a cute bird", "120")
    yield from ui.screenshot("readme-panel")
    panel = yield from around_the_panel(ui)
    yield from generate(ui)
    yield reached("generating")
    yield Until(lambda: newest()["progress"] > 0.3, "a job that is well under way", 60)
    yield from ui.screenshot("readme-generating")
    # Not swept for buttons: the job goes on meanwhile.
    generating = [*panel[:3], panel[3] + 16]
    yield reached("placed")
    yield 6.0  # the viewport compiles its shaders
    with in_window():
        bpy.context.view_layer.objects.active.select_set(False)
    x, y = ui.middle()
    yield from ui.move(x, y)
    yield from ui.screenshot("readme-placed")
    area = ui.area()
    placed = from_top(ui, area.x, area.y, area.width, area.height)
    return {"readme-panel": panel, "readme-generating": generating, "readme-placed": placed}


def around_the_panel(ui):
    """The sidebar down to its lowest button."""
    buttons = yield from ui.buttons()
    lowest = min(button.y for button in buttons) - 24
    region = ui.region()
    return from_top(ui, region.x, lowest, region.width, region.y + region.height - lowest)


def from_top(ui, x, y, width, height):
    top = ui.window.height - y - height
    return [x, top, x + width, top + height]

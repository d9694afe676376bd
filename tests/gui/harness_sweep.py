"""Looks at what is below the mouse at many points at once, for harness_window.Window. Runs inside Blender.

A redraw takes longer than all the rest, so between two of them Blender is sent many moves of the mouse, and after each
a key that no keyboard has. It calls an operator of ours, which writes down what is below the mouse then.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from typing import Any, ClassVar

import bpy

Point = tuple[int, int]
Below = Callable[[], str]
KEY = "F20"


class Look(bpy.types.Operator):
    """Writes down what the button below the mouse is"""

    bl_idname = "wm.harness_look"
    bl_label = "Look"
    below: ClassVar[Below]
    told: ClassVar[list[str]]

    def execute(self, _context: bpy.types.Context) -> set[str]:
        self.told.append(Look.below())
        return {"FINISHED"}


def listen() -> None:
    """Have Blender call Look for its key wherever the mouse is."""
    bpy.utils.register_class(Look)
    keys = bpy.context.window_manager.keyconfigs.addon.keymaps.new(name="Window")
    keys.keymap_items.new(Look.bl_idname, KEY, "PRESS")


def look(window: bpy.types.Window, points: Sequence[Point], below: Below) -> Generator[Any, None, dict[Point, str]]:
    """What `below` tells at each of these points, which go row by row; empty where no button is."""
    there = yield from _told(window, points, below)
    back = yield from _told(window, [points[0], *reversed(points)], below)
    # Blender tells a button until another one is met. Where one is met it is, whichever side it is met from, and so it
    # is between these places, unless there another one is told.
    boxes: dict[str, list[Point]] = {}
    for way, told in ((points, there), ([points[0], *reversed(points)], back)):
        for point, what, before in zip(way, told, ["", *told], strict=False):
            if what != before:
                boxes.setdefault(what, []).append(point)
    found = {}
    for point, what, other in zip(points, there, reversed(back), strict=False):
        found[point] = what if what and what == other and _within(point, boxes[what]) else ""
    return found


def middle(points: Sequence[Point]) -> Point:
    """The point nearest to the middle of all: a button may have others within its bounds."""
    xs, ys = zip(*points, strict=True)
    x, y = (min(xs) + max(xs)) / 2, (min(ys) + max(ys)) / 2
    return min(points, key=lambda point: (point[0] - x) ** 2 + (point[1] - y) ** 2)


def _told(window: bpy.types.Window, points: Sequence[Point], below: Below) -> Generator[Any, None, list[str]]:
    Look.told, Look.below = [], below
    for x, y in points:
        for _ in range(2):  # the first move leaves a button, the second one is met by what is there
            window.event_simulate(type="MOUSEMOVE", value="NOTHING", x=x, y=y)
        window.event_simulate(type=KEY, value="PRESS", x=x, y=y)
        window.event_simulate(type=KEY, value="RELEASE", x=x, y=y)
    while len(Look.told) < len(points):
        yield 0.0
    return Look.told


def _within(point: Point, box: Sequence[Point]) -> bool:
    return all(min(side) <= here <= max(side) for here, side in zip(point, zip(*box, strict=True), strict=True))

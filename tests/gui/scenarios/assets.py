"""Steps in the Asset Browser: show the library, pick an asset up and drop it."""

from __future__ import annotations

import bpy

from tests.gui.scenarios.steps import in_viewport


def drag_asset(ui, start, end):
    """As a hand does it: an asset is picked up by the first few pixels of a move."""
    window = bpy.context.window_manager.windows[0]
    yield from ui.move(*start)
    window.event_simulate(type="LEFTMOUSE", value="PRESS", x=start[0], y=start[1])
    yield 0.2
    for pixels in (2, 4, 8, 12):
        yield from ui.move(start[0] + pixels, start[1] + pixels)
    for part in range(1, 6):
        yield from ui.move(*(round(a + (b - a) * part / 5) for a, b in zip(start, end, strict=True)))
        yield 0.1
    window = bpy.context.window_manager.windows[0]
    window.event_simulate(type="LEFTMOUSE", value="RELEASE", x=end[0], y=end[1])
    yield 0.5


def show_assets():
    """The lower part of the viewport becomes an Asset Browser that shows the library."""
    with in_viewport():
        bpy.ops.screen.area_split(direction="HORIZONTAL", factor=0.4)
    yield 0.5
    window = bpy.context.window_manager.windows[0]
    lowest = min((area for area in window.screen.areas if area.type == "VIEW_3D"), key=lambda area: area.y)
    lowest.ui_type = "ASSETS"
    yield 0.5
    window = bpy.context.window_manager.windows[0]
    area = next(area for area in window.screen.areas if area.type == "FILE_BROWSER")
    area.spaces[0].params.asset_library_reference = "Neural4D"

"""Online access is off: the panel says so, and where it can be switched on there is a way to the switch."""

from __future__ import annotations

import bpy

from tests.gui.harness_window import WIDE, GaveUp, Until
from tests.gui.scenarios.steps import ICON, bridge, expect, press


def switched_off(ui):
    """The preference is off: one button leads to it, and switching it on is all it takes."""
    yield from _grey(ui, "offline-1-preference-off")
    yield from press(ui, r"neural4d\.open_network_settings\(", columns=ICON)
    yield Until(lambda: len(bpy.context.window_manager.windows) == 2, "the preferences to open", 5)
    ui.focus = 1
    yield 0.5
    yield from ui.screenshot("offline-2-network-settings")
    bpy.context.preferences.system.use_online_access = True  # Blender's own checkbox, seen in the picture
    with bpy.context.temp_override(window=ui.window):
        bpy.ops.wm.window_close()
    ui.focus = 0
    yield 0.5
    yield from ui.screenshot("offline-3-allowed")
    return bpy.ops.neural4d.generate.poll()


def started_offline(ui):
    """--offline-mode: no preference can change that, so no button pretends to."""
    yield from _grey(ui, "offline-4-started-offline")
    try:
        yield from ui.find(r"open_network_settings", columns=WIDE)
    except GaveUp:
        return bpy.ops.neural4d.generate.poll()
    raise GaveUp("a button leads to a switch that does nothing")


def _grey(ui, picture):
    bpy.context.scene.neural4d.prompt = "a cute bird"
    yield from ui.open_tab("Neural4D")
    yield from press(ui, r"neural4d\.generate\(")
    expect(not bridge.running and not bridge.jobs, "nothing is sent without online access")
    yield 1.5  # the button says why it is grey
    yield from ui.screenshot(picture)

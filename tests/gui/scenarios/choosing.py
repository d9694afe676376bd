"""While a choice of cut-outs waits nothing else is held up, and Blender's next start brings it back."""

from __future__ import annotations

import bpy

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import bridge, expect, generate, in_window, modal_operators, newest, reached

_NAME = "bl_ext.user_default.neural4d"


def scenario(ui, picture: str, file: str):
    """Generate is modal on the way to the service only: auto-save and Esc are the user's own again after that."""
    yield from ui.open_tab("Neural4D")
    chosen = bpy.context.scene.neural4d
    chosen.input, chosen.image_source, chosen.image_path, chosen.choose_cutout = "IMAGE", "FILE", picture, True
    yield from ui.redraw()
    yield from generate(ui)
    yield reached("choosing_cutout")
    yield 0.5
    expect(modal_operators() == [], "no operator is modal while the choice waits")
    yield from ui.move(*ui.middle())
    yield from ui.press("ESC")
    yield 0.5
    expect(newest().state == "choosing_cutout", "Esc in the viewport does not cancel the job")
    # As at a start with a .blend: Blender enables its extensions, and loads the file after that.
    with in_window():
        bpy.ops.wm.save_as_mainfile(filepath=file)
        bpy.ops.preferences.addon_disable(module=_NAME)
        bridge.jobs.clear()
        bpy.ops.preferences.addon_enable(module=_NAME)
        bpy.ops.wm.open_mainfile(filepath=file)
    yield Until(lambda: bridge.jobs, "the jobs of the journal", 20)
    return newest().state

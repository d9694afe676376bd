"""A day with the panel: a key that generates, settings that survive a new file, Use Again, pictures to compare, a
picture that is seen before it is paid for, another language.
"""

from __future__ import annotations

import bpy
from bl_ext.user_default.neural4d.ui.drawing.languages import tr

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import bridge, drawn, expect, fill_in, generate, newest, press, reached

#: Where the icons of a job's line are that are not the last one, as fractions of the sidebar's width.
ICONS = (0.62, 0.65, 0.68, 0.71, 0.74, 0.77, 0.8)


def scenario(ui):
    yield from ui.open_tab("Neural4D")
    chosen = bpy.context.scene.neural4d
    chosen.variants, chosen.use_cap, chosen.max_points = 2, True, 500
    yield from fill_in(ui, "a cute bird")
    for category in ("View", "Neural4D"):
        yield from ui.open_tab(category)
        yield from ui.move(*ui.middle())
        yield from ui.press("RET", ctrl=True)
        yield 0.5
        expect(bool(bridge.jobs) == (category == "Neural4D"), f"a job by the key in our tab alone, not in {category}")
    yield reached("placed")
    yield Until(lambda: all(variant.preview for variant in newest().variants), "the pictures", 60)
    yield 0.5
    yield from ui.screenshot("everyday-1-over")
    yield from press(ui, r"neural4d\.show_pictures\(", ICONS)
    yield drawn()
    yield 0.5
    yield from ui.screenshot("everyday-2-compared")
    yield from ui.press("ESC")
    yield from ui.move(*ui.middle())
    bpy.ops.wm.read_homefile()
    yield from ui.open_tab("Neural4D")
    kept = settings()
    bpy.context.scene.neural4d.prompt = ""
    yield from press(ui, r"neural4d\.use_again\(", ICONS)
    again = bpy.context.scene.neural4d.prompt
    chosen = bpy.context.scene.neural4d
    chosen.variants, chosen.input, chosen.image_source = 1, "IMAGE", "VIEWPORT"
    yield from ui.redraw()
    before = len(bridge.jobs)
    yield from generate(ui)
    yield 1.0
    yield from ui.screenshot("everyday-3-seen")
    expect(len(bridge.jobs) == before, "nothing sent before it was seen")
    yield from ui.press("RET")
    yield Until(lambda: len(bridge.jobs) > before, "the job of the viewport", 10)
    yield reached("placed")
    bpy.context.preferences.view.language = "de_DE"
    yield 0.5
    yield from ui.screenshot("everyday-4-german")
    return {"kept": kept, "again": again, "german": tr("Costs nothing"), "image": newest().request.name}


def settings():
    chosen = bpy.context.scene.neural4d
    return [chosen.variants, chosen.use_cap, chosen.max_points]

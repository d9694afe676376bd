"""The past as a person looks at it: the History panel, and the call that the panel amounts to."""

from __future__ import annotations

import bpy
from bl_ext.user_default.neural4d.ui import history
from bl_ext.user_default.neural4d.ui.history_page import LENGTH, page

from tests.gui.harness_window import WIDE
from tests.gui.scenarios.steps import Until, bridge, expect, names, press, reached, retype, start

#: Where the last buttons of a job's line are.
BIN = (0.85, 0.87)


def show_panels(*, on_top: bool):
    """Open the panels, which are closed when first drawn; above all others where buttons are sought."""
    panels = (history.NEURAL4D_PT_history, history.NEURAL4D_PT_totals)
    for panel in reversed(panels):
        bpy.utils.unregister_class(panel)
    panels[0].bl_order = -1 if on_top else 10
    for panel in panels:
        panel.bl_options = set()
        bpy.utils.register_class(panel)


def scenario(ui, past: int):
    show_panels(on_top=False)
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    yield Until(lambda: page.total == past, "the first page", 10)
    expect(len(page.jobs) == LENGTH, "a page of jobs")
    expect(not bridge.jobs, "the host holds none of them")
    yield 1.0
    yield from ui.screenshot("history-1-open")
    yield from start(ui, "a brass lantern", size_mm=120.0)
    yield reached("placed")
    yield Until(lambda: page.total == past + 1 and page.jobs[0].get("placed"), "the new job on the page", 10)
    copied = yield from copy(ui)
    show_panels(on_top=True)
    yield from ui.redraw()
    yield from search(ui)
    yield from delete(ui, past)
    template = yield from template_menu(ui)
    return {"names": names(), "copied": copied, "template": template, "totals": page.totals}


def search(ui):
    """Words into the field, and the one that is found into the scene once more."""
    field = yield from ui.find(r"\.text$", columns=WIDE, empty=500)
    yield from retype(ui, field, "lantern BRASS")
    yield Until(lambda: page.total == 1, "the one that was searched", 5)
    yield from ui.screenshot("history-2-searched")
    there = len(names())
    yield from press(ui, r"neural4d\.place\(", WIDE)
    yield Until(lambda: len(names()) == there + 1, "the model to stand in the scene once more", 10)


def delete(ui, past):
    """The bin asks first; Esc keeps the job, Return deletes it."""
    for key, left in (("ESC", past + 1), ("RET", past)):
        yield from press(ui, r"neural4d\.delete\(", BIN)
        yield 0.5
        yield from ui.screenshot(f"history-3-delete-{key.lower()}")
        yield from ui.press(key)
        yield 0.5
        bpy.context.window_manager.neural4d_history.text = ""
        yield Until(lambda left=left: page.total == left, f"{left} jobs", 10)
        bpy.context.window_manager.neural4d_history.text = "lantern" if key == "ESC" else ""
        yield 0.3
    yield from ui.move(*ui.middle())
    yield from ui.screenshot("history-4-deleted")


def copy(ui):
    """Copy as Python, at the top of the panel."""
    yield from press(ui, r"neural4d\.copy_as_python\(", BIN)
    return bpy.context.window_manager.clipboard


def template_menu(ui):
    """Text Editor > Templates > Python, opened, and one of the entries taken."""
    area = ui.area("DOPESHEET_EDITOR")
    area.type = "TEXT_EDITOR"
    area = ui.area("VIEW_3D")
    area.type = "TEXT_EDITOR"
    yield 0.5
    region = ui.region("WINDOW", "TEXT_EDITOR")
    yield from ui.move(region.x + 60, region.y + region.height - 60)
    with bpy.context.temp_override(window=ui.window, area=ui.area("TEXT_EDITOR"), region=region):
        bpy.ops.wm.call_menu(name="TEXT_MT_templates_py")
    yield 0.5
    yield from ui.screenshot("history-5-templates")
    yield from ui.press("ESC")
    with bpy.context.temp_override(window=ui.window, area=ui.area("TEXT_EDITOR"), region=region):
        bpy.ops.neural4d.open_template(template="first_model")
    yield 0.5
    yield from ui.screenshot("history-6-template")
    return ui.area("TEXT_EDITOR").spaces[0].text.as_string()

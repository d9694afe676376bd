"""The past as a person looks at it: the History panel; the call that the panel amounts to; a batch on its way."""

from __future__ import annotations

from dataclasses import asdict

import bpy
from bl_ext.user_default.neural4d.ui.lists import batch_list, batch_progress
from bl_ext.user_default.neural4d.ui.lists.history_page import LENGTH, page
from bl_ext.user_default.neural4d.ui.panels import bring_in, history, sidebar

from tests.gui.harness_window import WIDE
from tests.gui.scenarios.steps import Until, bridge, expect, in_viewport, names, press, reached, retype, start, steer

#: Where the last buttons of a job's line are.
BIN = (0.85, 0.87)
#: In the panel's header, left of its grip.
COPY = (0.81, 0.83, 0.85)


HISTORY = (history.NEURAL4D_PT_history, history.NEURAL4D_PT_totals)
#: All panels of the tab; those below others come after them.
PANELS = (*sidebar.CLASSES, *batch_list.CLASSES, *bring_in.CLASSES, *HISTORY)


def show(ui, *wanted):
    """Have these panels in the tab and no others, all of them open; a sweep for buttons is short then."""
    for panel in reversed(PANELS):
        if panel.is_registered:
            bpy.utils.unregister_class(panel)
    for panel in PANELS:
        if panel in wanted:
            bpy.utils.register_class(panel)
    yield from ui.redraw()


def scenario(ui, past: int, table: str, admin_url: str):
    for panel in HISTORY:
        panel.bl_options = set()  # closed when they are first drawn, otherwise
    yield from show(ui, *PANELS)
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    yield Until(lambda: page.total == past, "the first page", 10)
    expect(len(page.jobs) == LENGTH, "a page of jobs")
    expect(not bridge.jobs, "the host holds none of them")
    yield 1.0
    yield from ui.screenshot("history-1-open")
    yield from start(ui, "a brass lantern", size_mm=120.0)
    yield reached("placed")
    yield Until(lambda: page.total == past + 1 and page.jobs[0].placed, "the new job on the page", 10)
    copied = yield from copy(ui)
    yield from show(ui, *HISTORY)
    yield from search(ui)
    yield from delete(ui, past)
    yield from show(ui, *batch_list.CLASSES)
    points = yield from batch(ui, table, steer(admin_url))
    yield from show(ui, *PANELS)
    template = yield from template_menu(ui)
    return {
        "names": names(),
        "copied": copied,
        "template": template,
        "totals": list(map(asdict, page.totals)),
        "points": points,
    }


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
    yield from press(ui, r"neural4d\.copy_as_python\(", COPY)
    return bpy.context.window_manager.clipboard


def batch(ui, table, sim):
    """A table: its price, then the panel while it runs, stops, and goes on."""
    sim.configure(job_seconds=600)
    with in_viewport():
        bpy.ops.neural4d.batch_from_file(filepath=table, concurrency=2, budget=300)
    yield 0.7
    yield from ui.screenshot("history-5-price")
    expect(not bridge.batches, "nothing is sent before the price is accepted")
    yield from ui.press("RET")
    yield Until(lambda: bridge.batches, "the batch", 5)
    (name,) = bridge.batches
    counts = batch_progress.tally(name)
    yield Until(lambda: counts.working == 2 and counts.points == 120, "two at the service")
    yield from ui.move(*ui.middle())
    yield from ui.screenshot("history-6-batch-running")
    yield from press(ui, r"neural4d\.stop_batch\(", WIDE)
    yield Until(lambda: counts.stopped == 2, "the others to be stopped")
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    yield Until(lambda: counts.done == 2, "what was paid to be finished", 60)
    yield from ui.screenshot("history-7-batch-stopped")
    yield from press(ui, r"neural4d\.continue_batch\(", WIDE)
    yield 0.5
    yield from ui.press("RET")
    yield Until(lambda: counts.done == 4, "the whole batch", 60)
    yield from ui.move(*ui.middle())
    yield from ui.screenshot("history-8-batch-done")
    return counts.points


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
    yield from ui.screenshot("history-9-templates")
    yield from ui.press("ESC")
    with bpy.context.temp_override(window=ui.window, area=ui.area("TEXT_EDITOR"), region=region):
        bpy.ops.neural4d.open_template(template="first_model")
    return ui.area("TEXT_EDITOR").spaces[0].text.as_string()

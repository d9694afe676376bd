"""Another file is opened while a job is under way: nothing is lost, nothing lands in the wrong file."""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from tests.gui.scenarios.steps import (
    QUICK,
    Until,
    bridge,
    expect,
    in_viewport,
    in_window,
    names,
    newest,
    press,
    reached,
    start,
    steer,
)


def scenario(ui, admin_url):
    sim = steer(admin_url)
    bridge.timing = QUICK
    folder = Path(os.environ["TMPDIR"])
    first, second = (str(folder / f"{name}.blend") for name in ("first", "second"))
    with in_window():
        bpy.ops.wm.save_as_mainfile(filepath=second)
        bpy.ops.wm.save_as_mainfile(filepath=first)
    yield from ui.open_tab("Neural4D")

    # Bound to a saved file: it waits for that one, and goes there by itself.
    bpy.context.scene.cursor.location = (1.0, 2.0, 3.0)
    yield from start(ui, "a chair")
    yield reached("generating")
    yield from _open(ui, second)
    sim.finish_jobs()
    yield reached("ready")
    yield from ui.screenshot("other-1-belongs-to-another-file")
    expect("a chair" not in names(), "the model is not put into a file it was not made for")
    yield from _open(ui, first)
    yield Until(lambda: "a chair" in names(), "the model to come when its file is back", 20)
    where = list(bpy.data.objects["a chair"].location)
    yield reached("placed")
    yield from ui.screenshot("other-2-its-file-is-back")

    # Placed into another file on purpose.
    yield from start(ui, "a table")
    yield reached("generating")
    with in_window():
        bpy.ops.wm.read_homefile()
    yield from ui.open_tab("Neural4D")
    yield from ui.screenshot("other-3-new-file")
    sim.finish_jobs()
    yield reached("ready")
    yield 1.5
    expect("a table" not in names(), "the model is not put into a new file by itself")
    bpy.context.scene.cursor.location = (0.0, 0.0, 1.0)
    yield from press(ui, r"neural4d\.place\(")
    yield reached("placed")
    yield from ui.screenshot("other-4-placed-here")
    return {
        "where": where,
        "here": list(bpy.data.objects["a table"].location),
        "states": sorted(job.state for job in bridge.jobs.values()),
        "paid": newest().cost,
    }


def _open(ui, path):
    with in_window():
        bpy.ops.wm.open_mainfile(filepath=path)
    yield from ui.open_tab("Neural4D")


def busy(ui, admin_url):
    """Blender is busy with something that a new object would disturb: the model waits, and says so."""
    sim = steer(admin_url)
    bridge.timing = QUICK
    yield from ui.open_tab("Neural4D")
    done = {}

    cube = bpy.data.objects["Cube"]
    yield from _ready(ui, sim, "a chair")
    with in_viewport():
        bpy.context.view_layer.objects.active = cube
        bpy.ops.object.mode_set(mode="EDIT")
    yield from _waits(ui, "busy-1-edit-mode")
    done["mode"] = bpy.context.view_layer.objects.active.mode
    with in_viewport():
        bpy.ops.object.mode_set(mode="OBJECT")
    yield reached("placed")

    yield from _ready(ui, sim, "a table")
    with in_window():
        bpy.ops.screen.animation_play()
    yield from _waits(ui, "busy-2-playback")
    with in_window():
        bpy.ops.screen.animation_cancel(restore_frame=True)
    yield reached("placed")

    yield from _ready(ui, sim, "a bottle")
    bpy.context.scene.render.engine = "CYCLES"
    bpy.context.scene.cycles.samples = 100_000
    bpy.context.scene.cycles.use_denoising = False  # a Blender may be built without
    bpy.context.scene.cycles.time_limit = 14.0  # longer than a busy machine takes to prepare the model
    bpy.context.preferences.view.render_display_type = "NONE"
    with in_window():
        bpy.ops.render.render("INVOKE_DEFAULT")
    yield from _waits(ui, "busy-3-render")
    yield reached("placed")
    done["names"] = names()
    return done


def _ready(ui, sim, prompt):
    """A job that is generating and can be finished at any time."""
    yield from start(ui, prompt)
    yield reached("generating")
    sim.finish_jobs()


def _waits(ui, picture):
    before = names()
    yield reached("ready")
    yield 1.5
    expect(names() == before and newest().state == "ready", "the model waits")
    yield from ui.screenshot(picture)

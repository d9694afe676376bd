"""Blender ends in the middle of two jobs, one of a saved file and one of a file without a name, and starts again."""

from __future__ import annotations

import os
import signal

import bpy

from tests.gui.scenarios.steps import QUICK, Until, all_in, bridge, in_window, names, press, start


def until_killed(ui, file):
    """Ends with the death of the process, as after a crash or a power cut."""
    bridge.timing = QUICK
    yield from ui.open_tab("Neural4D")
    yield from start(ui, "a chair")
    yield all_in("generating")
    with in_window():
        bpy.ops.wm.read_homefile()
        bpy.ops.wm.save_as_mainfile(filepath=file)
    yield from ui.open_tab("Neural4D")
    bpy.context.scene.cursor.location = (4.0, 5.0, 6.0)
    yield from start(ui, "a table")
    yield all_in("generating")
    os.kill(os.getpid(), signal.SIGKILL)
    yield 5.0


def goes_on(ui, file):
    """Nothing has to be pressed for the jobs to go on."""
    yield from ui.open_tab("Neural4D")
    yield all_in("ready")
    yield 1.0
    yield from ui.screenshot("restart-1-ready-after-a-crash")
    before = _states()
    with in_window():
        bpy.ops.wm.open_mainfile(filepath=file)
    yield Until(lambda: "a table" in names(), "the model to come into its file", 60)
    yield Until(lambda: _states()["a table"] == "placed", "the engine to have heard of it", 60)
    yield from ui.open_tab("Neural4D")
    yield from ui.screenshot("restart-2-its-file-is-open")
    where = list(bpy.data.objects["a table"].location)
    # What is placed, and what there is to say of the selected model, would stand above the other job's button.
    bpy.ops.neural4d.dismiss_ended()
    bpy.context.view_layer.objects.active = None
    yield from ui.redraw()
    chair = next(job.id for job in bridge.jobs.values() if job.request.prompt == "a chair")
    yield from press(ui, rf'neural4d\.place\(job="{chair}"')
    yield all_in("placed")
    return {"before_its_file": before, "table_at": where, "after": _states(), "names": names()}


def _states() -> dict[str, str]:
    return {job.request.prompt: job.state for job in bridge.jobs.values()}

"""A batch typed into the Python console of a window in use; the window is killed in the middle, another goes on."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import bpy
from bl_ext.user_default import neural4d
from bl_ext.user_default.neural4d.engine.protocol import State
from bl_ext.user_default.neural4d.ui.lists.batch_progress import tally

from tests.gui.scenarios.steps import QUICK, Until, bridge, expect, press, steer, type_in

_PROMPT = "a prompt of my own"


def until_killed(ui, admin_url, table, concurrency, paid, pace):
    """Ends with the death of the process, its engine and their background Blenders, once so many points are paid.

    Args:
        pace: seconds that the service takes for a job, from when the user has done something in the window.
    """
    sim = steer(admin_url)
    bridge.timing = QUICK
    yield from ui.open_tab("Neural4D")
    yield from _type_in_console(
        ui, f"batch = neural4d.batch({table!r}, concurrency={concurrency}, budget=100_000)", fresh=True
    )
    yield Until(lambda: _states().count(State.GENERATING) == concurrency, "the first ones to be generating", 60)
    yield from _use_the_window(ui)
    expect(State.PLACED not in _states(), "the batch is under way while the user works")
    sim.configure(job_seconds=pace)
    sim.finish_jobs()
    yield Until(lambda: sim.spent >= paid and _standing() >= concurrency, "the middle of the batch", 900)
    yield from ui.screenshot("batch-1-before-it-is-killed")
    os.killpg(bridge._process.pid, signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    yield 5.0


def goes_on(ui, admin_url, how, report, pace, seconds):
    """The same user in the next window: works, and asks for the batch by `how`, "console" or "panel"."""
    sim = steer(admin_url)
    bridge.timing = QUICK
    sim.configure(job_seconds=pace)
    sim.finish_jobs()
    yield from ui.open_tab("Neural4D")
    yield Until(lambda: bridge.batches, "the batch to go on by itself", 30)
    (batch,) = bridge.batches
    counts = tally(batch)
    yield Until(counts.lost, "models whose file is lost", 30)
    expect(_standing() == 0, "nothing comes into another file unasked")
    yield from ui.screenshot("batch-2-goes-on-by-itself")
    if how == "console":
        yield from _type_in_console(ui, "batch = neural4d.resume()", fresh=True)
    else:
        yield from press(ui, r"neural4d\.place_batch\(")
    yield Until(_standing, "the first ones to stand again", 30)
    yield from _use_the_window(ui)
    whole = len(counts.jobs())
    yield Until(lambda: _standing() == whole, "all models to stand in the scene", seconds)
    yield Until(lambda: not bridge.busy, "the engine to have nothing to do", 60)
    yield 1.0
    yield from ui.move(*ui.middle())
    steps = 0
    while _standing() == whole:  # what the user has done since the last model came is undone first
        expect(steps < 5, "the last model is undone")
        yield from ui.press("Z", ctrl=True)
        yield 1.0
        steps += 1
    undone = _standing()
    for _ in range(steps):
        yield from ui.press("Z", ctrl=True, shift=True)
        yield 1.0
    if how == "console":
        yield from _type_in_console(ui, f"batch.report({report!r})")
        yield Until(Path(report).exists, "the report", 10)
    else:
        bpy.ops.neural4d.report_batch(batch=batch, filepath=report)
    yield from ui.screenshot("batch-3-done")
    return {
        "standing": [whole, undone, _standing()],
        "cube": round(_cube(), 3),
        "selected": [thing.name for thing in bpy.context.view_layer.objects.selected],
        "prompt": bpy.context.scene.neural4d.prompt,
        "modal": [operator.bl_idname for operator in ui.window.modal_operators],
        "told": [counts.done, counts.lost(), counts.points],
    }


def _use_the_window(ui):
    """Write a prompt, and move the cube."""
    chosen = bpy.context.scene.neural4d
    yield from type_in(ui, r"neural4d\.prompt$", _PROMPT, lambda: chosen.prompt == _PROMPT)
    bpy.context.view_layer.objects.active = bpy.data.objects["Cube"]
    for thing in bpy.context.scene.objects:
        thing.select_set(thing.name == "Cube")
    before = _cube()
    yield from ui.move(*ui.middle())
    yield 1.0  # long enough for a model to come
    yield from ui.press("G")
    yield from ui.type("-2")
    yield from ui.press("RET")
    yield 0.2
    expect(abs(_cube() - before) > 1.9, "what was selected has moved, whatever has come meanwhile")


def _cube():
    return bpy.data.objects["Cube"].location.length


def _type_in_console(ui, line, *, fresh=False):
    """A line for the Python console, which takes the place of the timeline."""
    if fresh:
        ui.area("DOPESHEET_EDITOR").ui_type = "CONSOLE"
        yield 0.5
        yield from _type_in_console(ui, "from bl_ext.user_default import neural4d")
    yield from ui.move(*ui.middle("WINDOW", "CONSOLE"))
    yield from ui.type(line, at_mouse=True)
    yield from ui.press("RET")
    yield 0.3


def _states():
    return [job.state for job in bridge.jobs.values()]


def _standing():
    return sum(bool(neural4d.Job(job).objects) for job in bridge.jobs)

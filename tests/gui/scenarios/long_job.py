"""A generation that takes minutes, and the user's own work beside it: auto-save, gaps, what our own code costs."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path

import bpy
from bl_ext.user_default.neural4d.scene import timer_and_file_handlers
from bl_ext.user_default.neural4d.ui.panels import sidebar

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import bridge, expect, in_window, modal_operators, newest, reached, start, steer


class Cost:
    """What each call of a function takes of the processor, in milliseconds: what other programs do is left out."""

    def __init__(self) -> None:
        self.took: list[float] = []

    def of_tick(self, function: Callable) -> Callable:
        def measured():
            began = time.thread_time()
            try:
                return function()
            finally:
                self.took.append((time.thread_time() - began) * 1000)

        return measured

    def of_draw(self, function: Callable) -> Callable:
        def measured(panel, context):  # Blender counts the arguments
            began = time.thread_time()
            try:
                return function(panel, context)
            finally:
                self.took.append((time.thread_time() - began) * 1000)

        return measured

    def told(self) -> dict[str, float]:
        took = sorted(self.took) or [0.0]
        return {"calls": len(self.took), "median_ms": round(took[len(took) // 2], 3), "most_ms": round(took[-1], 3)}


def scenario(ui, admin_url):
    sim = steer(admin_url)
    ticks, draws = Cost(), Cost()
    timer_and_file_handlers._tick = ticks.of_tick(timer_and_file_handlers._tick)
    for panel in sidebar.CLASSES:
        panel.draw = draws.of_draw(panel.draw)
    yield from ui.open_tab("Neural4D")
    yield 1.0
    idle = yield from _gap(ui, 6.0)
    yield from start(ui, "a chair")
    yield reached("generating")
    yield Until(lambda: not modal_operators(), "the modal operator to end once the job is accepted", 5)

    # Blender's own auto-save, at the shortest interval there is, of a file that has been changed.
    bpy.context.preferences.filepaths.auto_save_time = 1
    with in_window():
        bpy.ops.mesh.primitive_cone_add(location=(-2, 0, 0))
        bpy.ops.ed.undo_push(message="Add a cone")
    began = time.monotonic()
    ticks.took.clear()
    draws.took.clear()
    generating = yield from _gap(ui, 20.0)
    told = {"ticks": ticks.told(), "draws": draws.told()}
    yield from ui.screenshot("long-1-generating")
    yield Until(_saved, "an auto-save during the generation", 150)
    after = time.monotonic() - began
    yield from ui.screenshot("long-2-auto-saved")
    expect(newest().state == "generating", "the job runs while the file is saved")
    expect(not modal_operators(), "nothing modal runs")
    sim.finish_jobs()
    yield reached("placed")
    return {
        "idle": idle,
        "generating": generating,
        **told,
        "saved_after_s": round(after, 1),
        "files": [path.name for path in _saved()],
        "state": newest().state,
        "paid": bridge.balances["neural4d"].total,
    }


def _gap(ui, seconds):
    """The largest gap while nothing is touched."""
    yield from ui.move(*ui.middle())
    yield 1.0
    ui.gaps.start()
    yield seconds
    return ui.gaps.stop()


def _saved() -> list[Path]:
    return [path for path in Path(os.environ["TMPDIR"]).glob("*autosave*.blend") if path.stat().st_size]

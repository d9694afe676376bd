"""What the extension costs the window while a job runs: gaps between ticks, its own timer, its panels' drawing."""

from __future__ import annotations

import statistics
import time

import bpy
from bl_ext.user_default.neural4d.scene import clock
from bl_ext.user_default.neural4d.ui import panels

from tests.gui.scenarios.steps import reached, start


class Meter:
    """Milliseconds that each call of a function took."""

    def __init__(self) -> None:
        self.took: list[float] = []

    def around(self, function):
        def measured(*arguments):
            begun = time.perf_counter()
            try:
                return function(*arguments)
            finally:
                self.took.append((time.perf_counter() - begun) * 1000)

        return measured

    def figures(self) -> dict[str, float]:
        ordered = sorted(self.took) or [0.0]
        return {
            "calls": len(self.took),
            "p50_ms": round(statistics.median(ordered), 3),
            "p99_ms": round(ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))], 3),
            "max_ms": round(ordered[-1], 3),
        }


def drawn(function):
    """Blender passes as many arguments as a panel's draw declares, so it has to declare them."""

    def draw(self, context):
        function(self, context)

    return draw


def window(ui, seconds):
    """Idle, then the same length of time with a job running and its tab open, then the placing."""
    tick, draw = Meter(), Meter()
    clock.bridge.drain = tick.around(clock.bridge.drain)
    for panel in (panels.NEURAL4D_PT_generate, panels.NEURAL4D_PT_jobs):
        panel.draw = drawn(draw.around(panel.draw))
    yield from ui.open_tab("Neural4D")
    yield 2.0
    ui.gaps.start()
    yield seconds
    idle = ui.gaps.stop()
    # The same redraw of the sidebar that a running job asks for, without a job: Blender's own cost of it.
    ui.gaps.start()
    for _ in range(int(seconds)):
        clock.redraw()
        yield 1.0
    redrawn = ui.gaps.stop()
    yield from start(ui, "a cute bird", size_mm=120.0)
    yield reached("generating")
    yield from ui.move(*ui.middle())
    yield 2.0
    tick.took.clear()
    draw.took.clear()
    ui.gaps.start()
    yield seconds
    working = ui.gaps.stop()
    figures = {"tick": tick.figures(), "draw": draw.figures()}
    yield reached("downloading", "preparing_model", "ready", "placed")
    ui.gaps.start()
    yield reached("placed")
    yield 1.0
    placing = ui.gaps.stop()
    return {
        "idle_gap_ms": idle["largest_ms"],
        "sidebar_redrawn_gap_ms": redrawn["largest_ms"],
        "working_gap_ms": working["largest_ms"],
        "placing_gap_ms": placing["largest_ms"],
        **figures,
        "blender": bpy.app.version_string,
    }

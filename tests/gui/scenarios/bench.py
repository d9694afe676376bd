"""What the extension costs the window while a job runs: gaps between ticks, its own timer, its panels' drawing."""

from __future__ import annotations

import statistics
import time

import bpy
from bl_ext.user_default import neural4d
from bl_ext.user_default.neural4d.client.jobs.snapshots import Variant
from bl_ext.user_default.neural4d.scene import timer_and_file_handlers
from bl_ext.user_default.neural4d.scene.placing import provenance
from bl_ext.user_default.neural4d.scene.shared_engine import bridge
from bl_ext.user_default.neural4d.ui.panels import about_model, sidebar

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import all_in, newest, reached, start, steer


class Meter:
    """Milliseconds that each call of a function took, and of these the processor's own."""

    def __init__(self) -> None:
        self.took: list[float] = []
        self.worked: list[float] = []

    def around(self, function):
        def measured(*arguments):
            begun, worked = time.perf_counter(), time.thread_time()
            try:
                return function(*arguments)
            finally:
                self.took.append((time.perf_counter() - begun) * 1000)
                self.worked.append((time.thread_time() - worked) * 1000)

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
    timer_and_file_handlers.bridge.drain = tick.around(timer_and_file_handlers.bridge.drain)
    for panel in (sidebar.NEURAL4D_PT_generate, sidebar.NEURAL4D_PT_jobs):
        panel.draw = drawn(draw.around(panel.draw))
    yield from ui.open_tab("Neural4D")
    yield 2.0
    ui.gaps.start()
    yield seconds
    idle = ui.gaps.stop()
    # The same redraw of the sidebar that a running job asks for, without a job: Blender's own cost of it.
    ui.gaps.start()
    for _ in range(int(seconds)):
        timer_and_file_handlers.redraw()
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


def tick(ui, seconds, admin_url):
    """A hundred jobs in the list, eight of them generating; then the service hangs."""
    sim = steer(admin_url)
    bridge.send("list", timer_and_file_handlers._take_list, limit=92)
    timer_and_file_handlers.start()
    yield Until(lambda: len(bridge.jobs) >= 92, "the jobs of the past", 20)
    for number in range(8):
        neural4d.generate(f"robot number {number}", size_mm=100.0)
    yield all_in("generating", "placed", "failed")
    root = bpy.data.objects.new("A model", None)
    provenance.note([root], newest(), Variant(0))
    bpy.context.scene.collection.objects.link(root)
    bpy.context.view_layer.objects.active = root
    root.select_set(True)
    draws = {"generate": Meter(), "about": Meter(), "jobs": Meter()}
    panel_of = {
        "generate": sidebar.NEURAL4D_PT_generate,
        "about": about_model.NEURAL4D_PT_about,
        "jobs": sidebar.NEURAL4D_PT_jobs,
    }
    for name, panel in panel_of.items():
        panel.draw = drawn(draws[name].around(panel.draw))
    yield from ui.open_tab("Neural4D")
    yield 2.0
    answering = Meter()
    _measure_ticks(answering)
    yield seconds
    sim.set_fault("*", "hang", times=None)
    yield 1.0
    hung = Meter()
    _measure_ticks(hung)
    yield seconds
    bpy.app.timers.unregister(timer_and_file_handlers._tick)
    both = Meter()
    both.took, both.worked = answering.took + hung.took, answering.worked + hung.worked
    timer_and_file_handlers._tick = _tick
    yield from ui.screenshot("bench-tick")
    figures = both.figures()
    return {
        **{name: figures[name] for name in ("p50_ms", "p99_ms", "max_ms")},
        "ticks": figures["calls"],
        "processor_max_ms": round(max(both.worked), 3),
        "hung_max_ms": hung.figures()["max_ms"],
        "jobs": len(bridge.jobs),
        "running": sum(job.under_way for job in bridge.jobs.values()),
        "draw": {name: meter.figures() for name, meter in draws.items()},
        "blender": bpy.app.version_string,
    }


_tick = timer_and_file_handlers._tick


def _measure_ticks(meter):
    """From now on, the timer's own function is measured."""
    bpy.app.timers.unregister(timer_and_file_handlers._tick)
    timer_and_file_handlers._tick = meter.around(_tick)
    timer_and_file_handlers.start()

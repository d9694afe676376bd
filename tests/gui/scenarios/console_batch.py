"""A batch started as the Python console does, while the user goes on working in the window."""

from __future__ import annotations

import bpy
from bl_ext.user_default import neural4d

from tests.gui.scenarios.steps import QUICK, Until, bridge, expect, steer, type_in


def scenario(ui, admin_url, table, report, seconds):
    sim = steer(admin_url)
    bridge.timing = QUICK
    chosen = bpy.context.scene.neural4d
    yield from ui.open_tab("Neural4D")
    batch = neural4d.batch(table, concurrency=4, budget=100_000)
    yield Until(lambda: batch.progress.working >= 4 and batch.cost >= 240, "the first ones to be generating", 60)
    # The user meanwhile: writes a prompt, and moves the cube.
    prompt = "a prompt of my own"
    yield from type_in(ui, r"neural4d\.prompt$", prompt, lambda: chosen.prompt == prompt)
    yield from ui.move(*ui.middle())
    yield from ui.press("G")
    yield from ui.type("-2")
    yield from ui.press("RET")
    expect(batch.progress.done == 0, "the batch is under way while the user works")
    while batch.progress.waiting:
        sim.finish_jobs()
        yield 1.0
    yield from ui.screenshot("batch-1-under-way")
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    yield Until(lambda: batch.done, "the batch to be done", seconds)
    yield 1.0
    yield from ui.screenshot("batch-2-done")
    placed = _standing(batch)
    yield from ui.move(*ui.middle())
    yield from ui.press("Z", ctrl=True)
    yield Until(lambda: _standing(batch) < placed, "the last model to be undone", 10)
    undone = _standing(batch)
    yield from ui.press("Z", ctrl=True, shift=True)
    yield Until(lambda: _standing(batch) > undone, "the last model to be back", 10)
    batch.report(report)
    return {
        "progress": str(batch.progress),
        "standing": [placed, undone, _standing(batch)],
        "cube": round(bpy.data.objects["Cube"].location.length, 3),
        "prompt": bpy.context.scene.neural4d.prompt,
        "modal": [operator.bl_idname for operator in ui.window.modal_operators],
    }


def _standing(batch):
    return sum(bool(job.objects) for job in batch.results)

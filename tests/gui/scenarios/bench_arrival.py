"""How long the window stands still while a model arrives: by the glTF importer, and placed as it was prepared."""

from __future__ import annotations

import statistics
import time

import bpy
from bl_ext.user_default.neural4d.scene.finished_jobs import place_finished_models
from bl_ext.user_default.neural4d.scene.shared_engine import bridge

from scripts.benchmarks._ready_job import ready_job
from tests.gui.scenarios.steps import in_window


def scenario(ui, models, rounds):
    """Seconds for each model, a path less its ending: the largest gap between ticks, and the call's part in it."""
    bridge.send = lambda *_arguments, **_values: None  # no engine has to hear of it
    remove_all()
    yield from ui.open_tab("Neural4D")
    yield 2.0
    figures = []
    for model in models:
        took = {"gltf": [], "place": []}
        for _ in range(rounds + 1):
            for way, arrive in (("gltf", by_importer), ("place", by_placing)):
                took[way].append((yield from arrival_of(ui, arrive, model)))
        figures.append({
            f"{way}_{what}_s": round(statistics.median(times[index] for times in took[way][1:]), 4)
            for way in took
            for index, what in enumerate(("gap", "call"))
        })  # fmt: skip
    return figures


def by_importer(model):
    bpy.ops.import_scene.gltf(filepath=f"{model}.glb")


def by_placing(model):
    place_finished_models.place_job(ready_job(f"{model}.blend", place_finished_models.targets.bind()))


def arrival_of(ui, arrive, model):
    """The largest gap in seconds from before the call until everything is drawn, and what the call itself took."""
    ui.gaps.start()
    yield 0.2
    with in_window():
        begun = time.perf_counter()
        arrive(model)
        call = time.perf_counter() - begun
    yield 0.2
    yield 1.0  # what is drawn late, is drawn by then
    gap = ui.gaps.stop()["largest_ms"] / 1000
    remove_all()
    yield 0.5
    return gap, call


def remove_all():
    bpy.data.batch_remove(list(bpy.data.objects))
    bpy.data.orphans_purge(do_recursive=True)

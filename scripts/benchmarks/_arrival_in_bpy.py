"""Takes the times of `arrival` where bpy is a module: python -m ..._arrival_in_bpy GLB BLEND ROUNDS.

Prints one JSON object in its last line.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import bpy

from neural4d_blender.scene.finished_jobs import place_finished_models
from neural4d_blender.scene.shared_engine import bridge
from scripts.benchmarks._ready_job import ready_job


def main(glb: str, blend: str, rounds: int) -> dict[str, Any]:
    """Both ways in turns, each into an empty file."""
    bridge.send = lambda *_arguments, **_values: None  # type: ignore[method-assign]  # no engine has to hear of it
    warm_up()
    took: dict[str, list[tuple[float, float]]] = {"gltf": [], "place": []}
    for _ in range(rounds):
        took["gltf"].append(measured(lambda: bpy.ops.import_scene.gltf(filepath=glb)))
        took["place"].append(
            measured(lambda: place_finished_models.place_job(ready_job(blend, place_finished_models.targets.bind())))
        )
    figures: dict[str, Any] = {}
    for way, times in took.items():
        figures[f"{way}_s"] = round(statistics.median(seconds for seconds, _ in times), 4)
        figures[f"{way}_mb"] = round(max(growth for _, growth in times), 1)
    return figures


def warm_up() -> None:
    """The importer loads its modules the first time, and so does Blender's undo."""
    with tempfile.TemporaryDirectory() as folder:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        bpy.ops.mesh.primitive_cube_add()
        path = str(Path(folder) / "cube.glb")
        bpy.ops.export_scene.gltf(filepath=path)
        bpy.ops.import_scene.gltf(filepath=path)


def measured(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and megabytes that the process grew by at most (Linux; 0 elsewhere)."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    gc.collect()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")  # the peak begins anew
    before = memory("VmRSS")
    begun = time.perf_counter()
    work()
    took = time.perf_counter() - begun
    return took, memory("VmHWM") - before


def memory(what: str) -> float:
    """Megabytes that the system books for this process."""
    try:
        lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    except OSError:
        return 0.0
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith(f"{what}:"))


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], sys.argv[2], int(sys.argv[3]))), flush=True)
    os._exit(0)  # a bpy module can crash while its interpreter ends

"""What the extension adds to Blender's start, and how soon the engine answers on a journal of 10,000 jobs."""

from __future__ import annotations

import argparse
import json
import os
import resource
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from scripts.benchmarks import _installed

EXPLAINED = {
    "window_off_s": "Blender from its start until its window is drawn, the extension installed and off: median",
    "window_growth_percent": "what the extension adds to that, in processor time",
    "background_off_s": "Blender in background from its start to its end, the extension off: median",
    "background_growth_percent": "what the extension adds to that, in processor time",
    "enabled_ms": "enabling the extension, inside Blender",
    "requests_imported": "whether the extension brought requests into Blender's process",
    "engine_ms": "from the engine's start to its first answer, 10,000 jobs in the journal: median",
    "engine_empty_ms": "the same with an empty journal",
    "jobs": "jobs in the journal",
}
_SWITCH_OFF = """
import bpy
bpy.ops.preferences.addon_disable(module="bl_ext.user_default.neural4d")
bpy.ops.wm.save_userpref()
"""
#: Ends Blender as soon as its window has been drawn.
_DRAWN = """
import bpy
bpy.app.timers.register(lambda: bpy.ops.wm.quit_blender() and None, first_interval=0.0)
"""
#: Enables the extension in a Blender where it is off, and says what that took and brought along.
_ENABLE = """
import sys, time, json, addon_utils
before = set(sys.modules)
begun = time.perf_counter()
addon_utils.enable("bl_ext.user_default.neural4d", default_set=True)
took = time.perf_counter() - begun
print("ENABLED=" + json.dumps([took * 1000, "requests" in set(sys.modules) - before]))
"""


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--rounds", type=int, default=10, help="starts of each kind, in turns (default 10)")
    parser.add_argument("--jobs", type=int, default=10_000, help="jobs in the journal (default 10000)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds and milliseconds; needs a Blender."""
    with tempfile.TemporaryDirectory(prefix="neural4d-startup-") as folder:
        scratch = Path(folder)
        return {**_blender(scratch, options.rounds), **_engine(scratch, options.rounds, options.jobs)}


def _blender(scratch: Path, rounds: int) -> dict[str, Any]:
    from scripts.toolbox import blender, package
    from tests.gui.harness import Screen

    program, zipped = str(blender.find().path), str(package.build().path)

    def start(kind: str, *arguments: str, display: str = "") -> str:
        return _run([program, *arguments], scratch / kind, display)

    for kind in ("on", "off"):
        (scratch / kind).mkdir()
        start(kind, "--background", "--python-expr", _installed.INSTALL, "--", zipped)
    start("off", "--background", "--python-expr", _SWITCH_OFF)
    hidden = _pairs(rounds, lambda kind: start(kind, "--background"))
    with Screen((1000, 640)) as screen:
        shown = _pairs(
            rounds,
            lambda kind: start(
                kind, "--gpu-backend", "opengl", "--no-window-focus", "--python-expr", _DRAWN, display=screen.display
            ),
        )
    said = [line for _ in range(rounds) for line in start("off", "--background", "--python-expr", _ENABLE).splitlines()]
    enabled = [json.loads(line.removeprefix("ENABLED=")) for line in said if line.startswith("ENABLED=")]
    return {
        "window_off_s": statistics.median(off[0] for _, off in shown),
        "window_growth_percent": _growth(shown),
        "background_off_s": statistics.median(off[0] for _, off in hidden),
        "background_growth_percent": _growth(hidden),
        "enabled_ms": min(ms for ms, _ in enabled),
        "requests_imported": any(brought for _, brought in enabled),
    }


def _growth(pairs: list[tuple[tuple[float, float], tuple[float, float]]]) -> float:
    """In percent, by the least of each kind: whatever else the machine does can only add to it."""
    return 100 * (min(on[1] for on, _ in pairs) / min(off[1] for _, off in pairs) - 1)


def _run(command: list[str], home: Path, display: str) -> str:
    env = _installed.environment(home)
    env |= {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1"} if display else {}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True).stdout


def _pairs(rounds: int, start: Callable[[str], object]) -> list[tuple[tuple[float, float], tuple[float, float]]]:
    """Both kinds in turns, on and off; the first ones, which compile what later ones read, do not count."""
    pairs = [(_timed(lambda: start("on")), _timed(lambda: start("off"))) for _ in range(rounds + 1)]
    return pairs[1:]


def _timed(act: Callable[[], object]) -> tuple[float, float]:
    """Seconds on the clock, and of the processor in the child processes."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    act()
    took, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _engine(scratch: Path, rounds: int, jobs: int) -> dict[str, Any]:
    from scripts.benchmarks import _past
    from tests.unit.engine_process import EngineProcess

    _past.write(scratch / "past", jobs, pictures=0)
    os.makedirs(scratch / "empty")
    took: dict[str, list[float]] = {"past": [], "empty": []}
    for _ in range(rounds):
        for folder, times in took.items():
            begun = time.perf_counter()
            with EngineProcess(scratch / folder, "http://127.0.0.1:9", "none", online=False) as engine:
                engine.ask("history", limit=6)
                times.append((time.perf_counter() - begun) * 1000)
    return {
        "engine_ms": statistics.median(took["past"]),
        "engine_empty_ms": statistics.median(took["empty"]),
        "jobs": jobs,
    }

"""What the extension adds to Blender's start, and how soon the engine answers on a journal of 10,000 jobs."""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from scripts.benchmarks import _installed

EXPLAINED = {
    "window_off_s": "Blender from its start until its window is drawn, the extension installed and off: median",
    "window_enabled_ms": "enabling it in a window: median of the first half, which nothing else held up",
    "window_growth_percent": "that, by the start",
    "background_off_s": "Blender in background from its start until it runs a script, the extension off: median",
    "background_enabled_ms": "enabling it in background, where nothing is drawn, in the same way",
    "background_growth_percent": "that, by the start",
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
#: Says when Blender has started, and ends it.
_STARTED = """
import bpy, time
def started():
    print(f"STARTED={time.time()}")
    bpy.ops.wm.quit_blender()
"""
_HIDDEN = _STARTED + "started()"
#: As soon as the window has been drawn.
_DRAWN = _STARTED + "bpy.app.timers.register(started, first_interval=0.0)"
#: Enables the extension in a Blender where it is off, and says what that took and brought along.
_ENABLE = """
import bpy, sys, time, json, addon_utils
bpy.context.preferences.use_preferences_save = False
before = set(sys.modules)
begun = time.perf_counter()
addon_utils.enable("bl_ext.user_default.neural4d", default_set=True)
took = time.perf_counter() - begun
print("ENABLED=" + json.dumps([took * 1000, "requests" in set(sys.modules) - before]))
bpy.app.timers.register(bpy.ops.wm.quit_blender, first_interval=0.0)
"""
_SAID = "ENABLED="


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
    """What enabling adds is measured inside Blender: two starts differ by more than that from one time to the next."""
    from scripts.toolbox import blender, package
    from tests.gui.harness import Screen

    program, zipped = str(blender.find().path), str(package.build().path)

    def start(*arguments: str, display: str = "") -> str:
        return _run([program, *arguments], scratch, display)

    start("--background", "--python-expr", _installed.INSTALL, "--", zipped)
    start("--background", "--python-expr", _SWITCH_OFF)
    figures: dict[str, Any] = {"requests_imported": False}
    with Screen((1000, 640)) as screen:
        shown = ("--gpu-backend", "opengl", "--no-window-focus", "--python-expr")
        for kind, how, script in (
            ("window", shown, _DRAWN),
            ("background", ("--background", "--python-expr"), _HIDDEN),
        ):
            off, took = [], []
            for _ in range(rounds + 1):  # the first one compiles what later ones read
                off.append(_timed(partial(start, *how, script, display=screen.display)))
                said = start(*how, _ENABLE, display=screen.display).splitlines()
                ms, requests = next(json.loads(line.removeprefix(_SAID)) for line in said if line.startswith(_SAID))
                took.append(ms)
                figures["requests_imported"] |= requests
            seconds, enabled = statistics.median(off[1:]), statistics.median(sorted(took[1:])[: math.ceil(rounds / 2)])
            figures |= {f"{kind}_off_s": seconds, f"{kind}_enabled_ms": enabled}
            figures[f"{kind}_growth_percent"] = enabled / 10 / seconds
    return figures


def _run(command: list[str], home: Path, display: str) -> str:
    env = _installed.environment(home)
    env |= {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1"} if display else {}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True).stdout


def _timed(start: Callable[[], str]) -> float:
    """Seconds until Blender had started."""
    begun = time.time()
    said = next(line for line in start().splitlines() if line.startswith("STARTED="))
    return float(said.removeprefix("STARTED=")) - begun


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

"""What the extension adds to Blender's start, and how soon the engine answers on a journal of 10,000 jobs."""

from __future__ import annotations

import argparse
import json
import math
import os
import shutil
import statistics
import subprocess
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

from scripts.benchmarks import _installed

EXPLAINED = {
    "window_start_s": "Blender from its start until its window is drawn, the extension installed and off: median",
    "window_on_s": "the same with the extension on; two starts differ by more than what it adds",
    "window_own_ms": "enabling the extension in such a start: median of the better half",
    "window_any_ms": "what Blender does in it for any extension that is on, in the same way",
    "window_growth_percent": "both, by the start",
    "background_start_s": "Blender in background from its start until it runs a script, the extension off: median",
    "background_on_s": "as in a window",
    "background_own_ms": "as in a window",
    "background_any_ms": "as in a window",
    "background_growth_percent": "as in a window",
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
#: A start-up script of the user's, which Blender runs before it starts the add-ons: times the extension, and what
#: Blender does for any extension that is on. Blender loads pickle and platform in every start, only later without one.
#: 5.2 loads requests as well, so that is put out of sight while the extension could ask for it.
_TIMER = """
import addon_utils, json, pickle, platform, sys, time
begin = addon_utils._initialize_once
took = {"own": 0.0, "any": 0.0, "requests": False}
def timed(work, of):
    def working(*given, **named):
        begun = time.perf_counter()
        work(*given, **named)
        took[of] += (time.perf_counter() - begun) * 1000
    return working
def begin_timed():
    enable, check = addon_utils.enable, addon_utils._initialize_extensions_compat_data
    timed_enable = timed(enable, "own")
    def enable_one(name, **named):
        if not name.startswith("bl_ext."):
            return enable(name, **named)
        others = {key: sys.modules.pop(key) for key in list(sys.modules) if key.partition(".")[0] == "requests"}
        timed_enable(name, **named)
        took["requests"] = "requests" in sys.modules
        sys.modules.update(others)
    addon_utils.enable = enable_one
    addon_utils._initialize_extensions_compat_data = timed(check, "any")
    begin()
    addon_utils.enable, addon_utils._initialize_extensions_compat_data = enable, check
    print("ADDONS=" + json.dumps(took))
addon_utils._initialize_once = begin_timed
def register(): pass
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


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--rounds", type=int, default=20, help="starts of each kind, in turns (default 20)")
    parser.add_argument("--jobs", type=int, default=10_000, help="jobs in the journal (default 10000)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Seconds and milliseconds; needs a Blender."""
    with tempfile.TemporaryDirectory(prefix="neural4d-startup-") as folder:
        scratch = Path(folder)
        return {**_blender(scratch, options.rounds), **_engine(scratch, options.rounds, options.jobs)}


def _blender(scratch: Path, rounds: int) -> dict[str, Any]:
    """What the extension adds is timed inside Blender: two starts differ by more than that."""
    from scripts.toolbox import blender, package
    from tests.gui.harness import Screen

    program, zipped = str(blender.find().path), str(package.build().path)
    homes = {"off": scratch / "off", "on": scratch / "on"}
    background = ("--background", "--python-expr")
    homes["on"].mkdir()
    _run([program, *background, _installed.INSTALL, "--", zipped], homes["on"])
    (extensions,) = homes["on"].glob("*/extensions")
    scripts = extensions.parent / "scripts" / "startup"
    scripts.mkdir(parents=True)
    (scripts / "timer.py").write_text(_TIMER, encoding="utf-8")
    shutil.copytree(homes["on"], homes["off"])
    _run([program, *background, _SWITCH_OFF], homes["off"])
    figures: dict[str, Any] = {"requests_imported": False}
    with Screen((1000, 640)) as screen:
        shown = ("--gpu-backend", "opengl", "--no-window-focus", "--python-expr")
        for kind, how in (("window", (*shown, _DRAWN)), ("background", (*background, _HIDDEN))):
            starts: dict[str, list[_Start]] = {"off": [], "on": []}
            for _ in range(rounds + 1):  # the first one compiles what later ones read
                for state, those in starts.items():
                    those.append(_start([program, *how], homes[state], screen.display))
            off, on = (those[1:] for those in starts.values())
            own = _quiet(one.own_ms for one in on)
            of_any = _quiet(one.any_ms for one in on) - _quiet(one.any_ms for one in off)
            seconds = statistics.median(one.seconds for one in off)
            figures |= {f"{kind}_start_s": seconds, f"{kind}_on_s": statistics.median(one.seconds for one in on)}
            figures |= {f"{kind}_own_ms": own, f"{kind}_any_ms": of_any}
            figures[f"{kind}_growth_percent"] = (own + of_any) / 10 / seconds
            figures["requests_imported"] |= any(one.requests for one in on)
    return figures


class _Start(NamedTuple):
    """One start of Blender, what of it the extension took, and Blender for it, and whether it asked for requests."""

    seconds: float
    own_ms: float
    any_ms: float
    requests: bool


def _start(command: list[str], home: Path, display: str) -> _Start:
    begun = time.time()
    lines = [line.partition("=") for line in _run(command, home, display).splitlines()]
    said = {what: json.loads(value) for what, _, value in lines if what in ("ADDONS", "STARTED")}
    took = said["ADDONS"]
    return _Start(said["STARTED"] - begun, took["own"], took["any"], took["requests"])


def _quiet(times: Iterable[float]) -> float:
    """The median of the better half, which nothing else on the machine held up."""
    ordered = sorted(times)
    return statistics.median(ordered[: math.ceil(len(ordered) / 2)])


def _run(command: list[str], home: Path, display: str = "") -> str:
    env = _installed.environment(home)
    env |= {"DISPLAY": display, "LIBGL_ALWAYS_SOFTWARE": "1"} if display else {}
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=120, check=True).stdout


def _engine(scratch: Path, rounds: int, jobs: int) -> dict[str, Any]:
    from scripts.benchmarks import _past
    from tests.support.engine_process import STARTED, EngineProcess

    _past.write(scratch / "past", jobs, pictures=0)
    os.makedirs(scratch / "empty")
    took: dict[str, list[float]] = {"past": [], "empty": []}
    for _ in range(rounds):
        for folder, times in took.items():
            begun = time.perf_counter()
            url = "http://127.0.0.1:9"
            with EngineProcess(scratch / folder, url, "none", online=False, command=STARTED) as engine:
                engine.ask("history", limit=6)
                times.append((time.perf_counter() - begun) * 1000)
    return {
        "engine_ms": statistics.median(took["past"]),
        "engine_empty_ms": statistics.median(took["empty"]),
        "jobs": jobs,
    }

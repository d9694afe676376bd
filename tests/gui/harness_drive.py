"""Started inside Blender by harness.py: installs the extension, steps the scenario, writes what came of it.

`blender ... --python harness_drive.py -- ORDER.json`. The order names the checkout, the zip, the
scenario's file and function, its arguments, its time limit and where the result goes.
"""

from __future__ import annotations

import importlib.util
import json
import sys
import time
import traceback
from collections.abc import Generator
from pathlib import Path
from typing import Any

import bpy

ORDER = json.loads(Path(sys.argv[-1]).read_text(encoding="utf-8"))
sys.path.insert(0, ORDER["checkout"])

from tests.gui.harness_window import GaveUp, Until, Window  # noqa: E402 (the checkout's place comes with the order)

POLL = 0.02  # seconds between two looks at a condition


class Drive:
    """Steps one scenario from a timer until it ends, fails or runs out of time."""

    def __init__(self) -> None:
        self.ui = Window(Path(ORDER["shots"]))
        self.deadline = time.monotonic() + ORDER["timeout"]
        self.scenario = self._whole()
        self.waiting: tuple[Until, float] | None = None

    def _whole(self) -> Generator[Any, None, Any]:
        yield 0.5  # the window draws for the first time
        if ORDER["zip"]:
            self._install(ORDER["zip"])
            yield 0.2
        spec = importlib.util.spec_from_file_location("scenario", ORDER["file"])
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return (yield from getattr(module, ORDER["function"])(self.ui, **ORDER["arguments"]))

    def _install(self, path: str) -> None:
        with bpy.context.temp_override(window=self.ui.window):
            done = bpy.ops.extensions.package_install_files(filepath=path, repo="user_default", enable_on_install=True)
        if done != {"FINISHED"}:
            raise GaveUp(f"{path} could not be installed: {done}")

    def tick(self) -> float | None:
        """Called by Blender's timer; returns the seconds to the next call, None at the end."""
        try:
            return self._advance()
        except StopIteration as end:
            finish({"ok": True, "value": end.value})
        except BaseException:
            finish({"ok": False, "error": traceback.format_exc()})
        return None

    def _advance(self) -> float:
        now = time.monotonic()
        if now > self.deadline:
            self.deadline = now + 5  # for what the scenario cleans up
            return self._take(self.scenario.throw(GaveUp(f"not done after {ORDER['timeout']} s")))
        if self.waiting:
            until, limit = self.waiting
            try:
                come = until.condition()
            except Exception as error:
                self.waiting = None
                return self._take(self.scenario.throw(error))
            if not come and now < limit:
                return POLL
            self.waiting = None
            if not come:
                return self._take(self.scenario.throw(GaveUp(f"waited {until.seconds} s in vain for {until.what}")))
        return self._take(next(self.scenario))

    def _take(self, step: float | Until) -> float:
        if isinstance(step, Until):
            self.waiting = (step, time.monotonic() + step.seconds)
            return POLL
        return float(step)


def finish(result: dict[str, Any]) -> None:
    """Hand the result over, after a picture of what a failure looked like, and close Blender as a user would."""
    picture = Path(ORDER["shots"]) / f"{ORDER['name']}-failed"
    limit = time.monotonic() + 15

    def leave() -> float | None:
        if not result["ok"] and not picture.with_name(picture.name + ".done").exists() and time.monotonic() < limit:
            return 0.1
        target = Path(ORDER["result"])
        fresh = target.with_suffix(".new")
        fresh.write_text(json.dumps(result), encoding="utf-8")
        fresh.replace(target)
        bpy.ops.wm.quit_blender()
        return None

    if not result["ok"]:
        picture.with_name(picture.name + ".wanted").touch()
    bpy.app.timers.register(leave, first_interval=0.2, persistent=True)


@bpy.app.handlers.persistent
def draw_little(*_: object) -> None:
    """Leave out of a file's windows what no scenario looks at: without a graphics card it is most of their drawing."""
    for area in (area for screen in bpy.data.screens for area in screen.areas if area.type == "VIEW_3D"):
        overlay = area.spaces[0].overlay
        overlay.show_floor = overlay.show_axis_x = overlay.show_axis_y = overlay.show_outline_selected = False


def rest() -> float:
    """Blender sleeps some milliseconds in each turn without events, but not where events are simulated."""
    time.sleep(0.003)
    return 0.0


system, view = bpy.context.preferences.system, bpy.context.preferences.view
view.show_splash = False
system.viewport_aa = "OFF"  # else a view is drawn several times after each change
if not ORDER["whole"]:
    system.use_overlay_smooth_wire = system.use_edit_mode_smooth_wire = False
    system.use_region_overlap = view.show_navigate_ui = False
    draw_little()
    bpy.app.handlers.load_post.append(draw_little)
bpy.app.timers.register(rest, persistent=True)
bpy.app.timers.register(Drive().tick, first_interval=0.1, persistent=True)

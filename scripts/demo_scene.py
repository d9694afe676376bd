"""The demo inside Blender: models through the public Python API, measured, arranged, saved and rendered.

`python demo_scene.py ORDER.json` where bpy is a module, `blender --python demo_scene.py -- ORDER.json`
otherwise. What it has to say it prints as lines of JSON behind MARK; demo_run.py shows them.
"""

from __future__ import annotations

import json
import math
import sys
import time
import traceback
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy  # first: where it is a module, it makes the others importable

import addon_utils  # isort: skip
from mathutils import Euler  # isort: skip

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts import demo_blockout, demo_set  # noqa: E402 (found by the line above)

MARK = "DEMO "
EXTENSION = "bl_ext.user_default.neural4d"
_APART = 0.16  # metres
_LOOK = 0.25  # seconds between two looks at the jobs
_MEASURES = {"X": "wide", "Y": "deep", "Z": "tall", "LONGEST": "long"}
_SHOWN_PROGRESS = 0.25  # how far a job has gone on before that is worth a line


def tell(**message: Any) -> None:
    """One line for demo_run.py: say, result or failed."""
    print(MARK + json.dumps(message), flush=True)


class Demo:
    """The jobs of one order, from generate() to the picture.

    Args:
        order: models (arguments of generate), blend, png (paths), seconds (until it is given up),
            window (there is one), quit (close it at the end).
        neural4d: the public Python API.
    """

    def __init__(self, order: dict[str, Any], neural4d: ModuleType) -> None:
        self.order = order
        self.neural4d = neural4d
        self.scene = bpy.context.scene
        self.ends = time.monotonic() + order["seconds"]
        self.said: dict[str, tuple[str, float]] = {}
        for thing in list(bpy.data.objects):
            bpy.data.objects.remove(thing)
        # Apart from each other from the start; how wide they are is known only when they are there.
        self.jobs = [
            neural4d.generate(**model, location=(_APART * number, 0.0, 0.0))
            for number, model in enumerate(order["models"])
        ]

    def look(self) -> bool:
        """Say what has changed; True when every model stands in the scene.

        Raises:
            JobFailed: a job failed. TimeoutError: the time is up.
        """
        for job in self.jobs:
            state, progress = job.state, job.progress if job.state == "generating" else 0.0
            known, shown = self.said.get(job.id, ("", 0.0))
            if state != known or progress - shown >= _SHOWN_PROGRESS:
                self.said[job.id] = (state, progress)
                words = f"{state.replace('_', ' ')} {progress:.0%}" if progress else state.replace("_", " ")
                tell(say=f"{job.request['prompt']}: {words}")
            if job.error:
                raise job.error
            if job.state == "cancelled":
                raise RuntimeError(f"The job '{job.request['prompt']}' was cancelled.")
        if time.monotonic() > self.ends:
            raise TimeoutError(f"The models were not there after {self.order['seconds']} s.")
        return all(job.state == "placed" for job in self.jobs)

    def wait(self) -> None:
        """Work until every model is placed, in a Blender without a window."""
        while not self.look():
            for job in self.jobs:
                if job.state != "placed":
                    try:
                        job.wait(_LOOK)
                    except TimeoutError:  # its own word for: not yet
                        break

    def finish(self) -> dict[str, Any]:
        """Arrange, measure, save and render; returns what demo_run.py shows."""
        groups = [job.objects for job in self.jobs]
        demo_set.side_by_side(groups)
        demo_set.build(groups, [self.label(job.request) for job in self.jobs])
        result = {"models": [self.report(job) for job in self.jobs], "left": self.neural4d.balance().total}
        png = Path(self.order["png"])
        demo_set.prepare_render(self.scene, f"//{png.name}")  # beside the .blend
        bpy.context.preferences.filepaths.save_version = 0
        bpy.ops.wm.save_as_mainfile(filepath=self.order["blend"])
        tell(say=f"rendering {png.name}")
        begun = time.monotonic()
        bpy.ops.render.render(write_still=True)
        tell(say=f"rendered in {time.monotonic() - begun:.1f} s")
        return result | {"blend": self.order["blend"], "png": self.order["png"]}

    @staticmethod
    def label(request: dict[str, Any]) -> str:
        """What stands before a model in the picture."""
        return f"{request['prompt']}\n{request['size_mm']:g} mm {_MEASURES[request['axis']]}"

    @staticmethod
    def report(job: Any) -> dict[str, Any]:
        """What one model cost, how long it took and how large it is in the scene."""
        points = demo_set.points_of(job.objects)
        sides = (points.max(axis=0) - points.min(axis=0)) * bpy.context.scene.unit_settings.scale_length * 1000
        axis = job.request["axis"]
        return {
            "prompt": job.request["prompt"],
            "cost": job.cost,
            "size_mm": job.request["size_mm"],
            "measured_mm": round(float(max(sides) if axis == "LONGEST" else sides["XYZ".index(axis)]), 3),
            "axis": axis,
            "dimensions_mm": [round(float(side), 3) for side in sides],
            "stages": {state: round(took, 3) for state, took in job.seconds.items() if state != "placed"},
        }


def fail(error: Exception) -> None:
    """Say it in a sentence; the log keeps where it happened."""
    traceback.print_exception(error)
    tell(failed=str(error) or type(error).__name__)


def in_background(order: dict[str, Any]) -> None:
    """The whole demo where no timers run."""
    bpy.context.preferences.system.use_online_access = True
    import neural4d_blender as neural4d

    if order["blockout"]:
        tell(result=demo_blockout.run(order, neural4d, tell))
        return
    demo = Demo(order, neural4d)
    demo.wait()
    tell(result=demo.finish())


def in_window(order: dict[str, Any]) -> None:
    """The same from a timer, so that the window answers while the models are made."""
    demo: list[Demo] = []

    def step() -> float | None:
        try:
            with bpy.context.temp_override(window=bpy.context.window_manager.windows[0]):
                if not demo:
                    addon_utils.enable(EXTENSION, default_set=True)
                    demo.append(Demo(order, sys.modules[EXTENSION]))
                    show("Neural4D")
                elif demo[0].look():
                    result = demo[0].finish()
                    look_through_camera()
                    tell(result=result)
                    leave()
                    return None
        except Exception as error:
            fail(error)
            leave()
            return None
        return _LOOK

    def leave() -> None:
        if order["quit"]:
            bpy.ops.wm.quit_blender()

    bpy.context.preferences.view.show_splash = False
    bpy.app.timers.register(step, first_interval=1.0, persistent=True)


def viewport() -> bpy.types.Area:
    """The largest 3D Viewport of the first window."""
    areas = [area for area in bpy.context.window_manager.windows[0].screen.areas if area.type == "VIEW_3D"]
    return max(areas, key=lambda area: area.width * area.height)


def show(tab: str) -> None:
    """Look at where the models will stand, and open the tab once the sidebar has been drawn and has tabs."""
    space = viewport().spaces[0]
    space.show_region_ui = True
    space.clip_start = 0.001
    space.shading.type = "MATERIAL"
    view = space.region_3d
    view.view_location, view.view_distance = (_APART, 0.0, 0.08), 0.8
    view.view_rotation = Euler((math.radians(75), 0.0, math.radians(15))).to_quaternion()

    def turn() -> None:
        region = next(region for region in viewport().regions if region.type == "UI")
        region.active_panel_category = tab
        viewport().tag_redraw()

    bpy.app.timers.register(turn, first_interval=1.0)


def look_through_camera() -> None:
    """Show the models as they are in the picture."""
    viewport().spaces[0].region_3d.view_perspective = "CAMERA"


def main() -> int:
    """Do what the order says; returns the exit code of a run without a window."""
    order = json.loads(Path(sys.argv[-1]).read_text(encoding="utf-8"))
    try:
        if order["window"]:
            in_window(order)
        else:
            in_background(order)
    except Exception as error:
        fail(error)
        return 1
    return 0


if __name__ == "__main__":
    code = main()
    if code:
        sys.exit(code)

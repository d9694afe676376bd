"""Steps that several scenarios share: fill in the panel, press Generate, look at the jobs, steer the simulator."""

from __future__ import annotations

import re
from collections.abc import Callable

import bpy
from bl_ext.user_default import neural4d
from bl_ext.user_default.neural4d.client.jobs.snapshots import Job
from bl_ext.user_default.neural4d.scene.placing import placeholder
from bl_ext.user_default.neural4d.scene.session import session
from bl_ext.user_default.neural4d.scene.shared_engine import bridge

from scripts.simulator.launcher import Simulator
from tests.gui.harness_window import WIDE, GaveUp, Until

#: No test has to wait as long as a user's patience with a service in trouble.
#: A service that is down makes a paid job fail after six attempts here, and not after a day of them.
QUICK = {"quickest": 0.3, "backoff": 0.02, "look_again": 0.2, "outage": 0.0}
#: Where the icon at the right end of a job's title is, as fractions of the sidebar's width.
ICON = (0.8, 0.82, 0.84, 0.86, 0.88)
_pressed: dict[str, tuple[int, int]] = {}


def newest() -> Job:
    """The job that was started last."""
    return max(bridge.jobs.values(), key=lambda job: job.created)


def reached(*states: str, seconds: float = 60.0) -> Until:
    """Wait until the newest job is in one of these states."""
    return Until(lambda: bridge.jobs and newest().state in states, f"the job to be {' or '.join(states)}", seconds)


def all_in(*states: str, seconds: float = 60.0) -> Until:
    """Wait until every job is in one of these states."""
    return Until(
        lambda: bridge.jobs and all(job.state in states for job in bridge.jobs.values()),
        f"all jobs to be {' or '.join(states)}",
        seconds,
    )


def drawn() -> Until:
    """Wait until the pictures of jobs that are shown have been drawn small, which is asked for when they are."""
    return Until(lambda: session.shown.small and all(session.shown.small.values()), "the small pictures", 60)


def shown_files() -> list[str]:
    """Of all pictures that this Blender has read for the panel the folder that they were in."""
    return sorted({name.replace("\\", "/").split("/")[-2] for name in session.registered.previews or ()})


def fill_in(ui, prompt: str, size: str = ""):
    """Type a prompt, and a size in millimetres, into the panel."""
    chosen = bpy.context.scene.neural4d
    yield from type_in(ui, r"neural4d\.prompt$", prompt, lambda: chosen.prompt == prompt)
    if size:
        yield from type_in(ui, r"neural4d\.size$", f"{size}mm", lambda: abs(chosen.size_mm - float(size)) < 0.01)


def type_in(ui, pattern: str, text: str, done: Callable[[], bool]):
    """Type into a field until it holds the text: on a slow machine, Blender can take a click for a drag."""
    for _ in range(4):
        field = yield from ui.find(pattern, columns=WIDE)
        yield from retype(ui, field, text)
        yield 0.2
        if done():
            return
    raise GaveUp(f"{text!r} could not be typed into {pattern}")


def retype(ui, field, text: str):
    """Put other text into a field."""
    yield from ui.click(field.x, field.y)
    yield from ui.press("A", ctrl=True)
    yield from ui.type(text)
    yield from ui.press("RET")


def generate(ui):
    """Press Generate."""
    yield from press(ui, r"neural4d\.generate\(")


def press(ui, pattern: str, columns=(0.45,)):
    """Press the topmost button of the sidebar that matches; looked for where it was the last time, to begin with."""
    yield from unfold(ui)
    for _ in range(3):  # what was drawn anew meanwhile may have moved it
        if pattern in _pressed:
            yield from ui.move(*_pressed[pattern])
            if re.search(pattern, ui.below_mouse()):
                break
        button = yield from ui.find(pattern, columns=columns, empty=500)  # what went wrong can take many lines
        _pressed[pattern] = (button.x, button.y)
    yield from ui.click(*_pressed[pattern])


def unfold(ui):
    """Fold all jobs out that are over: they have one line each, unless they failed."""
    over = {job.id for job in bridge.jobs.values() if not (job.error or session.placings.trouble.get(job.id))}
    if not over <= session.shown.details:
        session.shown.details |= over
        yield from ui.redraw()


def start(ui, prompt: str, **settings):
    """Generate with a prompt that is set, not typed; Generate itself is clicked."""
    chosen = bpy.context.scene.neural4d
    for name, value in {"prompt": prompt, **settings}.items():
        setattr(chosen, name, value)
    before = len(bridge.jobs)
    yield from ui.redraw()
    yield from generate(ui)
    yield Until(lambda: len(bridge.jobs) > before, "a new job", 5)
    yield from ui.move(*ui.middle())  # out of the way of pictures


def in_window():
    """A context for operators, as if a hand had called them."""
    return bpy.context.temp_override(window=bpy.context.window_manager.windows[0])


def in_viewport():
    """The same with the mouse in the 3D Viewport; not for opening files, which frees areas."""
    window = bpy.context.window_manager.windows[0]
    area = max((a for a in window.screen.areas if a.type == "VIEW_3D"), key=lambda a: a.width)
    region = next(r for r in area.regions if r.type == "WINDOW")
    return bpy.context.temp_override(window=window, area=area, region=region)


def names() -> list[str]:
    """Names of all objects in the file but placeholders."""
    return sorted(thing.name for thing in bpy.data.objects if placeholder.MARK not in thing)


def modal_operators() -> list[str]:
    """Modal operators that run in any window."""
    return [operator.bl_idname for window in bpy.context.window_manager.windows for operator in window.modal_operators]


def steer(admin_url: str) -> Simulator:
    """The simulator that the test has started, to be steered from within Blender."""
    simulator = Simulator(generation="2024")
    simulator.admin_url = admin_url
    return simulator


def expect(condition: object, what: str) -> None:
    """Fail the scenario where the condition does not hold."""
    if not condition:
        raise GaveUp(f"it should have been so: {what}")


__all__ = ["Until", "bridge", "neural4d"]

"""Steps that several scenarios share: fill in the panel, press Generate, look at the job."""

from __future__ import annotations

import bpy
from bl_ext.user_default import neural4d
from bl_ext.user_default.neural4d.scene.bridge import bridge

from tests.gui.harness_window import Until


def newest() -> dict:
    """The snapshot of the job that was started last."""
    return max(bridge.jobs.values(), key=lambda job: job["created"])


def reached(*states: str, seconds: float = 60.0) -> Until:
    """Wait until the newest job is in one of these states."""
    return Until(lambda: bridge.jobs and newest()["state"] in states, f"the job to be {' or '.join(states)}", seconds)


def fill_in(ui, prompt: str, size: str = ""):
    """Type a prompt, and a size in millimetres, into the panel."""
    field = yield from ui.find(r"neural4d\.prompt$")
    yield from ui.click(field.x, field.y)
    yield from ui.press("A", ctrl=True)
    yield from ui.type(prompt)
    yield from ui.press("RET")
    if size:
        field = yield from ui.find(r"neural4d\.size_mm$")
        yield from ui.click(field.x, field.y)
        yield from ui.press("A", ctrl=True)
        yield from ui.type(size)
        yield from ui.press("RET")


def generate(ui):
    """Press Generate."""
    button = yield from ui.find(r"neural4d\.generate\(")
    yield from ui.click(button.x, button.y)


def in_window():
    """A context for operators, as if a hand had called them."""
    return bpy.context.temp_override(window=bpy.context.window_manager.windows[0])


def names() -> list[str]:
    """Names of all objects in the file."""
    return sorted(thing.name for thing in bpy.data.objects)


__all__ = ["bridge", "fill_in", "generate", "in_window", "names", "neural4d", "newest", "reached"]

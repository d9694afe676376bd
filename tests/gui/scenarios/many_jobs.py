"""Several jobs at once: the list with prompts of every kind, in every width, size and colour of the interface."""

from __future__ import annotations

import os

import bpy
from bl_ext.user_default.neural4d.scene.finished_jobs import place_finished_models

from tests.gui.scenarios.steps import ICON, QUICK, Until, all_in, bridge, expect, in_window, names, press, start, steer

LONG = "a chair " + "with carved legs and a high back, " * 9
UNICODE = "ein grüner Fuchs 🦊 小さな狐"


def scenario(ui, admin_url):
    sim = steer(admin_url)
    bridge.timing = QUICK
    yield from ui.open_tab("Neural4D")
    for prompt in ("a cute bird", LONG[:300], UNICODE, "a table"):
        yield from start(ui, prompt)
    yield from start(ui, "a bottle", variants=4, size_mm=100.0)
    yield all_in("generating")
    yield 1.0
    yield from ui.screenshot("many-1-generating")
    yield from _looks(ui)
    sim.finish_jobs()
    yield all_in("placed", seconds=90)
    yield Until(lambda: not any(job.under_way for job in bridge.jobs.values()), "the other variants", 60)
    yield from ui.screenshot("many-2-placed")
    placed = names()

    bottle = next(job.id for job in bridge.jobs.values() if job.request.variants == 4)
    # All four were done at the same moment; which came first is not for us to say.
    other = next(index for index in (2, 3) if index not in bridge.jobs[bottle].placed)
    yield from press(ui, rf"neural4d\.place\(.*variant={other}", (0.3, 0.6))
    yield Until(lambda: len(place_finished_models.placed_roots(bottle)) == 2, "another variant", 60)
    yield 0.5
    expect(other in bridge.jobs[bottle].placed, "the list knows that the other variant stands in the scene")
    left, right = sorted(place_finished_models.placed_roots(bottle), key=lambda root: root.location.x)
    between = right.location.x - left.location.x - (left.dimensions.x + right.dimensions.x) / 2
    yield from ui.screenshot("many-3-another-variant")

    yield from press(ui, r"neural4d\.dismiss\(", ICON)
    yield Until(lambda: len(_listed()) == 4, "the topmost job to be off the list", 5)
    expect(bridge.jobs[bottle].dismissed, "the one that was clicked is gone")
    yield from press(ui, r"neural4d\.dismiss_ended\(", ICON)
    yield Until(lambda: not _listed(), "the list to be empty", 5)
    yield from ui.screenshot("many-4-dismissed")
    return {"placed": placed, "between": between, "longest_name": max(map(len, placed))}


def _listed():
    return [job for job in bridge.jobs.values() if not job.dismissed]


def _looks(ui):
    """The same list wide, at 150 % and in the light theme."""
    yield from ui.widen(160)
    yield from ui.screenshot("looks-1-wide")
    yield from ui.widen(-160)
    view = bpy.context.preferences.view
    view.ui_scale = 1.5
    yield 1.0
    yield from ui.screenshot("looks-2-150-percent")
    view.ui_scale = 1.0
    light = os.path.join(bpy.utils.preset_paths("interface_theme")[0], "Blender_Light.xml")
    with in_window():
        bpy.ops.script.execute_preset(filepath=light, menu_idname="USERPREF_MT_interface_theme_presets")
    yield 1.0
    yield from ui.screenshot("looks-3-light")
    bpy.ops.preferences.reset_default_theme()
    yield 0.5

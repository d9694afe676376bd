"""A model that stands in the scene: what it came from, again, another one in its place, into the library and back."""

from __future__ import annotations

import bpy
from bl_ext.user_default import neural4d
from bl_ext.user_default.neural4d.scene.finished_jobs import place_finished_models
from bl_ext.user_default.neural4d.scene.placing import provenance
from bl_ext.user_default.neural4d.scene.session import session
from bl_ext.user_default.neural4d.scene.user_settings import PACKAGE

from tests.gui.harness_window import Until
from tests.gui.scenarios.assets import drag_asset, show_assets
from tests.gui.scenarios.steps import QUICK, bridge, expect, in_viewport, in_window, newest, press, reached, start


def scenario(ui, library):
    bridge.timing = QUICK
    bpy.context.preferences.addons[PACKAGE].preferences.library_dir = library
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(120)
    yield from start(ui, "a cute bird", size_mm=120.0, variants=2)
    yield reached("placed")
    first = newest().id
    yield Until(lambda: not bridge.jobs[first].under_way, "the other variant", 60)
    began = _variant(first)
    yield 0.5
    yield from ui.screenshot("model-1-about")

    # What was found in it, and what is meant in the mesh.
    button = yield from ui.find(r"neural4d\.mark_asset\(")
    header = button.x, button.y - 33
    yield from ui.click(*header)
    yield 0.5
    yield from ui.screenshot("model-1-report")
    yield from press(ui, r"neural4d\.select_marked\(", (0.9,))
    yield Until(lambda: bpy.context.mode == "EDIT_MESH", "Edit Mode of the model", 5)
    yield 0.5
    yield from ui.screenshot("model-1-marked")
    yield from ui.move(*ui.middle())
    yield from ui.press("Z", ctrl=True)
    yield Until(lambda: bpy.context.mode == "OBJECT", "one undo step back to Object Mode", 5)
    yield from ui.click(*header)
    yield from _select(first)

    # Another variant takes its place, in one undo step, and nothing is paid.
    _root(first).location.x = 0.5
    with in_window():
        bpy.ops.ed.undo_push(message="Move")
    yield from press(ui, r"neural4d\.replace\(", (0.6,))
    yield Until(lambda: _variant(first) != began, "the other variant in its place", 60)
    yield from ui.move(*ui.middle())
    yield from ui.press("Z", ctrl=True)
    yield Until(lambda: _variant(first) == began, "undo to bring the first one back", 5)
    expect(abs(_root(first).location.x - 0.5) < 1e-6, "what the user did before is not undone")
    expect(len(place_finished_models.placed_roots(first)) == 1, "one model stands there")

    # Generate Again asks, pays and puts the new one beside; then that one takes the place.
    yield from _select(first)
    yield from press(ui, r"neural4d\.generate_again\(", (0.3,))
    yield 0.5
    yield from ui.screenshot("model-2-again")
    expect(len(bridge.jobs) == 1, "nothing is started before it is confirmed")
    yield from ui.press("RET")
    yield Until(lambda: len(bridge.jobs) == 2, "the new job", 5)
    yield reached("placed")
    second = newest().id
    yield from _select(first)
    name = _root(first).name
    yield 0.5
    yield from ui.screenshot("model-3-again-beside")
    yield from press(ui, rf"neural4d\.replace\(job=.{second}", (0.6, 0.8))
    yield Until(lambda: not place_finished_models.placed_roots(first), "the new model in the place of the first", 60)
    held = bpy.data.objects[name]
    expect(provenance.read(held).job == second, "it is the same object with another model")
    expect(abs(held.location.x - 0.5) < 1e-6, "where the first one stood")

    # To the library, and from there into the scene.
    yield from press(ui, r"neural4d\.save_asset\(", (0.6,))
    yield 0.5
    yield from ui.screenshot("model-4-save")
    yield from ui.press("RET")
    yield Until(lambda: _in_library(), "the asset in the library", 60)
    yield from show_assets()
    yield 3.0
    yield from ui.screenshot("model-5-asset-browser")
    before = len(bpy.data.objects)
    browser = ui.region("WINDOW", "FILE_BROWSER")
    yield from drag_asset(ui, (browser.x + 60, browser.y + browser.height - 60), ui.middle())
    yield Until(lambda: len(bpy.data.objects) > before, "the asset to come into the scene", 20)
    yield 0.5
    yield from ui.screenshot("model-6-dragged")
    return {
        "jobs": [neural4d.Job(one).cost for one in (first, second)],
        "libraries": [one.name for one in bpy.context.preferences.filepaths.asset_libraries],
        "dragged": len(bpy.data.objects) - before,
        "size": max(bpy.context.active_object.dimensions) if bpy.context.active_object else 0,
    }


def _root(job):
    return place_finished_models.placed_roots(job)[0]


def _variant(job):
    roots = place_finished_models.placed_roots(job)
    return provenance.read(roots[0]).variant if roots else None


def _select(job):
    with in_viewport():
        bpy.ops.object.select_all(action="DESELECT")
    root = _root(job)
    root.select_set(True)
    bpy.context.view_layer.objects.active = root
    yield 0.3


def _in_library():
    return any(icon == "CHECKMARK" for _, icon in session.asked.library.values())

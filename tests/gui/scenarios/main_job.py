"""The main job as a person does it: type a prompt, click Generate, go on working, find the model at the cursor."""

from __future__ import annotations

import bpy

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import fill_in, generate, in_window, names, newest, reached


def scenario(ui):
    bpy.context.scene.cursor.location = (2.0, -1.0, 0.25)
    with in_window():
        bpy.ops.mesh.primitive_cone_add(location=(-2, 0, 0))
    before = names()
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(120)
    yield from ui.screenshot("main-1-empty")
    yield from fill_in(ui, "a cute bird", "120")
    yield from ui.screenshot("main-2-filled-in")
    yield 0.5
    ui.gaps.start()
    yield 3.0
    idle = ui.gaps.stop()
    yield from generate(ui)
    yield reached("generating")
    bpy.context.scene.cursor.location = (0.0, 0.0, 0.0)  # the model is to stand where the cursor was
    yield 2.0
    yield from ui.screenshot("main-3-generating")
    ui.gaps.start()
    yield reached("downloading", "preparing_model", "ready", "placed")
    answering = ui.gaps.stop()
    ui.gaps.start()
    yield reached("placed")
    yield 1.0
    placing = ui.gaps.stop()
    yield from ui.screenshot("main-4-placed")
    model = bpy.context.view_layer.objects.active
    after = names()
    report = {
        "idle": idle,
        "answering": answering,
        "placing": placing,
        "name": model.name,
        "selected": model.select_get(),
        "only_one_selected": len(bpy.context.selected_objects) == 1,
        "location": list(model.location),
        "dimensions": list(model.dimensions),
        "scale": list(model.scale),
        "rotation": list(model.rotation_euler),
        "came": sorted(set(after) - set(before)),
        "cost": newest().cost,
    }
    x, y = ui.middle()
    yield from ui.move(x, y)
    yield from ui.press("Z", ctrl=True)
    yield Until(lambda: names() == before, "undo to take away the model and nothing else", 5)
    yield from ui.screenshot("main-5-undone")
    report["undone"] = [thing.name for thing in bpy.data.objects if thing.name not in before]
    yield from ui.press("Z", ctrl=True)
    yield Until(lambda: len(bpy.data.objects) == len(before), "another undo to take away the placeholder too", 5)
    yield from ui.press("Z", ctrl=True, shift=True)
    yield Until(lambda: len(bpy.data.objects) == len(before) + 1, "redo to bring that back", 5)
    yield from ui.press("Z", ctrl=True, shift=True)
    yield Until(lambda: names() == after, "redo to bring it back", 5)
    report["size_after_redo"] = max(bpy.data.objects[report["name"]].dimensions)
    yield 1.0
    report["after_redo"] = names()
    report["before"], report["after"] = before, after
    return report

"""Boxes that become models: one with Fit Selected, a room with Dress Blockout, and one fitted anew."""

from __future__ import annotations

import bpy
from bl_ext.user_default import neural4d
from bl_ext.user_default.neural4d.scene.placing import provenance
from bl_ext.user_default.neural4d.ui.panels import sidebar

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import QUICK, bridge, expect, in_window, press, reached

#: Name, place and size of each box in metres.
_ROOM = {
    "Oak Table": ((0, 0), (1.6, 0.9, 0.75)),
    "Chair.001": ((-0.6, -0.9), (0.5, 0.5, 0.9)),
    "Chair.002": ((0.6, -0.9), (0.5, 0.5, 0.9)),
    "Shelf": ((-1.8, 0.8), (1.0, 0.4, 2.0)),
}


def scenario(ui):
    bridge.timing = QUICK
    bpy.context.scene.neural4d.placeholder = True
    panels = sidebar.CLASSES[sidebar.CLASSES.index(sidebar.NEURAL4D_PT_blockout) :]
    panels[0].bl_options, panels[0].bl_order = set(), 0  # open, and in sight above the jobs
    for panel in reversed(panels):
        bpy.utils.unregister_class(panel)
    for panel in panels:
        bpy.utils.register_class(panel)
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    with in_window():
        for name, ((x, y), sides) in _ROOM.items():
            bpy.ops.mesh.primitive_cube_add(size=1, location=(x, y, sides[2] / 2), scale=sides)
            bpy.context.object.name = name
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(120)
    _select("Shelf")
    with in_window():
        bpy.ops.ed.undo_push(message="Blockout")
    yield 0.5
    yield from press(ui, r"neural4d\.fit_selected\(", (0.5,))
    yield 0.5
    yield from ui.screenshot("boxes-1-fit-selected")
    expect(not bridge.jobs, "nothing is started before it is confirmed")
    bpy.context.scene.neural4d.variants = 2
    yield from ui.press("RET")
    yield 0.5
    expect(not bridge.jobs, "nor at another price than the button named")
    yield from ui.screenshot("boxes-1-asked-once-more")
    yield from ui.press("RET")
    yield Until(lambda: len(bridge.jobs) == 1, "the job", 10)
    bpy.context.scene.neural4d.variants = 1
    yield reached("placed")
    expect(not bpy.data.objects["Shelf"].visible_get(), "the box is hidden")
    yield from ui.move(*ui.middle())
    yield from ui.press("Z", ctrl=True)
    yield Until(lambda: not _roots(), "undo to take the model away", 5)
    expect(bpy.data.objects["Shelf"].visible_get(), "and to bring the box back, in one step")
    yield from ui.press("Z", ctrl=True, shift=True)
    yield Until(lambda: len(_roots()) == 1, "the model once more", 5)

    yield from _look_at_a_long_table(ui)
    _select(*[name for name in _ROOM if name != "Shelf"])
    yield 0.5
    yield from press(ui, r"neural4d\.dress\(", (0.5,))
    yield 0.5
    yield from ui.screenshot("boxes-2-dress")
    expect(len(bridge.jobs) == 1, "nothing is started before it is confirmed")
    for file_format in ("FBX", "GLB"):  # the first has to be converted, which costs points
        bpy.context.scene.neural4d.options_neural4d.file_format = file_format
        yield from ui.press("RET")
        yield 0.5
        expect(len(bridge.jobs) == 1, "nor at another price than the button named")
        yield from ui.screenshot("boxes-2-asked-once-more")
    yield from ui.press("RET")
    yield Until(lambda: len(bridge.jobs) == 3, "a job for each name", 10)
    yield 0.5
    yield from ui.screenshot("boxes-3-under-way")
    yield Until(lambda: len(_roots()) == 4, "a model in every box", 90)
    yield 1.0
    yield from ui.screenshot("boxes-4-dressed")

    table = next(root for root in _roots() if provenance.fit_of(root)["box"] == "Oak Table")
    before = table.dimensions.z
    bpy.data.objects["Oak Table"].scale *= 1.5
    name = table.name
    _select(name)
    yield 0.5
    yield from press(ui, r"neural4d\.refit\(", (0.5,))
    yield 0.5
    yield from ui.screenshot("boxes-5-refit")
    return {"grew": bpy.data.objects[name].dimensions.z / before, "cost": [job.cost for job in neural4d.jobs()]}


def _look_at_a_long_table(ui):
    """More names than the table has lines: it scrolls, and a line can be written to; Escape starts nothing."""
    names = [f"{letter} thing" for letter in "abcdefghijklmnopqrstuvwxyz"]
    with in_window():
        for number, name in enumerate(names):
            bpy.ops.mesh.primitive_cube_add(size=0.2, location=(number * 0.3 - 4, 3, 0.1))
            bpy.context.object.name = name
    _select(*names)
    yield 0.5
    yield from press(ui, r"neural4d\.dress\(", (0.5,))
    yield 0.5
    yield from ui.screenshot("boxes-2a-long-table")
    yield from ui.press("ESC")
    yield 0.5
    expect(len(bridge.jobs) == 1, "nothing is started by looking")
    for name in names:
        bpy.data.objects.remove(bpy.data.objects[name])


def _roots():
    return [thing for thing in bpy.data.objects if thing.get(provenance.JOB) and thing.users_scene]


def _select(*names):
    with in_window():
        bpy.ops.object.select_all(action="DESELECT")
        for name in names:
            bpy.data.objects[name].select_set(True)
            bpy.context.view_layer.objects.active = bpy.data.objects[name]

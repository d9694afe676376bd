"""Other services than Neural4D: the panel as each has it, and the main job on two of them by clicks alone."""

from __future__ import annotations

import bpy
from bl_ext.user_default.neural4d.ui.panels import sidebar

from tests.gui.harness_window import WIDE, Until
from tests.gui.scenarios.pictures import from_top
from tests.gui.scenarios.steps import generate, newest, press, reached, type_in

SERVICES = ("neural4d", "csm", "goneural", "modelslab")


def look(ui, picture: str):
    """The panel of each service with its options unfolded, the menu of sources, and the preferences.

    Returns where each panel is in its picture: left, top, right, bottom in pixels from the top left.
    """
    below = (sidebar.NEURAL4D_PT_service, sidebar.NEURAL4D_PT_arrival, sidebar.NEURAL4D_PT_more)
    for kind in below:
        bpy.utils.unregister_class(kind)
    below[0].bl_options = set()
    for kind in below:
        bpy.utils.register_class(kind)
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    chosen, cuts = bpy.context.scene.neural4d, {}
    chosen.input, chosen.image_source, chosen.image = "IMAGE", "IMAGE", bpy.data.images.load(picture)
    chosen.image_url = "https://example.com/mug.png"
    yield from ui.move(*ui.middle())
    for service in SERVICES:
        chosen.provider = service
        yield from ui.redraw()
        yield 0.8  # the panels slide
        yield from ui.screenshot(f"services-{service}")
        region = ui.region()
        cuts[f"services-{service}"] = from_top(ui, region.x, region.y, region.width, region.height)
    chosen.image_source = "URL"
    yield from ui.redraw()
    field = yield from ui.find(r"\.image_url$", columns=WIDE)
    yield from ui.click(field.x, field.y + 25)  # menus have no path to find them by
    yield 0.5
    yield from ui.screenshot("services-sources")
    yield from ui.press("ESC")
    bpy.ops.neural4d.open_preferences()
    yield Until(lambda: len(bpy.context.window_manager.windows) == 2, "the preferences to open", 5)
    ui.focus = 1
    yield 0.8
    yield from ui.screenshot("services-preferences")
    return cuts


def main(ui, picture: str, address: str):
    """An image file with GoNeural, the address of one with ModelsLab; the service is chosen in the panel."""
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(120)
    chosen = bpy.context.scene.neural4d
    made = []
    yield from choose(ui, "G", "goneural")
    chosen.input = "IMAGE"
    yield from ui.redraw()
    yield from type_in(ui, r"\.image_path$", picture, lambda: chosen.image_path == picture)
    yield from type_in(ui, r"neural4d\.size$", "150mm", lambda: abs(chosen.size_mm - 150) < 0.01)
    made.append((yield from make(ui)))
    yield from ui.screenshot("services-goneural-placed")
    yield from choose(ui, "M", "modelslab")
    chosen.image_source = "URL"
    yield from ui.redraw()
    yield from type_in(ui, r"\.image_url$", address, lambda: chosen.image_url == address)
    made.append((yield from make(ui)))
    yield from ui.screenshot("services-modelslab-placed")
    return made


def choose(ui, letter: str, service: str):
    """Another service in the menu at the top, by its first letter."""
    chosen = bpy.context.scene.neural4d
    yield from press(ui, r"\.provider$")
    yield 0.3
    yield from ui.press(letter)
    yield Until(lambda: chosen.provider == service, f"{service} to be chosen", 5)
    yield from ui.redraw()


def make(ui):
    """Generate, and what came of it."""
    before = set(bpy.data.objects)
    yield from generate(ui)
    yield reached("generating")
    yield reached("placed")
    yield 1.0
    root = next(thing for thing in bpy.data.objects if thing not in before and thing.parent is None)
    colours = {
        colour.name
        for mesh in {root, *root.children_recursive}
        if mesh.type == "MESH"
        for colour in mesh.data.color_attributes
    }
    return {
        "service": newest().provider,
        "cost": newest().cost,
        "name": root.name,
        "largest": max(root.dimensions),
        "colours": sorted(colours),
    }

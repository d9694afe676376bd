"""Image jobs as a person does them: choose a picture, choose a cut-out, keep an STL; variants; chibi."""

from __future__ import annotations

import os

import bpy

from tests.gui.harness_window import WIDE, Until
from tests.gui.scenarios.steps import drawn, fill_in, generate, names, newest, reached, shown_files, unfold


def press(ui, pattern: str, columns=WIDE):
    """Find a button by what it does, and click it."""
    button = yield from ui.find(pattern, columns=columns, empty=500)  # pictures are no buttons
    yield from ui.click(button.x, button.y)


def cutouts(ui, picture: str, folder: str):
    """A file, four cut-outs, the second one taken; then the STL for the printer."""
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(120)
    chosen = bpy.context.scene.neural4d
    chosen.input = "IMAGE"
    yield from ui.screenshot("images-1-source")
    field = yield from ui.find(r"\.image_path$")
    yield from ui.click(field.x - 40, field.y)
    yield from ui.press("A", ctrl=True)
    yield from ui.type(picture)
    yield from ui.press("RET")
    yield from press(ui, r"\.choose_cutout$")
    yield from generate(ui)
    yield reached("choosing_cutout")
    yield drawn()
    yield 0.5
    yield from ui.screenshot("images-2-choose-a-cutout")
    before = newest().cost
    yield from press(ui, r"choose_cutout\(.*cutout=1", (0.6,))
    yield reached("placed")
    yield Until(lambda: newest().variants[0].preview, "the preview", 20)
    yield 1.0
    yield from ui.screenshot("images-3-placed")
    # The file browser is Blender's own; what it gives is a folder.
    bpy.ops.neural4d.save(job=newest().id, variant=0, format="STL", directory=folder, size_mm=80)
    yield Until(lambda: newest().saves and newest().saves[0].state in ("saved", "failed"), "the STL", 60)
    yield 0.5
    yield from ui.screenshot("images-4-stl-kept")
    job = newest()
    return {
        "before": before,
        "cutout": job.cutout,
        "cost": job.cost,
        "saves": [(save.state, os.path.basename(save.path)) for save in job.saves],
        "objects": names(),
    }


def variants(ui):
    """Four variants with their pictures; the third one is placed beside the first by a click."""
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(120)
    bpy.context.scene.neural4d.variants = 4
    yield from ui.redraw()
    yield from fill_in(ui, "a wooden chair", "200")
    yield from generate(ui)
    yield reached("placed")
    yield Until(lambda: all(v.preview for v in newest().variants), "all previews", 60)
    yield from unfold(ui)
    yield drawn()
    yield 0.5
    yield from ui.screenshot("variants-1-previews")
    yield from press(ui, r"neural4d\.place\(.*variant=2", (0.3,))
    yield Until(lambda: len([n for n in names() if n.startswith("a wooden chair")]) == 2, "the third variant", 60)
    yield 0.5
    yield from ui.screenshot("variants-2-third-placed")
    placed = [thing for thing in bpy.data.objects if thing.name.startswith("a wooden chair")]
    shown = {"x": sorted(thing.location.x for thing in placed), "width": placed[0].dimensions.x}
    return {**shown, "shown_files": shown_files()}


def chibi(ui, picture: str):
    """A style, a portrait check that says no, and the user who knows better."""
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(120)
    chosen = bpy.context.scene.neural4d
    chosen.input, chosen.image_source, chosen.image_path = "IMAGE", "FILE", picture
    chosen.options_neural4d.style = "Pixel-Style"
    yield from generate(ui)
    yield reached("failed")
    yield 0.5
    yield from ui.screenshot("chibi-1-no-person")
    yield from press(ui, r"neural4d\.retry\(")
    yield reached("placed")
    yield 1.0
    yield from ui.screenshot("chibi-2-placed")
    return {"cost": newest().cost, "error": newest().error}


def editor(ui):
    """The Image Editor's tab makes a model of the image that is open there."""
    area = ui.area("VIEW_3D")
    area.type = "IMAGE_EDITOR"
    image = bpy.data.images.new("painted", 300, 300)
    image.pixels = [0.9, 0.4, 0.1, 1.0] * (300 * 300)
    area.spaces.active.image = image
    yield 0.5
    yield from ui.open_tab("Neural4D", "IMAGE_EDITOR")
    yield from ui.screenshot("editor-1-tab")
    button = yield from ui.find(r"neural4d\.generate_from_editor\(", area="IMAGE_EDITOR")
    yield from ui.click(button.x, button.y)
    yield reached("placed")
    yield 1.0
    yield from ui.screenshot("editor-2-placed")
    return {"cost": newest().cost, "objects": names()}

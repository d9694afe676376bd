"""The pictures of the documentation, for scripts/screenshots.py: the panel, a job under way, the model in the scene;
and the pictures that a job shows, cut-outs and variants, and many jobs at once, each in a window of its own.
"""

from __future__ import annotations

import math

import bpy
from bl_ext.user_default import neural4d
from bl_ext.user_default.neural4d.scene.user_settings import PACKAGE
from bl_ext.user_default.neural4d.ui.lists import batch_list, batch_progress
from bl_ext.user_default.neural4d.ui.lists.history_page import page
from mathutils import Euler

from tests.gui.harness_window import WIDE, Until
from tests.gui.scenarios.assets import drag_asset, show_assets
from tests.gui.scenarios.history import HISTORY, PANELS, show
from tests.gui.scenarios.steps import (
    bridge,
    drawn,
    fill_in,
    generate,
    in_viewport,
    in_window,
    newest,
    reached,
    start,
    steer,
    unfold,
)


def scenario(ui):
    """Takes the pictures; returns where to cut them: left, top, right, bottom in pixels from the top left."""
    look_at(ui, (0.05, 0.0, 0.05), 0.42)
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    yield from fill_in(ui, "a cute bird")
    bpy.context.scene.neural4d.size_mm = 120
    yield from ui.redraw()
    yield from ui.screenshot("readme-panel")
    panel = yield from around_the_panel(ui)
    yield from generate(ui)
    yield reached("generating")
    yield Until(lambda: newest().progress > 0.3, "a job that is well under way", 60)
    yield from ui.screenshot("readme-generating")
    # Not swept for buttons: the job goes on meanwhile.
    generating = [*panel[:3], panel[3] + 60]
    yield reached("placed")
    yield 6.0  # the viewport compiles its shaders
    with in_window():
        bpy.context.view_layer.objects.active.select_set(False)
    x, y = ui.middle()
    yield from ui.move(x, y)
    yield from ui.screenshot("readme-placed")
    area = ui.area()
    placed = from_top(ui, area.x, area.y, area.width, area.height)
    return {"readme-panel": panel, "readme-generating": generating, "readme-placed": placed}


def moving(ui):
    """From an empty panel to a model that is looked at from all sides; every screenshot with its milliseconds."""
    view = look_at(ui, (0.06, 0.0, 0.05), 0.5)
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    shown = {}

    def frame(milliseconds):
        name = f"moving-{len(shown):02}"
        shown[name] = milliseconds
        yield from ui.screenshot(name)

    yield from frame(900)
    for words in ("a", "a cute", "a cute bird"):
        bpy.context.scene.neural4d.prompt = words
        yield from ui.redraw()
        yield from frame(300)
    yield from fill_in(ui, "a cute bird", "120")
    yield from frame(900)
    yield from generate(ui)
    yield reached("generating")
    yield from frame(600)
    for part in (0.25, 0.5, 0.75):
        yield Until(lambda part=part: newest().progress > part, f"{part:.0%} of a job", 60)
        yield from frame(500)
    yield reached("placed")
    yield 6.0  # the viewport compiles its shaders
    with in_window():
        bpy.context.view_layer.objects.active.select_set(False)
    yield from ui.move(*ui.middle())
    yield from frame(1200)
    for step in range(1, 9):
        view.view_rotation = Euler((math.radians(72), 0.0, math.radians(22 + 40 * step))).to_quaternion()
        yield from ui.redraw()
        yield from frame(200)
    area = ui.area()
    return {"frames": shown, "cut": from_top(ui, area.x, area.y, area.width, area.height)}


def cutouts(ui, picture: str):
    """The four cut-outs of a picture, to choose from."""
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    chosen = bpy.context.scene.neural4d
    chosen.input, chosen.image_source, chosen.image = "IMAGE", "IMAGE", bpy.data.images.load(picture)
    chosen.choose_cutout = True
    yield from ui.redraw()
    yield from generate(ui)
    yield reached("choosing_cutout")
    yield from ui.move(*ui.middle())
    yield drawn()
    yield 0.5
    yield from ui.screenshot("readme-cutouts")
    region = ui.region()
    return {"readme-cutouts": from_top(ui, region.x, region.y, region.width, region.height)}


def first(ui):
    """Four pictures of a prompt, to choose the one that becomes the model."""
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    chosen = bpy.context.scene.neural4d
    chosen.picture_first, chosen.pictures, chosen.choose_cutout = True, 4, True
    yield from ui.redraw()
    yield from fill_in(ui, "a cute bird", "120")
    yield from generate(ui)
    yield reached("choosing_cutout")
    yield Until(lambda: all(newest().pictures), "the pictures", 30)
    chosen.picture_first = chosen.choose_cutout = False  # its settings would take the place of the pictures
    yield from ui.move(*ui.middle())
    yield drawn()
    yield 0.5
    yield from ui.screenshot("readme-pictures")
    region = ui.region()
    return {"readme-pictures": from_top(ui, region.x, region.y, region.width, region.height)}


def variants(ui):
    """Four variants of a prompt with their pictures."""
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    bpy.context.scene.neural4d.variants = 4
    yield from ui.redraw()
    yield from fill_in(ui, "a wooden chair", "900")
    yield from generate(ui)
    yield reached("placed")
    yield Until(lambda: all(variant.preview for variant in newest().variants), "all previews", 60)
    yield from unfold(ui)
    yield from ui.move(*ui.middle())
    yield drawn()
    yield 0.5
    yield from ui.screenshot("readme-variants")
    region = ui.region()
    return {"readme-variants": from_top(ui, region.x, region.y, region.width, region.height)}


def many(ui, table: str, admin_url: str):
    """A batch in the middle, above the history that its first models are in already."""
    sim = steer(admin_url)
    for panel in HISTORY:
        panel.bl_options = set()  # closed when they are first drawn, otherwise
    yield from show(ui, *batch_list.CLASSES, *HISTORY)
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    with in_viewport():
        bpy.ops.neural4d.batch_from_file(filepath=table, concurrency=2, budget=300)
    yield 0.7
    yield from ui.press("RET")
    yield Until(lambda: bridge.batches, "the batch", 5)
    counts = batch_progress.tally(next(iter(bridge.batches)))
    for points in (60, 120):
        yield Until(lambda points=points: counts.points == points and counts.working == 2, f"{points} points", 30)
        if points == 60:
            sim.finish_jobs()
    yield Until(lambda: counts.done == 2, "two models in the scene", 60)
    yield Until(lambda: not any(job.under_way for job in counts.jobs()[:2]), "their pictures", 30)
    page.look_up()
    yield from ui.move(*ui.middle())
    yield drawn()
    yield 0.5
    yield from ui.screenshot("readme-many")
    yield from show(ui, *PANELS)
    region = ui.region()
    return {"readme-many": from_top(ui, region.x, region.y, region.width, region.height)}


def library(ui, folder: str):
    """A model in the asset library, and once more in the scene, with what the panel says of it."""
    bpy.context.preferences.addons[PACKAGE].preferences.library_dir = folder
    look_at(ui, (0.03, 0.0, 0.05), 0.6)
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    yield from start(ui, "a cute bird", size_mm=120, variants=4)
    yield reached("placed")
    job = neural4d.Job(newest().id)
    yield Until(lambda: all(variant.preview for variant in job.variants), "the pictures", 60)
    again = yield from ui.find(r"neural4d\.generate_again\(", columns=WIDE, empty=400)
    yield from ui.move(*ui.middle())
    yield 0.5
    yield from ui.screenshot("readme-about")
    region = ui.region()
    about = from_top(ui, region.x, again.y - 95, region.width, 185)
    answers = []
    job.start_save_asset("", None, answers.append)
    yield Until(lambda: answers, "the asset", 60)
    neural4d.add_library()
    yield from show_assets()
    yield 3.0
    browser = ui.region("WINDOW", "FILE_BROWSER")
    x, y = ui.middle()
    yield from drag_asset(ui, (browser.x + 60, browser.y + browser.height - 60), (x - 250, y - 40))
    yield Until(lambda: len(bpy.data.objects) == 2, "the asset in the scene", 20)
    yield 6.0  # the viewport compiles its shaders
    yield from ui.screenshot("readme-library")
    area, browser = ui.area(), ui.area("FILE_BROWSER")
    whole = from_top(ui, area.x, browser.y, area.width, area.y + area.height - browser.y)
    return {"readme-about": about, "readme-library": whole}


def around_the_panel(ui):
    """The sidebar down to its lowest button."""
    buttons = yield from ui.buttons(columns=WIDE)
    lowest = min(button.y for button in buttons) - 24
    region = ui.region()
    return from_top(ui, region.x, lowest, region.width, region.y + region.height - lowest)


def from_top(ui, x, y, width, height):
    top = ui.window.height - y - height
    return [x, top, x + width, top + height]


def look_at(ui, location, distance):
    """Empty the scene, and look in Material Preview at a place from as many metres; returns the view."""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    space = ui.area().spaces[0]
    space.clip_start = 0.001
    space.shading.type = "MATERIAL"
    view = space.region_3d
    view.view_location, view.view_distance = location, distance
    view.view_rotation = Euler((math.radians(72), 0.0, math.radians(22))).to_quaternion()
    return view

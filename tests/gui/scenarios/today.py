"""What today's Neural4D makes of the panel: pictures first, refusals, limits, prices that are only documented."""

from __future__ import annotations

import bpy
from bl_ext.user_default.neural4d.scene import timer_and_file_handlers
from bl_ext.user_default.neural4d.ui.drawing import state_labels, unsupported
from bl_ext.user_default.neural4d.ui.panels import sidebar
from bl_ext.user_default.neural4d.ui.settings import panel_request, side_views
from bl_ext.user_default.neural4d.ui.settings.properties import service

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import bridge, drawn, expect, fill_in, names, newest, press, reached, start, steer

#: Pixels: the sidebar as Blender opens it, and one that somebody has made narrow.
USUAL, NARROW = 292, 260
#: The sub-panels, in their order.
_BELOW = (sidebar.NEURAL4D_PT_service, sidebar.NEURAL4D_PT_arrival, sidebar.NEURAL4D_PT_more)


def begin(ui, **settings):
    """The tab at its usual width, with settings that are set, not clicked."""
    yield from ui.open_tab("Neural4D")
    yield from to_width(ui, USUAL)
    for name, value in settings.items():
        setattr(bpy.context.scene.neural4d, name, value)
    yield from ui.redraw()


def to_width(ui, pixels: int):
    """Drag the sidebar's edge until it is that wide."""
    region = ui.region()
    y = region.y + region.height - 100
    if region.width != pixels:
        yield from ui.drag((region.x, y), (region.x - (pixels - region.width), y))
        yield 0.3


def both(ui, name: str):
    """A picture at either width; the usual one stays."""
    yield from ui.move(*ui.middle())
    for width, ending in ((NARROW, "-narrow"), (USUAL, "")):
        yield from to_width(ui, width)
        yield 0.4
        yield from ui.screenshot(f"today-{name}{ending}")


def pictures(ui, reference: str):
    """Four pictures of a prompt, the third one taken; later one of them is the image of the next model."""
    yield from begin(ui)
    chosen = bpy.context.scene.neural4d
    yield from fill_in(ui, "a cute bird")
    yield from press(ui, r"\.picture_first$", (0.3,))
    expect(chosen.picture_first, "a click asks for a picture first")
    chosen.pictures, chosen.choose_cutout = 4, True
    chosen.references.add().path = reference
    yield from press(ui, r"add_reference_image\(", (0.82, 0.86, 0.9))
    expect([one.is_file for one in chosen.references] == [True, False], "a row for an image of the file")
    yield from both(ui, "pictures-1-settings")
    yield from press(ui, r"neural4d\.generate\(")
    yield reached("preparing_input")
    yield from ui.screenshot("today-pictures-2-making")
    yield reached("choosing_cutout")
    yield Until(lambda: all(newest().pictures), "the pictures", 20)
    yield drawn()
    yield 0.5
    yield from both(ui, "pictures-3-choice")
    before = newest().cost
    yield from press(ui, r"choose_cutout\(.*cutout=2", (0.3,))
    yield reached("placed")
    yield 1.0
    yield from ui.screenshot("today-pictures-4-placed")
    yield from press(ui, r"unfold_pictures\(", (0.25,))
    yield 1.0
    yield from both(ui, "pictures-5-unfolded")
    yield from press(ui, r"use_picture\(", (0.3,))
    yield 0.3
    yield from ui.screenshot("today-pictures-6-used")
    job = newest()
    return {
        "before": before,
        "cost": job.cost,
        "taken": job.cutout,
        "objects": names(),
        "input": [chosen.input, chosen.image_source, chosen.image_path == job.pictures[0]],
    }


def refused(ui):
    """The service lets the prompt not through: its own sentence first; the report goes to the clipboard."""
    yield from begin(ui)
    yield from start(ui, "a forbidden chair")
    yield reached("failed")
    yield 0.5
    yield from both(ui, "refused")
    bpy.context.window_manager.clipboard = ""
    yield from press(ui, r"copy_report\(", (0.6, 0.75))
    yield 0.3
    return {"error": newest().error, "report": bpy.context.window_manager.clipboard, "cost": newest().cost}


def limited(ui, minute: float):
    """The second job has to wait for the service's limit: the seconds are counted down, and nothing is lost."""
    bridge.timing = {"quickest": 0.3, "minute": minute}
    yield from begin(ui)
    yield from start(ui, "a chair")
    yield reached("generating", "placed")
    yield from start(ui, "a table")
    yield Until(lambda: state_labels.waits(newest()) > 0, "the service to ask for a pause", 20)
    told = newest().note
    yield 0.5
    yield from both(ui, "limit-1")
    seen, costs = [], []
    drawn = sidebar.job_list.draw

    def watched(layout):
        seen.append(state_labels.waits(newest()))
        drawn(layout)

    ticked = timer_and_file_handlers._tick
    sidebar.job_list.draw = watched
    for _ in range(30):
        before = timer_and_file_handlers.time.perf_counter()
        ticked()
        costs.append(timer_and_file_handlers.time.perf_counter() - before)
        yield 0.1
    sidebar.job_list.draw = drawn
    yield from ui.screenshot("today-limit-2")
    yield Until(lambda: all(job.state == "placed" for job in bridge.jobs.values()), "both models", 120)
    return {"note": told, "seen": seen, "ms": sorted(round(cost * 1000, 3) for cost in costs), "objects": names()}


def lacks(ui, picture: str):
    """The server is found to have no cut-outs: from then on the panel says so, and the tick is grey."""
    yield from begin(ui, input="IMAGE", image_source="FILE", image_path=picture, choose_cutout=True)
    chosen = bpy.context.scene.neural4d
    yield from press(ui, r"neural4d\.generate\(")
    yield reached("failed")
    yield 0.5
    yield from both(ui, "lacks-2-no-cutouts")
    why = {name: unsupported.why(service(chosen), unsupported.Feature(name)) for name in ("choice", "views")}
    clicked = {}
    for name in ("choose_cutout", "use_views"):
        before = getattr(chosen, name)
        yield from press(ui, rf"\.{name}$", (0.3,))
        clicked[name] = getattr(chosen, name) != before
    yield from press(ui, r"neural4d\.generate\(")
    yield reached("placed")
    chosen.provider, chosen.use_views = "csm", True
    for side in side_views.SIDES:
        setattr(chosen, f"view_{side}", picture)
    yield from ui.redraw()
    yield from both(ui, "lacks-3-views-of-csm")
    first = min(bridge.jobs.values(), key=lambda job: job.created)
    return {"why": why, "clicked": clicked, "error": first.error}


def ranges(ui):
    """A number of faces that does not fit the quality: said before the click, and the button is grey."""
    for kind in _BELOW:
        bpy.utils.unregister_class(kind)
    _BELOW[0].bl_options = set()  # folded in when it is first drawn, otherwise
    for kind in _BELOW:
        bpy.utils.register_class(kind)
    yield from begin(ui, prompt="a chair")
    chosen = bpy.context.scene.neural4d
    own = chosen.options_neural4d
    own.mesh_quality, own.faceNum = "standard", 700_000
    yield from ui.redraw()
    yield from both(ui, "ranges")
    yield from press(ui, r"neural4d\.generate\(")
    yield 0.5
    said = panel_request.refusal(chosen, of_image=False)
    expect(not bridge.jobs, "a click on the grey button starts nothing")
    own.faceNum = 400_000
    yield from ui.redraw()
    return {"said": said, "fits": panel_request.refusal(chosen, of_image=False)}


def short(ui, admin_url: str):
    """Fewer points than the document's price: the panel says so and sends; the service has the last word."""
    yield from begin(ui, prompt="a chair", variants=2)
    yield from press(ui, r"neural4d\.test_key\(", (0.82, 0.86, 0.9))
    yield Until(lambda: bridge.balances, "the balance", 10)
    yield 0.3
    yield from both(ui, "short-1-documented")
    yield from press(ui, r"neural4d\.generate\(")
    yield reached("failed")
    yield 0.3
    yield from both(ui, "short-2-refused")
    error = dict(newest().error)
    steer(admin_url).configure(balance=100)
    yield from press(ui, r"neural4d\.retry\(", (0.3,))
    yield reached("placed")
    yield 0.5
    yield from ui.screenshot("today-short-3-measured")
    return {"error": error, "cost": newest().cost}


def unknown(ui, admin_url: str):
    """The answer to a paid request is lost: the panel says what is looked up."""
    steer(admin_url).set_fault("generateModelWithText", "reset_after")
    bridge.timing = {"quickest": 0.3, "look_again": 4.0}
    yield from begin(ui)
    yield from start(ui, "a chair")
    yield reached("unknown")
    yield 0.5
    yield from both(ui, "unknown")
    yield reached("failed", "placed")
    yield 0.5
    yield from ui.screenshot("today-unknown-2-ended")
    return {"state": newest().state, "error": newest().error}

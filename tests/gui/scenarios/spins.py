"""CSM as a person uses it: a picture, four spins in the panel, one of them taken, the model in its size."""

from __future__ import annotations

import bpy

from tests.gui.harness_window import Until
from tests.gui.scenarios.steps import bridge, drawn, expect, names, newest, press, reached


def choose(ui, picture: str):
    """The third spin; nothing after the session is ordered before that click."""
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(120)
    chosen = bpy.context.scene.neural4d
    chosen.provider, chosen.input, chosen.image_source, chosen.image_path = "csm", "IMAGE", "FILE", picture
    chosen.size_mm = 95
    yield from ui.redraw()
    yield from ui.screenshot("spins-1-settings")
    yield from press(ui, r"\.choose_cutout$", columns=(0.45, 0.6, 0.75))
    expect(chosen.choose_cutout, "a click switches the choice on")
    yield from press(ui, r"neural4d\.generate\(")
    yield reached("choosing_cutout")
    yield Until(lambda: all(newest().pictures), "the spins' pictures", 20)
    yield from ui.move(*ui.middle())
    yield drawn()
    yield 0.5
    yield from ui.screenshot("spins-2-choose-a-spin")
    before = [entry["operation"] for entry in newest().spent]
    yield from press(ui, r"choose_cutout\(.*cutout=2")
    yield reached("placed")
    yield Until(lambda: newest().variants[0].preview, "the spin's picture", 20)
    yield 1.0
    yield from ui.screenshot("spins-3-placed")
    job = bridge.jobs[newest().id]
    return {
        "before": before,
        "after": [entry["operation"] for entry in job.spent],
        "spin": job.cutout,
        "dimensions": job.variants[0].facts["dimensions_mm"],
        "objects": names(),
    }

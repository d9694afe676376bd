"""What drawing the History panel costs, with a short and with a long past."""

from __future__ import annotations

import os

import bpy
from bl_ext.user_default.neural4d.scene.shared_engine import bridge
from bl_ext.user_default.neural4d.ui.lists.history_page import page
from bl_ext.user_default.neural4d.ui.panels import history

from tests.gui.harness_window import Until
from tests.gui.scenarios.bench import Meter, drawn
from tests.gui.scenarios.history import HISTORY, PANELS, show

_DRAWINGS = 60


def scenario(ui, folders):
    """The figures of each data folder, by the number of its jobs."""
    for panel in HISTORY:
        panel.bl_options = set()
    yield from show(ui, *HISTORY)
    yield from ui.open_tab("Neural4D")
    yield from ui.widen(80)
    plain, figures = history.NEURAL4D_PT_history.draw, {}
    for jobs, folder in folders.items():
        os.environ["NEURAL4D_DATA_DIR"] = folder
        bridge.stop()
        bridge.jobs.clear()
        page.forget()
        yield from ui.redraw()
        yield Until(lambda jobs=jobs: page.total == int(jobs), f"{jobs} jobs", 20)
        yield 1.0  # the pictures are read
        drawing, taking = Meter(), Meter()
        history.NEURAL4D_PT_history.draw = drawn(drawing.around(plain))
        take = bridge.drain
        bridge.drain = taking.around(take)
        for number in range(_DRAWINGS):
            if number % 10 == 0:
                page.look_up()
            ui.area().tag_redraw()
            yield 0.05
        bridge.drain = take
        figures[jobs] = {"draw": drawing.figures(), "take": taking.figures()}
    yield from show(ui, *PANELS)
    return {**figures, "blender": bpy.app.version_string}

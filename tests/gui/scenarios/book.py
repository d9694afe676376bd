"""Every state of the sidebar, and every dialog, for `python3 scripts/screenshots.py --all`: made up, so that no service
is needed. The states are in book_sidebar.py and book_dialogs.py.

The pictures are of the whole window; where the sidebar, or the viewport with the dialog, is in each is returned.
"""

from __future__ import annotations

import os
from contextlib import suppress

import bpy
from bl_ext.user_default.neural4d.engine.protocol import Balance
from bl_ext.user_default.neural4d.scene.session import session
from bl_ext.user_default.neural4d.ui.drawing import icons
from bl_ext.user_default.neural4d.ui.lists import account_page, batch_progress
from bl_ext.user_default.neural4d.ui.lists.history_page import page
from bl_ext.user_default.neural4d.ui.panels import sidebar
from bl_ext.user_default.neural4d.ui.settings.recent_prompts_and_presets import remembered

from tests.gui.scenarios import book_dialogs, book_sidebar
from tests.gui.scenarios.history import PANELS, show
from tests.gui.scenarios.pictures import from_top
from tests.gui.scenarios.steps import bridge
from tests.gui.scenarios.today import to_width

_ONLY = (sidebar.NEURAL4D_PT_generate, sidebar.NEURAL4D_PT_jobs)
#: Settings that a state changes.
_OWN = ("provider", "input", "image_source", "variants", "prompt", "picture_first", "pictures", "use_cap")
_OF_IMPORT = ("repair", "retopology", "lods", "collision")


def scenario(ui, pictures: list[str], looks: list[list], only: str = ""):
    """Looks: language, theme, and the width of the sidebar in pixels, 0 for as wide as Blender makes it."""
    bpy.context.preferences.view.show_developer_ui = False
    page.is_stale = lambda: False
    icons.of_job = icons.icon  # they are no pictures of jobs that there are
    remembered.active = False
    for panel in PANELS:
        panel.bl_options = set()  # closed when they are first drawn, otherwise
    yield from show(ui, *PANELS)
    yield from ui.open_tab("Neural4D")
    usual, cuts, seen = ui.region().width, {}, set()
    for language, theme, wanted in looks:
        with suppress(TypeError):  # this Blender was made without languages
            bpy.context.preferences.view.language = language
        bpy.ops.script.execute_preset(
            filepath=os.path.join(bpy.utils.preset_paths("interface_theme")[0], f"Blender_{theme}.xml"),
            menu_idname="USERPREF_MT_interface_theme_presets",
        )
        yield from to_width(ui, wanted or usual)
        for name, state in _states(book_sidebar, only):
            yield from _begin(ui)
            yield from state(ui, pictures)
            yield from ui.move(*ui.middle())
            yield from ui.redraw()
            yield 0.3  # the pictures are read
            label = f"book-{language}-{theme}-{wanted or usual}-{name}"
            yield from ui.screenshot(label)
            region = ui.region()
            cuts[label] = from_top(ui, region.x, region.y, region.width, region.height)
        if (language, theme) in seen:  # a dialog is as wide with every sidebar
            continue
        seen.add((language, theme))
        for name, dialog in _states(book_dialogs, only):
            yield from _begin(ui)
            x, y = ui.middle()
            yield from ui.move(x - 60, y)
            yield from dialog(ui, pictures)
            yield 0.5
            label = f"book-{language}-{theme}-dialogs-{name}"
            yield from ui.screenshot(label)
            yield from ui.press("ESC")
            yield from ui.press("ESC")
            cuts[label] = [0, 0, ui.window.width, ui.window.height]
    bridge.jobs.clear()
    yield from show(ui, *PANELS)
    return cuts


def _states(module, only: str):
    """Names and functions of a module's states, as far as a name has the words."""
    found = {name.removeprefix("state_"): value for name, value in vars(module).items() if name.startswith("state_")}
    return [(name, state) for name, state in found.items() if only in name]


def _begin(ui):
    """As new."""
    bridge.jobs.clear()
    bridge.balances.clear()
    session.shown.details.clear()
    session.placings.remarks.clear()
    batch_progress.forget()
    bridge.batches.clear()
    page.jobs, page.total, page.totals = [], 0, []
    account_page.page.forget()
    chosen = bpy.context.scene.neural4d
    for name in (*_OWN, *_OF_IMPORT):
        chosen.property_unset(name)
    bpy.context.window_manager.neural4d_bring_in.what = ""
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    bridge.balances["neural4d"] = Balance(total=940, permanent=900, monthly=40, yearly=0, expires="2031-05-24")
    yield from show(ui, *_ONLY)

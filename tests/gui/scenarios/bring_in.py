"""Models that are there already, brought in by clicks: out of the account's list, by a link, from files."""

from __future__ import annotations

import bpy
from bl_ext.user_default.neural4d.ui.lists.account_page import page
from bl_ext.user_default.neural4d.ui.panels import bring_in

from tests.gui.harness_window import Until
from tests.gui.scenarios import history
from tests.gui.scenarios.pictures import from_top
from tests.gui.scenarios.steps import bridge, expect, in_viewport, names, press, reached, steer
from tests.gui.scenarios.today import USUAL, to_width

#: Where the buttons of the left and of the right one of two models are.
LEFT, RIGHT = (0.25,), (0.7,)


def begin(ui):
    """Both panels open and alone in the tab, at the width that the sidebar has by itself."""
    for panel in bring_in.CLASSES:
        panel.bl_options = set()  # closed when they are first drawn, otherwise
    yield from history.show(ui, *bring_in.CLASSES)
    yield from ui.open_tab("Neural4D")
    yield from to_width(ui, USUAL)
    yield from ui.redraw()


def pictures(ui):
    """For scripts/screenshots.py: the list, and where to cut it."""
    bpy.context.scene.neural4d.provider = "csm"
    yield from begin(ui)
    bpy.ops.neural4d.list_account(provider="csm", page=0)
    yield Until(lambda: page.pictures, "the pictures", 60)
    yield from ui.move(*ui.middle())
    yield 0.5
    yield from ui.screenshot("readme-account")
    region = ui.region()
    yield from history.show(ui, *history.PANELS)
    return {"readme-account": from_top(ui, region.x, region.y + region.height - 760, region.width, 760)}


def account(ui, admin_url: str):
    """The list, its pictures, one of them into the scene, the next page, a key that is wrong."""
    sim = steer(admin_url)
    bpy.context.scene.neural4d.provider = "csm"
    yield from begin(ui)
    yield 1.0
    expect(not sim.requests("csm/v3/list"), "nothing is asked before the button is pressed")
    yield from ui.screenshot("bring-in-1-unasked")
    yield from press(ui, r"neural4d\.list_account\(")
    yield from ui.move(*ui.middle())
    yield Until(lambda: page.models, "the models of the account", 20)
    yield from ui.screenshot("bring-in-2-listed")
    yield Until(lambda: page.pictures, "their pictures", 60)
    yield 0.5
    yield from ui.screenshot("bring-in-3-pictures")
    newest, bpy.context.scene.neural4d.size_mm = page.models[1], 150.0
    yield from press(ui, r"neural4d\.bring_in\(.*" + newest.id, RIGHT)
    yield from ui.move(*ui.middle())
    yield reached("placed")
    yield 0.5
    yield from ui.screenshot("bring-in-4-here")
    told = {"models": len(page.models), "id": newest.id, "failed": page.models[0].obstacle}
    told |= {"cost": bridge.jobs[page.job_of(newest).id].cost, "size": max(bpy.context.active_object.dimensions)}
    yield from press(ui, r"list_account\(.*page=1", (0.85,))
    yield Until(lambda: page.number == 1 and page.pictures, "the next page", 60)
    yield from ui.move(*ui.middle())
    yield from ui.screenshot("bring-in-5-next-page")
    told["next"] = len(page.models)
    bpy.context.scene.neural4d.provider = "goneural"
    yield from ui.redraw()
    yield from ui.screenshot("bring-in-6-no-list")
    bpy.context.scene.neural4d.provider = "csm"
    sim.configure(csm_key="another")
    yield from press(ui, r"list_account\(.*page=1", (0.5,))
    yield Until(lambda: page.trouble, "the refusal", 20)
    yield from ui.move(*ui.middle())
    yield from ui.screenshot("bring-in-7-wrong-key")
    yield from history.show(ui, *history.PANELS)
    return told


def files(ui, folder: str, names_of: list[str]):
    """File > Import > Model at Real Size, then the clipboard's path in the panel."""
    yield from begin(ui)
    with in_viewport():
        bpy.ops.wm.call_menu(name="TOPBAR_MT_file_import")
    yield 0.5
    yield from ui.screenshot("bring-in-8-menu")
    yield from ui.press("ESC")
    with in_viewport():
        bpy.ops.neural4d.bring_in_files("INVOKE_DEFAULT")
    yield Until(lambda: len(bpy.context.window_manager.windows) == 2, "the file browser", 10)
    ui.focus = 1
    yield 0.5
    params = ui.area("FILE_BROWSER").spaces[0].params
    params.directory = folder.encode()
    params.filename = names_of[0]
    operator = ui.area("FILE_BROWSER").spaces[0].active_operator
    operator.size, operator.axis = 0.4, "Z"
    yield 1.0
    yield from ui.screenshot("bring-in-9-file-browser")
    yield from ui.move(*ui.middle("WINDOW", "FILE_BROWSER"))
    x, y = ui.middle("WINDOW", "FILE_BROWSER")
    ui.window.event_simulate(type="RET", value="PRESS", x=x, y=y)  # the window closes, and takes no release
    ui.focus = 0
    yield Until(lambda: bridge.jobs, "the job", 10)
    yield reached("placed")
    root = next(thing for thing in bpy.data.objects if thing.name.startswith(names_of[0].partition(".")[0]))
    told = {"height": root.dimensions.z}
    paste = yield from ui.find(r"paste_what\(", columns=(0.8,))  # which takes the clipboard for itself
    bpy.context.window_manager.clipboard = folder + names_of[1]
    yield 0.5
    expect(not bpy.context.window_manager.neural4d_bring_in.what, "the clipboard is not read unasked")
    yield from ui.click(paste.x, paste.y)
    yield 0.3
    expect(bpy.context.window_manager.neural4d_bring_in.what == folder + names_of[1], "the path in the field")
    yield from ui.move(*ui.middle())
    yield from ui.screenshot("bring-in-10-pasted")
    yield from press(ui, r"neural4d\.bring_in\(", (0.6,))
    yield Until(lambda: len(bridge.jobs) == 2, "another job", 10)
    yield reached("placed")
    yield from ui.screenshot("bring-in-11-brought")
    with in_viewport():  # what Blender itself calls when files are let go over a window
        bpy.ops.wm.drop_import_file("INVOKE_DEFAULT", directory=folder, files=[{"name": names_of[0]}])
    yield 0.5
    yield from ui.screenshot("bring-in-12-dropped")
    yield from ui.press("M")
    yield 0.5
    yield from ui.screenshot("bring-in-13-size")
    expect(len(bridge.jobs) == 2, "the size is asked for first")
    yield from ui.press("RET")
    yield Until(lambda: len(bridge.jobs) == 3, "a third job", 10)
    yield reached("placed")
    yield from history.show(ui, *history.PANELS)
    return told | {"names": names()}

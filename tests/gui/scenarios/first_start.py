"""The first start: no key yet, the way to the preferences, a wrong key and the right one."""

from __future__ import annotations

import os
from pathlib import Path

import bpy
from bl_ext.user_default.neural4d.scene.session import session

from tests.gui.harness_window import Button, Until
from tests.gui.scenarios.steps import ICON, bridge, expect, press, retype

WRONG = "wrong-key-0123456789"
#: The preferences' own entry begins below the description, which is no button.
GAP = 400


def scenario(ui, url, key):
    yield from ui.open_tab("Neural4D")
    bpy.context.scene.neural4d.prompt = "a cute bird"
    yield from ui.screenshot("first-1-no-key")
    yield from press(ui, r"neural4d\.generate\(")
    expect(not bridge.jobs, "Generate does nothing without a key")
    yield 1.5
    yield from ui.screenshot("first-2-why-generate-is-grey")
    yield from press(ui, r"neural4d\.open_preferences\(", columns=ICON)
    yield Until(lambda: len(bpy.context.window_manager.windows) == 2, "the preferences to open", 5)
    ui.focus = 1
    yield 0.5
    yield from ui.screenshot("first-3-preferences")

    button = yield from ui.find(r"neural4d\.test_key\(", "WINDOW", "PREFERENCES", columns=(0.2,), empty=GAP)
    # The fields of an add-on's preferences have no data path to find them by; they are in the two rows above.
    address, field = (Button(button.x + 300, button.y + above, what) for what, above in (("url", 29), ("key", 53)))
    yield from retype(ui, address, url)
    preferences = bpy.context.preferences.addons["bl_ext.user_default.neural4d"].preferences
    expect(preferences.url_neural4d == url, "the address is typed into its field")
    yield from retype(ui, field, WRONG)
    yield from _test(ui, button, False)
    yield from ui.screenshot("first-4-wrong-key")
    wrong = session.asked.key_tests["neural4d"][0]
    yield from retype(ui, field, key)
    yield from _test(ui, button, True)
    yield Until(lambda: bridge.usage is not None and bridge.sandbox, "files and sandbox to be measured", 5)
    yield from ui.screenshot("first-5-right-key")

    ui.focus = 0
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[1]):
        bpy.ops.wm.window_close()
    yield from ui.redraw()
    yield from ui.screenshot("first-6-ready-to-generate")
    saved = Path(os.environ["TMPDIR"]) / "saved.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(saved), compress=False)
    files = [saved, *(path for path in Path(os.environ["NEURAL4D_DATA_DIR"]).rglob("*") if path.is_file())]
    preferences = bpy.context.preferences.addons["bl_ext.user_default.neural4d"].preferences
    return {
        "wrong": wrong,
        "right": session.asked.key_tests["neural4d"][0],
        "kept_in_preferences": preferences.key_neural4d == key,
        "subtype": preferences.bl_rna.properties["key_neural4d"].subtype,
        "prompt_is_in_the_file": b"a cute bird" in saved.read_bytes(),
        "key_found_in": [path.name for path in files if key.encode() in path.read_bytes()],
        "files": sorted(path.name for path in files),
        "balance": bridge.balances["neural4d"].total,
        "can_generate": bpy.ops.neural4d.generate.poll(),
        "log": _info_log(),
    }


def _test(ui, button, good):
    """Press Test Key and wait for the answer."""
    expect(not session.asked.key_tests, "another key makes the last answer go away")
    yield from ui.click(button.x, button.y)
    told = session.asked.key_tests
    yield Until(lambda: told.get("neural4d", ("Asking",))[0][:6] != "Asking", "the answer of Test Key", 10)
    expect(told["neural4d"][1] is good, f"Test Key says {good}: {told}")


def _info_log() -> str:
    """What the Info editor shows of what was done, where users copy lines from."""
    area = max(bpy.context.window_manager.windows[0].screen.areas, key=lambda a: a.width * a.height)
    area.type = "INFO"
    region = next(r for r in area.regions if r.type == "WINDOW")
    with bpy.context.temp_override(window=bpy.context.window_manager.windows[0], area=area, region=region):
        bpy.ops.info.select_all(action="SELECT")
        bpy.ops.info.report_copy()
    return bpy.context.window_manager.clipboard

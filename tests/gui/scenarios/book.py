"""Every state of the sidebar, for `python3 scripts/screenshots.py --all`: made up, so that no service is needed.

The pictures are of the whole window; where the sidebar is in each of them is returned.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress

import bpy
from bl_ext.user_default.neural4d.client.jobs.replies import Total
from bl_ext.user_default.neural4d.client.jobs.snapshots import Job, Variant
from bl_ext.user_default.neural4d.engine.protocol import Balance, BatchRecord, Request, State
from bl_ext.user_default.neural4d.scene.session import session
from bl_ext.user_default.neural4d.ui.drawing import icons
from bl_ext.user_default.neural4d.ui.lists import batch_list, batch_progress
from bl_ext.user_default.neural4d.ui.lists.history_page import page
from bl_ext.user_default.neural4d.ui.panels import about_model, sidebar
from bl_ext.user_default.neural4d.ui.settings.recent_prompts_and_presets import remembered

from tests.gui.scenarios.history import HISTORY, PANELS, show
from tests.gui.scenarios.steps import bridge

ERROR = {
    "code": "GenerationFailed", "what": "The service could not make this model: no reason given",
    "kept": "The prompt and all settings are kept.",
    "cost": "60 points were paid. Retry is a new job and is paid again.",
    "remedy": "Rephrase the prompt or try again; ask the service about the points.",
}  # fmt: skip
FACTS = {"dimensions_mm": [52.1, 60.0, 120.0], "faces": 984_121}
_ONLY = (sidebar.NEURAL4D_PT_generate, sidebar.NEURAL4D_PT_jobs)
_OWN = ("provider", "input", "image_source", "variants", "prompt", "picture_first", "pictures", "use_cap")


def scenario(ui, pictures: list[str], looks: list[list]):
    """Looks: language, theme, and by how much the sidebar is wider than Blender makes it."""
    states = {name: value for name, value in globals().items() if name.startswith("state_")}
    bpy.context.preferences.view.show_developer_ui = False
    page.is_stale = lambda: False
    icons.strange = icons.icon  # they are no pictures of jobs that there are
    remembered.active = False
    for panel in PANELS:
        panel.bl_options = set()  # closed when they are first drawn, otherwise
    yield from show(ui, *PANELS)
    yield from ui.open_tab("Neural4D")
    width, cuts = ui.region().width, {}
    for language, theme, wanted in looks:
        with suppress(TypeError):  # this Blender was made without languages
            bpy.context.preferences.view.language = language
        bpy.ops.script.execute_preset(
            filepath=os.path.join(bpy.utils.preset_paths("interface_theme")[0], f"Blender_{theme}.xml"),
            menu_idname="USERPREF_MT_interface_theme_presets",
        )
        while abs(ui.region().width - (wanted or width)) > 2:
            before = ui.region().width
            yield from ui.widen((wanted or width) - before)
            if ui.region().width == before:
                break
        for name, state in states.items():
            yield from _begin(ui)
            yield from state(ui, pictures)
            yield from ui.move(*ui.middle())
            yield from ui.redraw()
            yield 0.3  # the pictures are read
            label = f"book-{language}-{theme}-{wanted or width}-{name.removeprefix('state_')}"
            yield from ui.screenshot(label)
            region = ui.region()
            top = ui.window.height - region.y - region.height
            cuts[label] = [region.x, top, region.x + region.width, top + region.height]
    bridge.jobs.clear()
    yield from show(ui, *PANELS)
    return cuts


def _begin(ui):
    """As new."""
    bridge.jobs.clear()
    bridge.balances.clear()
    session.shown.details.clear()
    batch_progress.forget()
    page.jobs, page.total, page.totals = [], 0, []
    chosen = bpy.context.scene.neural4d
    for name in _OWN:
        chosen.property_unset(name)
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    bridge.balances["neural4d"] = Balance(total=940, permanent=900, monthly=40, yearly=0, expires="2031-05-24")
    yield from show(ui, *_ONLY)


def _job(name: str, state: State, **others) -> Job:
    values = {"created": time.time() - 95, "entered": time.time(), "under_way": False, "cost": 60, **others}
    request = values.pop("request", None) or Request(prompt=name, size_mm=120)
    bridge.jobs[name] = Job(name, values.pop("provider", "neural4d"), request, state=state, **values)
    return bridge.jobs[name]


def _variants(pictures: list[str], count: int = 4) -> list[Variant]:
    return [Variant(n, "prepared", 1.0, preview=pictures[n], facts=FACTS) for n in range(count)]


def state_01_first_start(ui, _pictures):
    """No key, no job."""
    key = os.environ.pop("NEURAL4D_API_TOKEN", "")
    yield from ui.redraw()
    yield 0.2
    _kept["key"] = key


def state_02_prompt(ui, _pictures):
    os.environ["NEURAL4D_API_TOKEN"] = _kept.get("key") or "a-key"
    bpy.context.scene.neural4d.prompt = "a cute bird"
    yield 0


def state_03_variants_and_limit(ui, _pictures):
    chosen = bpy.context.scene.neural4d
    chosen.prompt, chosen.variants, chosen.use_cap, chosen.max_points = "a cute bird", 4, True, 200
    yield from _open(ui, sidebar.NEURAL4D_PT_more)


def state_04_picture_first(ui, _pictures):
    chosen = bpy.context.scene.neural4d
    chosen.prompt, chosen.picture_first, chosen.pictures = "a garden gnome with a red hat", True, 3
    yield 0


def state_05_image(ui, pictures):
    chosen = bpy.context.scene.neural4d
    chosen.input, chosen.image_path = "IMAGE", pictures[0]
    yield 0


def state_06_viewport(ui, _pictures):
    chosen = bpy.context.scene.neural4d
    chosen.input, chosen.image_source = "IMAGE", "VIEWPORT"
    yield 0


def state_07_options(ui, _pictures):
    yield from _open(ui, sidebar.NEURAL4D_PT_service)


def state_08_import(ui, _pictures):
    yield from _open(ui, sidebar.NEURAL4D_PT_arrival)


def state_09_generating(ui, _pictures):
    _job("a cute bird", State.GENERATING, progress=0.42, under_way=True, cost=None)
    _job("a wooden chair", State.DOWNLOADING, progress=0.8, under_way=True)
    _job("a small robot", State.QUEUED, under_way=True, cost=None)
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_10_choose(ui, pictures):
    _job("a garden gnome", State.CHOOSING_CUTOUT, pictures=pictures, under_way=True, cost=52,
         request=Request(prompt="a garden gnome", picture_first=True, pictures=4))  # fmt: skip
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_11_over(ui, pictures):
    for name in ("a cute bird", "a wooden chair", "a red rocket with white fins and a round window"):
        _job(name, State.PLACED, variants=_variants(pictures), placed=[0])
    _job("a blue mug", State.CANCELLED)
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_12_unfolded(ui, pictures):
    _job("a wooden chair", State.PLACED, variants=_variants(pictures), placed=[0])
    session.shown.details.add("a wooden chair")
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_13_failed(ui, _pictures):
    _job("a red rocket", State.FAILED, error=ERROR, retry_pays=True)
    _job(
        "a cute bird",
        State.FAILED,
        error={**ERROR, "what": "The download from api.neural4d.com broke off.", "cost": "", "remedy": ""},
    )
    _job("a tall bottle", State.UNKNOWN, under_way=True, cost=None)
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_14_not_enough(ui, _pictures):
    bridge.balances["neural4d"] = Balance(total=12, permanent=12, monthly=0, yearly=0, expires="")
    bpy.context.scene.neural4d.prompt = "a cute bird"
    yield 0


def state_15_history(ui, pictures):
    page.jobs = [
        _job("a cute bird", State.PLACED, variants=_variants(pictures), placed=[0], bytes=12_400_000, folder="/tmp"),
        _job("a red rocket", State.FAILED, error=ERROR, retry_pays=True, bytes=0, folder="/tmp"),
    ]
    page.total, page.totals = 214, [Total("2031-05", "neural4d", 12, 720, 48_000_000)]
    yield from show(ui, *HISTORY)


def state_16_batch(ui, _pictures):
    batch_progress.forget()
    bridge.batches["b"] = BatchRecord(id="b", name="toys.csv", created=time.time(), budget=300)
    for number, state in enumerate((State.PLACED, State.PLACED, State.GENERATING, State.QUEUED, State.FAILED)):
        _job(f"toy {number}", state, batch="b", item=number, under_way=state in (State.GENERATING, State.QUEUED),
             error=ERROR if state == State.FAILED else None)  # fmt: skip
    yield from show(ui, *batch_list.CLASSES)


def state_17_about(ui, _pictures):
    bpy.ops.mesh.primitive_cube_add(size=0.1)
    made = bpy.context.object
    for key, value in {
        "job": "gone",
        "prompt": "a cute bird",
        "service": "neural4d",
        "variant": 0,
        "points": 60,
    }.items():
        made[f"neural4d_{key}"] = value
    yield from show(ui, *about_model.CLASSES)


_kept: dict[str, str] = {}


def _open(ui, panel):
    """The main panel with one of those below it."""
    yield from show(ui, sidebar.NEURAL4D_PT_generate, panel)

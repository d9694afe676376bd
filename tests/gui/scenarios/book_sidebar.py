"""The states of the sidebar that book.py takes pictures of, each made up."""

from __future__ import annotations

import os
import time

import bpy
from bl_ext.user_default.neural4d.client.jobs.replies import AccountModel, Total
from bl_ext.user_default.neural4d.client.jobs.snapshots import Job, Variant
from bl_ext.user_default.neural4d.engine.model.quality.report import Finding, Report
from bl_ext.user_default.neural4d.engine.model.quality.verdicts import verdicts
from bl_ext.user_default.neural4d.engine.protocol import Balance, BatchRecord, Request, State, WaitsFor
from bl_ext.user_default.neural4d.scene.session import session
from bl_ext.user_default.neural4d.ui.lists import account_page, batch_list, batch_progress
from bl_ext.user_default.neural4d.ui.lists.history_page import page
from bl_ext.user_default.neural4d.ui.panels import about_model, bring_in, sidebar

from tests.gui.scenarios.history import HISTORY, show
from tests.gui.scenarios.steps import bridge

ERROR = {
    "code": "GenerationFailed", "what": "The service could not make this model: no reason given",
    "kept": "The prompt and all settings are kept.",
    "cost": "60 points were paid. Retry is a new job and is paid again.",
    "remedy": "Rephrase the prompt or try again; ask the service about the points.",
}  # fmt: skip
#: Of a model that is fit to render and for a game, and not to print.
_FINDINGS = (
    Finding("open_edges", 42, "edges", 0, False, 42, where="front",
            sentence="{value} edges have a face on one side only: it is open there, and a printer cannot tell its "
            "inside."),
    Finding("self_intersections", 86, "faces", 0, False, 86, where="front",
            sentence="{value} faces go through other faces of the model."),
    Finding("stands", 0, "°", 3, False,
            sentence="It can be tilted by {value}° before it falls over; below {threshold}° it does not stand by "
            "itself."),
    Finding("inverted_normals", 0, "faces", 0, True),
    Finding("parts", 1, "parts", None, True),
    Finding("symmetry", 98, "%", None, True, sampled=True),
    Finding("thin_walls", 4.1, "mm", 0.8, True, sampled=True),
    Finding("faces", 984_121, "faces", 1_000_000, True),
    Finding("texture_size", 2048, "px", 4096, True),
)  # fmt: skip
_REPORT = Report(_FINDINGS, verdicts(_FINDINGS)).to_json()
FACTS = {"dimensions_mm": [52.1, 60.0, 120.0], "faces": 984_121, "report": _REPORT}
_kept: dict[str, str] = {}


def job(name: str, state: State, **others) -> Job:
    """One of the list, of the prompt `name`."""
    values = {"created": time.time() - 95, "entered": time.time(), "under_way": False, "cost": 60, **others}
    request = values.pop("request", None) or Request(prompt=name, size_mm=120)
    bridge.jobs[name] = Job(name, values.pop("provider", "neural4d"), request, state=state, **values)
    return bridge.jobs[name]


def variants(pictures: list[str], count: int = 4) -> list[Variant]:
    """With their pictures."""
    return [Variant(n, "prepared", 1.0, preview=pictures[n], blend="v.blend", facts=FACTS) for n in range(count)]


def model(job_id: str, name: str = "a cute bird") -> bpy.types.Object:
    """A cube that passes for the model of a job, and is selected."""
    bpy.ops.mesh.primitive_cube_add(size=0.1)
    made = bpy.context.object
    made.name = name
    for key, value in {"job": job_id, "prompt": name, "service": "neural4d", "variant": 0, "points": 60}.items():
        made[f"neural4d_{key}"] = value
    return made


def _open(ui, *panels):
    """The main panel with some of those below it."""
    yield from show(ui, sidebar.NEURAL4D_PT_generate, *panels)


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
    job("a cute bird", State.GENERATING, progress=0.42, under_way=True, cost=None)
    job("a wooden chair", State.DOWNLOADING, progress=0.8, under_way=True)
    job("a small robot", State.QUEUED, under_way=True, cost=None)
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_10_choose(ui, pictures):
    job("a garden gnome", State.CHOOSING_CUTOUT, pictures=pictures, under_way=True, cost=52,
         request=Request(prompt="a garden gnome", picture_first=True, pictures=4))  # fmt: skip
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_11_over(ui, pictures):
    for name in ("a cute bird", "a wooden chair", "a red rocket with white fins and a round window"):
        job(name, State.PLACED, variants=variants(pictures), placed=[0])
    job("a blue mug", State.CANCELLED)
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_12_unfolded(ui, pictures):
    job("a wooden chair", State.PLACED, variants=variants(pictures), placed=[0])
    session.shown.details.add("a wooden chair")
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_13_failed(ui, _pictures):
    job("a red rocket", State.FAILED, error=ERROR, retry_pays=True)
    job(
        "a cute bird",
        State.FAILED,
        error={**ERROR, "what": "The download from api.neural4d.com broke off.", "cost": "", "remedy": ""},
    )
    job("a tall bottle", State.UNKNOWN, under_way=True, cost=None)
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_14_not_enough(ui, _pictures):
    bridge.balances["neural4d"] = Balance(total=12, permanent=12, monthly=0, yearly=0, expires="")
    bpy.context.scene.neural4d.prompt = "a cute bird"
    yield 0


def state_15_history(ui, pictures):
    page.jobs = [
        job("a cute bird", State.PLACED, variants=variants(pictures), placed=[0], bytes=12_400_000, folder="/tmp"),
        job("a red rocket", State.FAILED, error=ERROR, retry_pays=True, bytes=0, folder="/tmp"),
    ]
    page.total, page.totals = 214, [Total("2031-05", "neural4d", 12, 720, 48_000_000)]
    yield from show(ui, *HISTORY)


def state_16_batch(ui, _pictures):
    batch_progress.forget()
    bridge.batches["b"] = BatchRecord(id="b", name="toys.csv", created=time.time(), budget=300)
    for number, state in enumerate((State.PLACED, State.PLACED, State.GENERATING, State.QUEUED, State.FAILED)):
        job(f"toy {number}", state, batch="b", item=number, under_way=state in (State.GENERATING, State.QUEUED),
             error=ERROR if state == State.FAILED else None)  # fmt: skip
    yield from show(ui, *batch_list.CLASSES)


def state_17_about(ui, _pictures):
    """What is known of a model whose job is not."""
    model("gone")
    yield from show(ui, *about_model.CLASSES)


def state_18_report(ui, pictures):
    """A model that was checked, and may be replaced by its other variants."""
    job("a cute bird", State.PLACED, variants=variants(pictures), placed=[0])
    model("a cute bird")
    yield from show(ui, *about_model.CLASSES)


def state_19_repaired(ui, pictures):
    """A job whose model was repaired, is not fit for what it was wanted for, and needs the user's eye."""
    facts = FACTS | {
        "repairs": ["412 doubled vertices were merged.", "3 floating parts were removed."],
        "warnings": ["The file holds no textures."],
    }
    of_two = [Variant(n, "prepared", 1.0, preview=pictures[n], blend="v.blend", facts=facts) for n in range(2)]
    asked = Request(prompt="a cute bird", size_mm=120, variants=2, require="print", repair=["doubles", "floaters"])
    job("a cute bird", State.PLACED, variants=of_two, placed=[0], request=asked)
    session.shown.details.add("a cute bird")
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_20_repairs(ui, _pictures):
    bpy.context.scene.neural4d.repair = {"doubles", "holes"}
    yield from _open(ui, sidebar.NEURAL4D_PT_arrival, sidebar.NEURAL4D_PT_repairs)


def state_21_game(ui, _pictures):
    chosen = bpy.context.scene.neural4d
    chosen.retopology, chosen.lods, chosen.collision = "QUADS", "0.5, 0.1", "PIECES"
    yield from _open(ui, sidebar.NEURAL4D_PT_arrival, sidebar.NEURAL4D_PT_games)


def state_22_approval(ui, _pictures):
    """Jobs that wait for the user's word, for a pause that the service asked for, and for their turn."""
    job("a wooden chair", State.QUEUED, waits_for=WaitsFor.APPROVAL, until=time.time() + 590, asks=60,
        agent="concept-bot", under_way=True, cost=None,
        note="This would cost up to 60 points; everybody together may take 50 a day, of which 0 "
        "are taken.")  # fmt: skip
    job("a red rocket", State.SUBMITTING, waits_for=WaitsFor.PACE, until=time.time() + 42, under_way=True, cost=None)
    yield from show(ui, sidebar.NEURAL4D_PT_jobs)


def state_23_blockout(ui, _pictures):
    """A job for a box, below the panel for boxes."""
    asked = Request(prompt="Oak Chair", size_mm=900, fit_mm=[500, 500, 900])
    job("Oak Chair", State.GENERATING, progress=0.6, under_way=True, cost=None, request=asked)
    yield from show(ui, sidebar.NEURAL4D_PT_blockout, sidebar.NEURAL4D_PT_jobs)


def state_24_bring_in(ui, _pictures):
    """A path in the field; a service that has no list."""
    bpy.context.window_manager.neural4d_bring_in.what = "/home/me/downloads/lounge chair.gltf"
    job("lounge chair", State.PREPARING_MODEL, progress=0.3, under_way=True, cost=0, provider="file",
        request=Request(bring_in="lounge chair.gltf", name="lounge chair", size_mm=900))  # fmt: skip
    yield from show(ui, *bring_in.CLASSES, sidebar.NEURAL4D_PT_jobs)


def state_25_account(ui, pictures):
    """What the account has: done, under way, failed, here already."""
    bpy.context.scene.neural4d.provider = "csm"
    page = account_page.page
    page.provider, page.number, page.more = "csm", 1, True
    page.models = [
        AccountModel("1", "a garden gnome with a red hat", 1.9e9, "done"),
        AccountModel("2", "", 1.9e9, "generating"),
        AccountModel("3", "a wooden chair", 1.9e9, "failed", obstacle="The service could not make this model."),
        AccountModel("4", "a blue mug", 1.9e9, "next", obstacle="It waits for an order that costs points."),
        AccountModel("5", "a tall bottle", 1.9e9, "done", job="a tall bottle"),
        AccountModel("6", "a small robot", None, "done", job="a small robot"),
    ]
    page.pictures = {str(n + 1): picture for n, picture in enumerate(pictures)}
    job("a tall bottle", State.PLACED, placed=[0], provider="csm")
    job("a small robot", State.DOWNLOADING, under_way=True, provider="csm")
    yield from show(ui, *bring_in.CLASSES)


def state_26_account_refused(ui, _pictures):
    """A key that is wrong."""
    bpy.context.scene.neural4d.provider = "csm"
    page = account_page.page
    page.provider, page.models = "csm", []
    page.trouble = {
        "code": "KeyRejected", "what": "The service says the key is invalid or has expired: no.",
        "kept": "", "cost": "", "remedy": "Enter the key again in the preferences.",
    }  # fmt: skip
    yield from show(ui, *bring_in.CLASSES)

"""Draws the list of jobs: what each one does, how far it is, and what can be done about it."""

from __future__ import annotations

import re
import time
from typing import Any

import bpy

from ...engine.protocol import SETTLED, State
from ...scene import app_handlers, event_pump
from ...scene.engine import bridge
from ..drawing import labels
from . import job_pictures

#: More would push everything else off the screen.
_SHOWN = 12
_WITH_MODELS = {State.READY, State.PLACED}
#: Why a variant is gone for good; whatever else befell it, Retry gets it at no cost.
_SERVICES_OWN = {"GenerationFailed", "RequestRefused"}
#: What the engine's note of a wait says too: who asked for it, and how long it was when it began.
_TOLD_ABOVE = re.compile(r"\S+ asks to slow down\b[^.]*\.|Going on in \d+ s\.$")
_WITH_BAR = {State.GENERATING, State.CONVERTING, State.DOWNLOADING}


def draw(layout: bpy.types.UILayout) -> None:
    """The whole list, newest job first."""
    present = sorted(_present(), key=lambda data: -data["created"])
    if not present:
        if app_handlers.trouble:
            labels.draw(layout, app_handlers.trouble, "ERROR")
        else:
            layout.label(text="Nothing generated yet.")
        layout.operator("neural4d.list_jobs", icon="TIME")
        return
    for data in present[:_SHOWN]:
        _draw_job(layout.box(), data)
    if len(present) > _SHOWN:
        layout.label(text=f"and {len(present) - _SHOWN} more")


def draw_header(layout: bpy.types.UILayout) -> None:
    """Beside the list's title, where it stays in reach however long the list is."""
    if ended():
        layout.operator("neural4d.dismiss_ended", text="", icon="TRASH", emboss=False)


def ended() -> list[dict[str, Any]]:
    """The jobs on the list that are over."""
    return [data for data in _present() if _ended(data)]


def _present() -> list[dict[str, Any]]:
    return [data for data in bridge.jobs.values() if not data["dismissed"] and not _in_a_batch(data)]


def _in_a_batch(data: dict[str, Any]) -> bool:
    """Its batch has a box of its own, which says all but what somebody has to choose."""
    return data["state"] != State.CHOOSING_CUTOUT and data.get("batch") in bridge.batches


def _ended(data: dict[str, Any]) -> bool:
    return data["state"] in SETTLED and not data["under_way"]


def _draw_job(box: bpy.types.UILayout, data: dict[str, Any]) -> None:
    state = data["state"]
    words, icon = labels.state(data)
    trouble = event_pump.trouble.get(data["id"])
    if trouble:
        words, icon = "Could not be placed", "ERROR"
    head = box.row(align=True)
    head.label(text=labels.cut(labels.title(data), inset=6), icon=icon)
    if _ended(data) or event_pump.is_for_another_file(data):
        head.operator("neural4d.dismiss", text="", icon="X", emboss=False).job = data["id"]
    elif state != State.READY and state not in SETTLED:
        head.operator("neural4d.cancel", text="", icon="CANCEL", emboss=False).job = data["id"]
    waits = labels.waits(data)
    _draw_progress(box, data, words, waits)
    note = data["note"] or event_pump.remarks.get(data["id"], "")
    if note := _TOLD_ABOVE.sub("", note).strip() if waits else note:
        labels.draw(box, note)
    if data["state"] == State.UNKNOWN:
        labels.draw(box, labels.finding_out(data), "INFO")
    error = trouble or data["error"]
    if error:
        _draw_error(box, error)
    _draw_actions(box, data)


def _draw_progress(box: bpy.types.UILayout, data: dict[str, Any], words: str, waits: int) -> None:
    state = data["state"]
    if state in SETTLED or state == State.READY:
        labels.draw(box, _how_it_ended(data, words))
        for warning in _facts(data).get("warnings", ()):
            labels.draw(box, warning, "INFO")
        return
    elapsed = labels.seconds(time.time() - data["created"])
    if waits:
        labels.draw(box, f"{labels.why_it_waits(data)}  ·  {waits} s", "TIME")
    if state in _WITH_BAR:
        about = "about " if data["progress_estimated"] else ""
        words = f"{words}  {about}{data['progress']:.0%}"
        box.progress(factor=data["progress"], type="BAR", text=f"{words}  ·  {elapsed}")
    elif not waits:
        box.label(text=f"{words}  ·  {elapsed}")


def _how_it_ended(data: dict[str, Any], words: str) -> str:
    """The state and the cost; on a line of its own what was measured."""
    if data["cost"] is not None:
        words += f"  ·  {labels.points(data['cost'], data['provider'])}"
    elif data["spent"]:
        words += "  ·  price not told"
    facts = _facts(data)
    if facts:
        words += "\n" + " x ".join(f"{measure:.4g}" for measure in facts["dimensions_mm"]) + " mm"
        words += f"  ·  {facts['faces']:,} faces" if "faces" in facts else ""
    return words


def _facts(data: dict[str, Any]) -> dict[str, Any]:
    """What was measured of the model, and of what had to be left out or changed; empty before it is ready."""
    if data["state"] not in (State.PLACED, State.READY):
        return {}
    return next((v["facts"] for v in data["variants"] if v["facts"]), {})


def _draw_error(box: bpy.types.UILayout, error: dict[str, str]) -> None:
    labels.draw(box, error["what"])
    labels.draw(box, " ".join(part for part in (error["kept"], error["cost"]) if part))
    if error["remedy"]:
        labels.draw(box, error["remedy"], "INFO")


def _draw_actions(box: bpy.types.UILayout, data: dict[str, Any]) -> None:
    state = data["state"]
    if state in (State.FAILED, State.CANCELLED):
        overruled = (data["error"] or {}).get("code") == "NoPortrait"
        label = "Generate Again (paid)" if data["retry_pays"] else "Generate Anyway" if overruled else "Retry"
        row = box.row(align=True) if label == "Retry" else box.column(align=True)  # longer ones want all the room
        row.operator("neural4d.retry", text=label, icon="FILE_REFRESH").job = data["id"]
        if state == State.FAILED:
            row.operator("neural4d.copy_report", icon="COPYDOWN").job = data["id"]
    elif state == State.READY:
        waiting = event_pump.waiting_for(data)
        if waiting:
            labels.draw(box, waiting, "INFO")
    elif state == State.CHOOSING_CUTOUT:
        job_pictures.draw_cutouts(box, data)
    if state != State.CHOOSING_CUTOUT:
        job_pictures.draw_kept(box, data)
    if state in _WITH_MODELS and any(v["error"] and v["error"]["code"] not in _SERVICES_OWN for v in data["variants"]):
        box.operator("neural4d.retry", text="Retry the Others", icon="FILE_REFRESH").job = data["id"]
    if state in _WITH_MODELS or (state == State.FAILED and any(v["state"] == "done" for v in data["variants"])):
        job_pictures.draw_variants(box, data)
        job_pictures.draw_saves(box, data)

"""Draws the list of jobs: what each one does, how far it is, and what can be done about it."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any, Final

import bpy

from ...client.jobs import ranking
from ...client.jobs.box_fit import shown_mm
from ...engine.protocol import SETTLED, ErrorTexts, Facts, State, WaitsFor
from ...scene import whereabouts
from ...scene.finished_jobs import place_finished_models
from ...scene.session import session
from ...scene.shared_engine import bridge
from ..drawing import labels, remedies, show, state_labels, verdicts
from ..drawing.languages import tr
from . import job_pictures

if TYPE_CHECKING:
    from ...client.jobs.snapshots import Job, Variant

#: More would push everything else off the screen.
_SHOWN = 12
_WITH_MODELS = {State.READY, State.PLACED}
#: Why a variant is gone for good; whatever else befell it, Retry gets it at no cost.
_SERVICES_OWN = {"GenerationFailed", "RequestRefused"}
#: What the engine's note of a wait says too: who asked for it, and how long it was when it began.
_TOLD_ABOVE = re.compile(r"\S+ asks to slow down\b[^.]*\.|Going on in \d+ s\.$")
RETRY: Final = "LOOP_FORWARDS"
_WITH_BAR = {State.GENERATING, State.CONVERTING, State.DOWNLOADING, State.PREPARING_MODEL}


def draw(layout: bpy.types.UILayout) -> None:
    """The whole list, newest job first."""
    present = sorted(_present(), key=lambda job: -job.created)
    if bridge.notices:
        box = layout.box()
        labels.draw(box, "\n".join(bridge.notices), "ERROR")
        box.operator("neural4d.close_notices", icon="CHECKMARK")
    if session.asked.unlisted and not present:  # a job says it itself
        remedies.draw_told(layout, session.asked.unlisted)
    if count := models_of_earlier():
        labels.draw(layout, tr("Models of {count} earlier jobs are in this file.").format(count=count), inset=3)
        layout.operator("neural4d.list_jobs", icon="RECOVER_LAST")
    for job in present[:_SHOWN]:
        _draw_job(layout.box(), job)
    if len(present) > _SHOWN:
        layout.label(text=tr("and {number} more").format(number=len(present) - _SHOWN))


def models_of_earlier() -> int:
    """How many jobs of earlier sessions have models in the open file, as long as no job is known in this one."""
    return 0 if bridge.jobs else len(whereabouts.models())


def is_empty() -> bool:
    """There is nothing to draw."""
    shown = any(_is_present(job) for job in bridge.jobs.values())
    return not (shown or bridge.notices or session.asked.unlisted or models_of_earlier())


def draw_header(layout: bpy.types.UILayout) -> None:
    """Beside the list's title, where it stays in reach however long the list is."""
    if any(_ended(job) for job in _present()):
        layout.operator("neural4d.dismiss_ended", text="", icon="X", emboss=False)


def ended() -> list[Job]:
    """The jobs on the list that are over."""
    return [job for job in _present() if _ended(job)]


def _present() -> list[Job]:
    return [job for job in bridge.jobs.values() if _is_present(job)]


def _is_present(job: Job) -> bool:
    return not job.dismissed and not _in_a_batch(job)


def _in_a_batch(job: Job) -> bool:
    """Its batch has a box of its own, which says all but what somebody has to choose, or to approve of."""
    return job.state != State.CHOOSING_CUTOUT and not job.asks and job.batch in bridge.batches


def _ended(job: Job) -> bool:
    return job.state in SETTLED and not job.under_way


def _draw_job(box: bpy.types.UILayout, job: Job) -> None:
    """A job that is over takes one line, unless it failed or was unfolded."""
    trouble = session.placings.trouble.get(job.id)
    error = trouble or job.error
    unfolds = _ended(job)
    is_open = not unfolds or (job.id in session.shown.details) != bool(error)
    icon = "ERROR" if trouble else state_labels.STATES[job.state][1]
    _draw_head(box.row(align=True), job, icon, is_open if unfolds else None)
    if job.state not in (State.FAILED, State.CANCELLED):
        show.draw_way(box, job.id, placed=job.state == State.PLACED)
    if not is_open:
        return
    if job.agent:
        labels.draw(box, tr("From the agent {name}").format(name=job.agent), "COMMUNITY")
    waits = state_labels.waits(job)
    _draw_progress(box, job, tr("Could not be placed") if trouble else state_labels.state(job)[0], waits)
    note = job.note or session.placings.remarks.get(job.id, "")
    if note := _TOLD_ABOVE.sub("", note).strip() if waits else note:
        labels.draw(box, note)
    if job.waits_for == WaitsFor.APPROVAL:
        _draw_approval(box, job)
    if job.id in session.placings.hidden:
        box.operator("neural4d.show_collection", icon="HIDE_OFF").job = job.id
    if job.state == State.UNKNOWN:
        labels.draw(box, state_labels.finding_out(job), "INFO")
    if error:
        _draw_error(box, error)
        remedies.draw(box, error, job.provider)
    _draw_actions(box, job)


def _draw_head(head: bpy.types.UILayout, job: Job, icon: Any, is_open: bool | None) -> None:
    """What the job is of, and what can be done with it however it is; None where it cannot be folded in."""
    shows = any(job.pictures) or any(variant.preview for variant in job.variants)
    retries = is_open is False and job.state in (State.FAILED, State.CANCELLED) and not job.retry_pays
    stands = is_open is False and job.state == State.PLACED and whereabouts.stands(job.id)
    title = labels.cut(job.request.title, inset=7 + shows + retries + stands + (is_open is not None))
    if is_open is not None:
        sign: Any = "DISCLOSURE_TRI_DOWN" if is_open else "DISCLOSURE_TRI_RIGHT"
        head.operator("neural4d.unfold", text="", icon=sign, emboss=False).job = job.id
    head.label(text=title, icon=icon)
    if stands:
        head.operator("neural4d.show", text="", icon="ZOOM_SELECTED", emboss=False).job = job.id
    if retries:
        head.operator("neural4d.retry", text="", icon=RETRY, emboss=False).job = job.id
    if shows:
        head.operator("neural4d.show_pictures", text="", icon="FULLSCREEN_ENTER", emboss=False).job = job.id
    head.operator("neural4d.use_again", text="", icon="EYEDROPPER", emboss=False).job = job.id
    if _ended(job) or place_finished_models.is_for_another_file(job):
        head.operator("neural4d.dismiss", text="", icon="X", emboss=False).job = job.id
    elif job.state != State.READY and job.state not in SETTLED:
        head.operator("neural4d.cancel", text="", icon="CANCEL", emboss=False).job = job.id


def _draw_progress(box: bpy.types.UILayout, job: Job, words: str, waits: int) -> None:
    state = job.state
    if state in SETTLED or state == State.READY:
        labels.draw(box, _how_it_ended(job, words))
        if (made := _made(job)) and made.report:
            verdicts.draw(box, made.report)
        if ranking.shortfall(job):
            said = tr("Not fit for {use}, which was required. It is kept, and paid.")
            labels.draw(box, said.format(use=verdicts.called(job.request.require)), "ERROR")
        if job.request.retry_below is not None:
            labels.draw(box, tr("Ordered {number} times, by its rule").format(number=job.tries))
        if job.tries_ended:
            labels.draw(box, job.tries_ended["what"], "INFO")
        facts = _facts(job)
        for told, icon in (("repairs", "CHECKMARK"), ("warnings", "INFO")):
            for sentence in facts.get(told, ()):
                labels.draw(box, sentence, icon)
        return
    elapsed = labels.seconds(time.time() - job.created)
    if waits:
        labels.draw(box, f"{state_labels.why_it_waits(job)}  ·  {waits} s", "TIME")
    if state in _WITH_BAR:
        done = state_labels.progress(job)
        share = f"{done:.0%}"
        words = f"{words}  {tr('about {share}').format(share=share) if job.progress_estimated else share}"
        timed = f"{words}  ·  {elapsed}"
        box.progress(factor=done, type="BAR", text=timed if labels.fits(timed, inset=4) else words)
    elif not waits:
        box.label(text=f"{words}  ·  {elapsed}")


def _how_it_ended(job: Job, words: str) -> str:
    """The state and the cost; on a line of its own what was measured."""
    if job.cost is not None:
        words += f"  ·  {labels.points(job.cost, job.provider, job.cost_estimated)}"
    elif job.spent:
        words += f"  ·  {tr('price not told')}"
    made = _made(job)
    if made and (sides := shown_mm(job, made)):
        facts = made.facts
        words += "\n" + " x ".join(f"{measure:.4g}" for measure in sides) + " mm"
        words += "  ·  " + tr("{faces:,} faces").format(faces=facts["faces"]) if "faces" in facts else ""
    return words


def _facts(job: Job) -> Facts:
    """What was measured of the model, and of what had to be left out or changed; empty before it is ready."""
    made = _made(job)
    return made.facts if made else Facts()


def _made(job: Job) -> Variant | None:
    """The variant that stands in the scene, else the one that is to; of a model as it was made what was measured."""
    if job.state not in (State.PLACED, State.READY):
        return None
    return ranking.own(job) or next((v for v in job.variants if v.facts), None)


def _draw_error(box: bpy.types.UILayout, error: ErrorTexts) -> None:
    labels.draw(box, error["what"])
    labels.draw(box, " ".join(part for part in (error["kept"], error["cost"]) if part))
    if error["remedy"]:
        labels.draw(box, error["remedy"], "INFO")


def _draw_approval(box: bpy.types.UILayout, job: Job) -> None:
    """Whose wish it is, the price, and the two answers."""
    price = labels.points(job.asks, job.provider)
    told = tr("Asked for by {who}: up to {price} at {service}")
    who = job.agent or job.user or tr("you")
    labels.draw(box, told.format(who=who, price=price, service=labels.service(job.provider)), "COMMUNITY")
    row = box.row(align=True)
    for button in (
        row.operator("neural4d.approve", text=tr("Approve")),
        row.operator("neural4d.decline", text=tr("Decline")),
    ):
        button.job, button.points = job.id, job.asks


def _draw_actions(box: bpy.types.UILayout, job: Job) -> None:
    state = job.state
    if state in (State.FAILED, State.CANCELLED):
        overruled = job.error is not None and job.error["code"] == "NoPortrait"
        label = tr("Pay Again") if job.retry_pays else tr("Generate Anyway") if overruled else tr("Retry")
        row = labels.side_by_side(box, label, tr("Copy Report"))
        row.operator("neural4d.retry", text=label, icon=RETRY).job = job.id
        if state == State.FAILED:
            row.operator("neural4d.copy_report", icon="COPYDOWN").job = job.id
    elif state == State.PLACED and whereabouts.stands(job.id):
        show.draw(box, job.id)
    elif state == State.READY:
        waiting = place_finished_models.waiting_for(job)
        if waiting:
            labels.draw(box, waiting, "INFO")
    elif state == State.CHOOSING_CUTOUT:
        job_pictures.draw_cutouts(box, job)
    if state != State.CHOOSING_CUTOUT:
        job_pictures.draw_kept(box, job)
    if state in _WITH_MODELS and any(v.error and v.error["code"] not in _SERVICES_OWN for v in job.variants):
        box.operator("neural4d.retry", text=tr("Retry the Others"), icon=RETRY).job = job.id
    if state in _WITH_MODELS or (state == State.FAILED and any(v.can_be_kept for v in job.variants)):
        job_pictures.draw_variants(box, job)
        job_pictures.draw_saves(box, job)

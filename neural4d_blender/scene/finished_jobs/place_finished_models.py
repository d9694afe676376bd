"""Takes in what the engine reports and puts finished models into the scene: the one pump.

Called by the timer in a window (timer_and_file_handlers.py) and by ``Job.wait`` where no timers run.
"""

from __future__ import annotations

import dataclasses
import time
from pathlib import Path

import bpy

from ...client.jobs import ranking
from ...client.jobs.job_target import Placed, Target
from ...client.jobs.replies import Answer
from ...client.jobs.snapshots import Job, Variant
from ...engine.protocol import SETTLED, BrokenModel, EngineStopped, Neural4DError, State
from .. import main_thread, user_settings, whereabouts
from ..placing import placeholder, provenance, targets
from ..placing.fitting import fit_into_box
from ..placing.placement import place, undo_step
from ..placing.replacement import replace
from ..session import session, survive
from ..shared_engine import bridge
from . import hidden_collections, prepare_in_foreground

#: Seconds after which no further model is begun with: many that come at once are no reason to stand still.
_AT_A_TIME = 0.1
#: Nothing more happens to a job by itself, as far as the engine goes.
_OVER = {*SETTLED, State.READY, State.CHOOSING_CUTOUT}


def pump() -> bool:
    """Drain the engine's events and place what is ready; True where anything changed. WrongThread on any other one."""
    main_thread.require("Placing models")
    main_thread.call_back()
    parts = (bridge.drain, _tell_again, prepare_in_foreground.step, _place_ready, _tend)
    return bool(sum([survive(part, otherwise=True) for part in parts]))


def _tell_again() -> bool:
    placings = session.placings
    while placings.untold and bridge.running:
        _tell(placings.untold.pop())
    return False


def _place_ready() -> bool:
    changed = False
    ends = time.monotonic() + _AT_A_TIME
    ready = expected()
    for job, variant in [(job, None) for job in ready if not job.target.get("together")] + _others_wanted():
        if time.monotonic() < ends and not targets.blocked():
            _place_one(job, variant)
            changed = True
    together = [job for job in ready if job.target.get("together")]
    if together and not targets.blocked():
        with undo_step(f"Place {len(together)} models"):
            for job in together:
                _place_one(job, None)
        changed = True
    return changed


def _place_one(job: Job, variant: int | None) -> None:
    """Place it, or note why that did not work."""
    placings = session.placings
    try:
        place_job(job, variant, None if variant is None else beside(job))
    except BrokenModel as error:
        _prepare_again(job, variant, error)
    except Neural4DError as error:
        placings.trouble[job.id] = error.to_dict()
    except Exception as error:
        what = f"An internal error kept the model out of the scene ({type(error).__name__}: {error})."
        remedy = "Press Place Here; if it stays so, report this text."
        placings.trouble[job.id] = Neural4DError(what, remedy).to_dict()


def _tend() -> bool:
    owed = {*session.file.owed}
    changed = placeholder.tend(keep=user_settings.keeps_placeholders())
    for job_id in owed - session.file.owed:
        if job_id in bridge.jobs and bridge.jobs[job_id].target.get("fit"):  # what stands around a box is known
            continue
        whereabouts.look_around(job_id)
    return changed


def _prepare_again(job: Job, variant: int | None, error: BrokenModel) -> None:
    """Have a model made anew of its download; a new file that is damaged again is the user's to decide on."""
    index, again = _prepared(job, variant).index, session.placings.again
    if (job.id, index) in again:
        if again[job.id, index]:
            session.placings.trouble[job.id] = error.to_dict()
        return  # it is asked, and what was told of the job since is older than that

    def answered(answer: Answer) -> None:
        again[job.id, index] = True
        if answer.error:
            session.placings.trouble[job.id] = answer.error

    again[job.id, index] = False
    bridge.send("prepare", answered, job=job.id, variant=index, anew=True)
    variants = [dataclasses.replace(v, blend="") if v.index == index else v for v in job.variants]
    state = State.PREPARING_MODEL if job.state == State.READY else job.state
    bridge.jobs[job.id] = dataclasses.replace(job, variants=variants, state=state)


def expected() -> list[Job]:
    """The ready jobs that go into the open file by themselves, as soon as it is safe."""
    placings = session.placings
    arriving = list(bridge.jobs.arriving.values())
    unfinished: set[str] = set()
    if any(job.target.get("together") for job in arriving):
        unfinished = {job.batch for job in bridge.jobs.values() if job.under_way or job.state not in _OVER}
    return [
        job
        for job in arriving
        if job.state == State.READY
        and placings.ready.get(job.id) != job.entered
        and job.id not in placings.trouble
        and not job.dismissed
        and not job.comparing  # of several the best one is taken
        and targets.is_here(job.target)
        and not (job.target.get("together") and job.batch in unfinished)
    ]


def _others_wanted() -> list[tuple[Job, int | None]]:
    """Variants that go into the open file beside the first one, because all were asked for."""
    trouble, placed = session.placings.trouble, session.placings.variants
    return [
        (job, variant.index)
        for job in bridge.jobs.arriving.values()
        if job.request.place_all and job.state == State.PLACED and targets.is_here(job.target)
        for variant in job.variants
        if variant.blend and job.id not in trouble and variant.index not in {*job.placed, *placed.get(job.id, ())}
    ]


def awaiting() -> bool:
    """Something goes into the open file by itself as soon as it is safe, or out of it."""
    return bool(expected() or _others_wanted() or placeholder.is_awaited(keep=user_settings.keeps_placeholders()))


def beside(job: Job) -> Target:
    """The job's target, moved next to what stands of the job already when it is used."""
    return {**job.target, "beside": True}


def is_for_another_file(job: Job) -> bool:
    """A ready job whose file is not the one that is open."""
    return job.state == State.READY and not targets.is_here(job.target)


def waiting_for(job: Job) -> str:
    """What keeps a ready job out of the scene, in words; empty when nothing does."""
    if not is_for_another_file(job):
        return targets.blocked()
    if job.agent and not job.target.get("session"):
        return "It was made for an agent: place it here."
    file = Path(job.target.get("file") or "").name
    if file:
        return f"It belongs to {file}: open that file, or place it here."
    return "It belongs to a file that was closed without being saved: place it here."


def place_job(
    job: Job,
    variant: int | None = None,
    target: Target | None = None,
) -> list[bpy.types.Object]:
    """Put a prepared variant of a job into the scene as one undo step, and return its root objects.

    Args:
        variant: its index; the first prepared one where it is None.
        target: where to; the job's own where it is None.

    Raises:
        Neural4DError: nothing is prepared. BrokenModel: the prepared file is gone, damaged, or of a newer Blender.
    """
    main_thread.require("Placing a model")
    job = bridge.jobs.get(job.id, job)  # another variant may have been placed a moment ago
    chosen = _prepared(job, variant)
    automatic, target = target is None, target or job.target
    scene = targets.scene_of(target)
    title = job.request.title
    standing = placed_roots(job.id) if target.get("beside") else []
    replaced = None if target.get("beside") else targets.replaced_by(target)
    held = None if standing or replaced else _placeholder(job, remark=automatic)
    fits = fit_into_box.wanted(target, job.target, len(standing))
    with undo_step(f"{'Replace' if replaced else 'Place'} {title}"[:60]):
        if replaced:
            roots = replace(replaced, chosen.blend, scene, chosen.facts)
            provenance.note(roots, job, chosen)
            said = fit_into_box.refit(roots, scene)
        else:
            row = targets.row_of(target, scene)
            roots = place(
                chosen.blend,
                name=title,
                location=targets.world_matrix(standing[0]).translation[:] if standing else target["location"],
                collection=targets.collection_of(target, scene),
                scene=scene,
                select=not (automatic and job.batch),  # somebody is working: models that keep coming let them
                instead_of=None if target.get("exact") else held,
                facts=chosen.facts,
            )
            if held is not None and target.get("exact"):
                called = held.name
                bpy.data.objects.remove(held)
                roots[0].name = called
            provenance.note(roots, job, chosen)
            said = ""
            if fits:
                roots, said = fit_into_box.fill(roots[0], fits, scene)
                if len(fits) > 1:
                    placeholder.remove_more(job.id)
            elif standing or row:
                _move_beside(roots, standing or row)
    if said:
        session.placings.remarks[job.id] = said
    whereabouts.changed()
    if not replaced:
        hidden_collections.tell(job.id, roots[0].users_collection, scene)
        if not (job.batch or fits or bpy.app.background):
            survive(lambda: whereabouts.look_around(job.id), otherwise=None)
    placings = session.placings
    placings.variants.setdefault(job.id, set()).add(chosen.index)
    placings.trouble.pop(job.id, None)
    placings.again.pop((job.id, chosen.index), None)
    if job.state == State.READY:
        placings.ready[job.id] = job.entered
    # The engine will say so too, perhaps when nobody is listening any more: the clock stops once all is placed.
    state = State.PLACED if job.state == State.READY else job.state
    bridge.jobs[job.id] = dataclasses.replace(job, placed=sorted({*job.placed, chosen.index}), state=state)
    bridge.revision += 1
    _tell({"job": job.id, "variant": chosen.index, "target": None if target.get("beside") else target})
    return roots


def _prepared(job: Job, variant: int | None) -> Variant:
    """The variant with that index, or the chosen one, or the best one, that has been prepared; Neural4DError where
    there is none."""
    prepared = [v for v in job.variants if v.blend and variant in (None, v.index)]
    if not prepared:
        raise Neural4DError("No model of this job is prepared yet.", "Wait until it is ready, or press Retry.")
    if job.chosen is None and variant is None and not job.request.place_all:
        return ranking.best_first(job)[0]
    return min(prepared, key=lambda v: variant is None and v.index != job.chosen)


def forget(job_id: str) -> None:
    """What stood of the job is gone, with the file it stood in; nothing of it keeps it from coming once more."""
    placings = session.placings
    for known in (placings.ready, placings.variants, placings.trouble):
        known.pop(job_id, None)


def _tell(placed: Placed) -> None:
    """Let the engine know that a model stands in the scene; the next one, should this one die before it has heard."""

    def answered(answer: Answer) -> None:
        if answer.error and answer.error["code"] == EngineStopped.__name__:
            session.placings.untold.append(placed)

    bridge.send("placed", answered, **placed)


def _placeholder(job: Job, *, remark: bool) -> bpy.types.Object | None:
    """The job's placeholder in the open file, if there is one; with a remark where it should be there and is not."""
    session.placings.remarks.pop(job.id, None)
    made = targets.is_here(job.target) and job.target.get("placeholder") and not placeholder.is_owed(job.id)
    found = placeholder.find(job.id) if made or placeholder.is_known(job.id) else None
    if found is not None and job.state == State.PLACED and not placeholder.is_original(found):
        return None  # a copy that the user has kept
    if found is None and made and remark:
        session.placings.remarks[job.id] = "Its placeholder was deleted, so it came to where it was meant to go."
    return found


def placed_roots(job_id: str) -> list[bpy.types.Object]:
    """The root objects in the open file that came from the job."""
    main_thread.require("Looking for objects")
    return provenance.roots_of(job_id)


def _move_beside(roots: list[bpy.types.Object], standing: list[bpy.types.Object]) -> None:
    """To the right of what stands of the job, a tenth of its own width away, wherever its origin is."""
    edge = max(corner.x for root in standing for corner in targets.world_corners(root))
    own = [corner.x for root in roots for corner in targets.world_corners(root)]
    step = edge + targets.GAP * (max(own) - min(own)) - min(own)
    for root in roots:
        root.location.x += step

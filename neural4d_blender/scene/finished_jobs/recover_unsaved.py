"""Models whose file is no more: Blender ended, or another file was opened, before it was saved.

They are paid and on disk, so they can stand in another file at no cost, where they were going to stand in theirs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache
from pathlib import Path

import bpy

from ...client.jobs.job_target import Target
from ...client.jobs.replies import Answer
from ...client.jobs.snapshots import Job
from ...engine.protocol import State
from ..placing import placeholder, provenance, targets
from ..placing.fitting import boxes
from ..session import session
from ..shared_engine import bridge
from . import place_finished_models

_MADE = (State.READY, State.PLACED)


def among(jobs: Iterable[Job]) -> list[Job]:
    """Those of the jobs that stand nowhere, and whose file is not there to wait for."""

    @cache
    def saved_at(file: str) -> float | None:
        """When the file was saved last (seconds since the epoch); None where it is not there."""
        try:
            return Path(file).stat().st_mtime
        except OSError:
            return None

    suspects = [job for job in jobs if _is_lost(job, saved_at)]
    standing = {thing.get(provenance.JOB) for thing in bpy.data.objects} if suspects else set()
    return [job for job in suspects if job.id not in standing]


def bring_here(jobs: Iterable[Job], refused: Callable[[Answer], None] = lambda _: None) -> list[str]:
    """Bind those that are lost to the open file; returns their ids.

    The pump places them: those that are ready, or stood in the lost file, as soon as it is safe.

    Args:
        refused: told the engine's answer on each that stays where it is, because another Blender has it.
    """
    brought = []
    for job in among(jobs):
        here: Target = {"session": session.file.id, "file": bpy.data.filepath}
        target: Target = {**job.target, **here, "placeholder": placeholder.find(job.id) is not None}
        if target.get("fit") and not targets.is_here(job.target):  # another file's objects of that name are no boxes
            target["fit"] = [fit for fit in target["fit"] if boxes.find(fit)]
        bridge.send("retarget", _answered(job, refused), job=job.id, target=target, lost=True)
        session.asked.bound.add(job.id)
        place_finished_models.forget(job.id)
        # Until the engine says that it is ready, once more or still.
        state = State.PREPARING_MODEL if job.state in _MADE else job.state
        bridge.jobs[job.id] = replace(job, target=target, dismissed=False, state=state)
        brought.append(job.id)
    return brought


def is_on_its_way(job_id: str) -> bool:
    """It was bound to the open file a moment ago, and what is known of it is older than that."""
    return job_id in session.asked.bound


def _answered(before: Job, refused: Callable[[Answer], None]) -> Callable[[Answer], None]:
    def take(answer: Answer) -> None:
        session.asked.bound.discard(before.id)
        if before.id not in bridge.jobs:
            return  # another data folder was chosen meanwhile, with jobs of its own
        if answer.error:
            bridge.jobs[before.id] = before
            session.placings.trouble[before.id] = answer.error
            refused(answer)
        elif before.state == State.READY:  # nothing has changed but its target
            bridge.jobs[before.id] = replace(bridge.jobs[before.id], state=before.state)

    return take


def _is_lost(job: Job, saved_at: Callable[[str], float | None]) -> bool:
    target = job.target
    bound = target.get("session")  # a command's jobs have none: they go to files
    if not bound or bound == session.file.id or job.request.keep_in:
        return False
    if not target.get("file") or (saved := saved_at(target["file"])) is None:
        return True
    # Since the file was saved last: an older one that does not stand there was removed by somebody.
    return targets.is_here(target) and job.state == State.PLACED and job.entered > saved

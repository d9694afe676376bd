"""Takes in what the engine reports and puts finished models into the scene: the one pump.

Called by the timer in a window (clock.py) and by ``Job.wait`` where no timers run.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

import bpy

from ..engine.protocol import Neural4DError, Request, State
from . import targets
from .bridge import bridge
from .placing import place, undo_step

#: Custom property on a placed root that says which job it came from.
JOB_PROPERTY = "neural4d_job"
#: Why a ready model is not in the scene, by job id; for the panel.
trouble: dict[str, dict[str, str]] = {}
#: When the jobs that were placed here had become ready, by job id. The engine may speak of a job as
#: ready once more before it has read that it was placed; only a new time means a new model.
_placed: dict[str, float] = {}


def pump() -> bool:
    """Drain the engine's events and place what is ready; True where anything changed."""
    changed = bridge.drain()
    for job in expected():
        if not targets.blocked():
            try:
                place_job(job)
            except Neural4DError as error:
                trouble[job["id"]] = error.to_dict()
            changed = True
    return changed


def expected() -> list[dict[str, Any]]:
    """The ready jobs that go into the open file by themselves, as soon as it is safe."""
    return [
        job
        for job in bridge.jobs.values()
        if job["state"] == State.READY
        and _placed.get(job["id"]) != job["entered"]
        and job["id"] not in trouble
        and targets.is_here(job["target"])
    ]


def waiting_for(job: dict[str, Any]) -> str:
    """What keeps a ready job out of the scene, in words; empty when nothing does."""
    if not targets.is_here(job["target"]):
        return "It belongs to another file: open that one, or press Place Here."
    return targets.blocked()


def place_job(
    job: dict[str, Any],
    variant: int | None = None,
    target: dict[str, Any] | None = None,
) -> list[bpy.types.Object]:
    """Put a prepared variant of a job into the scene as one undo step, and return its root objects.

    Args:
        job: the snapshot. variant: its index; the first prepared one where it is None.
        target: where to; the job's own where it is None.

    Raises:
        Neural4DError: nothing is prepared, or the prepared file is gone or damaged.
    """
    prepared = [v for v in job["variants"] if v["blend"] and variant in (None, v["index"])]
    if variant is None and job["chosen"] is not None:
        prepared.sort(key=lambda v: v["index"] != job["chosen"])
    if not prepared:
        raise Neural4DError("No model of this job is prepared yet.", "Wait until it is ready, or press Retry.")
    target = target or job["target"]
    scene = targets.scene_of(target)
    title = Request.from_dict(job["request"]).title
    with undo_step(f"Place {title}"[:60]):
        roots = place(
            prepared[0]["blend"],
            name=title,
            location=tuple(target["location"]),
            collection=targets.collection_of(target, scene),
            scene=scene,
        )
        for root in roots:
            _note_provenance(root, job)
    trouble.pop(job["id"], None)
    if job["state"] == State.READY:
        _placed[job["id"]] = job["entered"]
        job["state"] = State.PLACED.value  # the engine will say so too, a moment later
        bridge.revision += 1
    bridge.send("placed", job=job["id"], target=target)
    return roots


def placed_roots(job_id: str) -> list[bpy.types.Object]:
    """The root objects in the open file that came from the job."""
    return [thing for thing in bpy.data.objects if thing.parent is None and thing.get(JOB_PROPERTY) == job_id]


def _note_provenance(root: bpy.types.Object, job: dict[str, Any]) -> None:
    root[JOB_PROPERTY] = job["id"]
    root["neural4d_service"] = job["provider"]
    root["neural4d_prompt"] = job["request"]["prompt"]
    made = dt.datetime.fromtimestamp(job["created"], dt.UTC)
    root["neural4d_made"] = made.isoformat(timespec="seconds")
    if job["cost"] is not None:
        root["neural4d_points"] = job["cost"]

"""Models whose file is no more: Blender ended, or another file was opened, before it was saved.

They are paid and on disk, so they can stand in another file at no cost, where they were going to stand in theirs.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bpy

from ..engine.protocol import State
from . import arrival, placeholder, provenance, targets
from .bridge import bridge

#: Jobs of which the engine has not answered yet that they belong to the open file.
_asked: set[str] = set()


def among(jobs: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Those of the jobs that stand nowhere, and whose file is not there to wait for."""
    suspects = [job for job in jobs if _is_lost(job)]
    standing = {thing.get(provenance.JOB) for thing in bpy.data.objects} if suspects else set()
    return [job for job in suspects if job["id"] not in standing]


def bring_here(jobs: Iterable[dict[str, Any]]) -> list[str]:
    """Bind those that are lost to the open file; returns their ids.

    The pump places them: those that are ready, or stood in the lost file, as soon as it is safe.
    """
    brought = []
    for job in among(jobs):
        here = {"session": targets.session(), "file": bpy.data.filepath}
        job["target"] = {**job["target"], **here, "placeholder": placeholder.find(job["id"]) is not None}
        arrival.forget(job["id"])
        _asked.add(job["id"])
        bridge.send("retarget", _answer_to(job["id"]), job=job["id"], target=job["target"], lost=True)
        bridge.jobs.touch(job["id"])
        brought.append(job["id"])
    return brought


def is_on_its_way(job_id: str) -> bool:
    """It was bound to the open file a moment ago, and what is known of it is older than that."""
    return job_id in _asked


def _answer_to(job_id: str) -> Any:
    return lambda _answer: _asked.discard(job_id)


def _is_lost(job: dict[str, Any]) -> bool:
    target = job["target"]
    session = target.get("session")  # a command's jobs have none: they go to files
    if not session or session == targets.session() or job["request"].get("keep_in"):
        return False
    if not target.get("file"):
        return True
    file = Path(target["file"])
    if not file.exists():
        return True
    # Since the file was saved last: an older one that does not stand there was removed by somebody.
    return targets.is_here(target) and job["state"] == State.PLACED and job["entered"] > file.stat().st_mtime

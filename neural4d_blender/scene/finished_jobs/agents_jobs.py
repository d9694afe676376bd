"""What agents have had made in other processes: shown among the jobs, and placed where user and studio allow that.

The journal that all processes share tells of it, and whose file a model comes into. May import bpy.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import bpy

from ...client.paths import is_same_file
from ...client.policy_in_force import policy_of
from ...engine.protocol import Neural4DError, State
from .. import user_settings
from ..placing import targets
from ..session import session
from ..shared_engine import bridge

if TYPE_CHECKING:
    from ...client.jobs.job_target import Target
    from ...client.jobs.replies import Answer
    from ...client.jobs.snapshots import Job


def look() -> None:
    """Ask for the jobs of agents, which come into the bridge's list."""
    bridge.send("agents_jobs", _take)


def _take(answer: Answer) -> None:
    for job in answer.jobs:
        bridge.jobs[job.id] = job
        if _comes_by_itself(job):
            session.asked.claimed.add(job.id)
            _claim(job)


def target(job: Job) -> Target:
    """The 3D cursor of the open file, or the boxes that it was made for, in the collection for the agent's models."""
    own: Target = {**targets.bind(), "collection": "", "own": (f"agent {job.agent}", job.agent)}
    return {**own, "fit": job.target["fit"]} if job.target.get("fit") else own


def _comes_by_itself(job: Job) -> bool:
    is_new = job.state == State.READY and not (job.left or job.dismissed or job.target.get("session"))
    if not is_new or job.id in session.asked.claimed:
        return False
    offered = job.target.get("offered")
    if offered and not (bpy.data.filepath and is_same_file(offered, bpy.data.filepath)):
        return False  # its boxes are in another file
    try:
        place = policy_of(bridge.settings).place
    except Neural4DError:
        return False
    return place == "always" or (place != "ask" and user_settings.places_of_agents())


def _claim(job: Job) -> None:
    """Bind it to the open file, unless another Blender was first; the pump does the rest."""
    where: Target = {**target(job), "row": True}

    def answered(answer: Answer) -> None:
        if not answer.error and not any(variant.blend for variant in job.variants):
            bridge.send("prepare", job=job.id, variant=None)

    bridge.send("retarget", answered, job=job.id, target=where, first=True)

"""A job whose model is prepared, as the engine would tell of it. Standard library only, for Blender's own Python."""

from __future__ import annotations

import uuid

from neural4d_blender.client.jobs.job_target import Target
from neural4d_blender.client.jobs.snapshots import Job, Variant
from neural4d_blender.engine.protocol import Request, State


def ready_job(blend: str, target: Target) -> Job:
    """Another one each time; ``blend`` is what the preparer wrote, ``target`` what it is for."""
    request = Request(prompt="a sculpture", size_mm=120.0)
    variant = Variant(0, "prepared", blend=blend)
    return Job(str(uuid.uuid4()), "neural4d", request, target, State.READY, variants=[variant])

"""A job whose model is prepared, as the engine would tell of it. Standard library only, for Blender's own Python."""

from __future__ import annotations

from typing import Any

from neural4d_blender.engine.protocol import Job, Request, State


def ready_job(blend: str, target: dict[str, Any]) -> dict[str, Any]:
    """The snapshot; ``blend`` is what the preparer wrote, ``target`` what it is for."""
    request = Request(prompt="a sculpture", size_mm=120.0)
    job = Job("bench", "neural4d", request.to_dict(), target, state=State.READY).to_dict()
    variant = {"index": 0, "uuid": "bench", "blend": blend, "facts": {}, "details": {}, "state": "prepared"}
    return {**job, "variants": [variant]}

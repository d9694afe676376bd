"""Models that are not seen, since their collection is hidden: said so, and shown where the user asks for that.

May import bpy.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ..placing import provenance, targets
from ..placing.placement import undo_step
from ..session import session
from ..shared_engine import bridge


def tell(job_id: str, collections: Iterable[bpy.types.Collection], scene: bpy.types.Scene) -> None:
    """Say of a job that its model is, or is going to be, in collections that are hidden, where they are."""
    remarks, hidden = session.placings.remarks, session.placings.hidden
    layers = targets.hiding(collections, scene)
    if not layers:
        if job_id in hidden:
            _unsay(job_id)
        return
    names = ", ".join(layer.name for layer in layers)
    how = "excluded from the view layer" if any(layer.exclude for layer in layers) else "hidden"
    told = f"Its collection is {how} ({names}), so the model is not seen there."
    remarks[job_id] = f"{remarks.get(job_id, '')} {told}".strip()
    hidden.add(job_id)


def show(job_id: str) -> None:
    """Show the collection that the job's model is in, or is going to be in."""
    target = bridge.jobs[job_id].target
    scene = targets.scene_of(target)
    standing = provenance.roots_of(job_id)
    where = standing[0].users_collection if standing else [targets.wanted_collection(target, scene)]
    with undo_step("Show Collection"):
        for layer in targets.hiding(where, scene):
            layer.exclude = layer.hide_viewport = layer.collection.hide_viewport = False
    _unsay(job_id)


def _unsay(job_id: str) -> None:
    session.placings.remarks.pop(job_id, None)
    session.placings.hidden.discard(job_id)

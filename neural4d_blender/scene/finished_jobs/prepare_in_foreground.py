"""Prepares a model right here where no background Blender can be started: Blender stands still meanwhile.

The user reads why before it does: the job's note stands in the panel for a moment first. May import bpy, and
of `prepare` the one module that is made for this.
"""

from __future__ import annotations

import time

import bpy

from ...engine.protocol import Facts, PrepareValues, State
from ..placing import targets
from ..session import session
from ..shared_engine import bridge

#: Seconds that the user has to read why Blender is going to stand still.
_TOLD = 3.0


def step() -> bool:
    """Prepare one of the models that wait for it, where that is safe and was told; True where one was."""
    if not bridge.to_prepare or targets.blocked():
        return False
    asked = bridge.to_prepare[0]
    key = (asked.job, asked.variant)
    told = session.asked.prepare.setdefault(key, time.monotonic())
    if not bpy.app.background and time.monotonic() - told < _TOLD:
        return False
    bridge.to_prepare.pop(0)
    del session.asked.prepare[key]
    job = bridge.jobs.get(asked.job)
    if job is None or job.state in (State.CANCELLED, State.FAILED):
        return False
    bridge.send("prepared", job=asked.job, variant=asked.variant, facts=_prepare(asked.values))
    return True


def _prepare(values: PrepareValues) -> Facts:
    from ...prepare import foreground  # hardly ever needed: Blender's start need not wait for it

    try:
        return foreground.prepare(values)
    except Exception as error:  # or the engine would wait for it for ever
        return {"ok": False, "code": "PreparerFailed", "what": f"{type(error).__name__}: {error}", "remedy": ""}

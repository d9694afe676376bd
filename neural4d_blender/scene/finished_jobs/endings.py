"""What has ended since it was last looked: told in the status bar, shown, sounded, and never in the way of work.

May import bpy and the engine's ``protocol``.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import bpy

from ...engine.protocol import SETTLED, State
from .. import user_settings, whereabouts
from ..placing import targets
from ..session import session
from ..shared_engine import bridge
from . import place_finished_models

if TYPE_CHECKING:
    from ...client.jobs.snapshots import Job

#: How many endings are told at a time, and for how many seconds.
_TOLD, _SECONDS = 3, 900.0
#: A first model is shown by itself so many seconds after it came at most; after that its user has looked elsewhere.
_SHOWN_WITHIN = 30.0
#: Further variants, or a file to keep, may be under way after that.
_OVER = SETTLED | {State.READY, State.CHOOSING_CUTOUT}


def look() -> None:
    """Take in what has ended since the last look; a comparison of two numbers where nothing has changed."""
    shown = session.shown
    if bridge.revision == shown.revision:
        return
    shown.revision = bridge.revision
    running = {job.id: job.batch for job in _running()}
    for job_id in running:
        shown.ended.pop(job_id, None)
    over = [job for job_id in shown.running.keys() - running if (job := bridge.jobs.get(job_id)) and is_told(job)]
    over = [job for job in over if not job.batch or job.batch not in running.values()]  # told when all of it is over
    for job in over:
        if job.batch:
            for other in [id for id in shown.ended if id in bridge.jobs and bridge.jobs[id].batch == job.batch]:
                del shown.ended[other]
        shown.ended[job.id] = time.monotonic()
    shown.running = running
    if over and user_settings.sounds():
        with suppress(ImportError, RuntimeError):  # a Blender built without sound, a computer without a device
            _play()
    arrived = [job.id for job in over if job.state == State.PLACED and not job.batch]
    if arrived and not session.placings.first_shown:
        session.placings.first_shown = True
        if user_settings.shows_first():
            shown.to_show = (arrived[0], time.monotonic() + _SHOWN_WITHIN)


def show_first() -> bool:
    """Show the first model of the session as soon as no tool is at work; True once that is done with."""
    job_id, until = session.shown.to_show
    if not job_id:
        return False
    if time.monotonic() < until and whereabouts.stands(job_id):
        if targets.blocked() or any(window.modal_operators for window in bpy.context.window_manager.windows):
            return False
        whereabouts.show(job_id, by_itself=True)
    session.shown.to_show = ("", 0.0)
    return True


def is_told(job: Job) -> bool:
    """The job's state is worth a word: a user who has cancelled or dismissed it knows."""
    return job.state != State.CANCELLED and not job.dismissed


def told() -> list[Job]:
    """The jobs whose ending is still to be told, newest first."""
    since = time.monotonic() - _SECONDS
    jobs = [job for id, at in session.shown.ended.items() if at > since and (job := bridge.jobs.get(id))]
    return [job for job in reversed(jobs) if is_told(job)][:_TOLD]


def _running() -> list[Job]:
    """What goes on by itself until it is told: the engine works on it, or it is about to be put into the open file."""
    jobs = [job for job in bridge.jobs.under_way.values() if job.state not in _OVER and not job.dismissed]
    return jobs + place_finished_models.expected()


def _play() -> None:
    """Two notes."""
    import aud  # only who wants to hear something needs it

    device: Any = aud.Device()
    notes = aud.Sound.sine(660).limit(0, 0.12).join(aud.Sound.sine(880).limit(0, 0.18))
    session.shown.sound = (device, device.play(notes.volume(0.3)))  # it stops where nobody holds it

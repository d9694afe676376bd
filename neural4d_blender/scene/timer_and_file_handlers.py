"""What happens by itself in a window: the persistent timer, and what opening or saving a file means.

A persistent timer survives File > Open and does not hold up auto-save, which a modal operator would.
"""

from __future__ import annotations

import time
from collections.abc import Set
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.app.handlers import persistent

from ..engine.protocol import AGENTS, UNFINISHED, Neural4DError, State
from . import user_settings
from .finished_jobs import agents_jobs, endings, place_finished_models
from .placing import placeholder, targets
from .session import session, survive
from .shared_engine import bridge, is_built

if TYPE_CHECKING:
    from ..client.jobs.job_target import Target
    from ..client.jobs.replies import Answer
    from ..client.jobs.snapshots import Job

#: Seconds between two looks at the pipe; and between two redraws for the elapsed time's sake.
_TICK, _REDRAW = 0.1, 1.0
#: Between two looks whether an agent has had something made in another process.
_AGENTS = 2.0


def start() -> None:
    """See to it that the timer runs; it stops by itself when nothing is under way."""
    if not bpy.app.background and not bpy.app.timers.is_registered(_tick):
        bpy.app.timers.register(_tick, first_interval=_TICK, persistent=True)


def _tick() -> float | None:
    return survive(_look, otherwise=_TICK)


def _look() -> float | None:
    shown = session.shown
    changed = place_finished_models.pump()
    endings.look()
    changed = endings.show_first() or changed
    if changed and (stages := placeholder.stages()) != shown.labels:
        shown.labels = stages
        redraw({"UI", "WINDOW"})
    now = time.monotonic()
    if now - shown.redrawn > _REDRAW:
        bridge.configure()  # the user may have changed a key or the online switch
    if changed or now - shown.redrawn > _REDRAW:
        shown.redrawn = now
        redraw()
    return _TICK if bridge.busy or place_finished_models.awaiting() or shown.to_show[0] else None


def redraw(regions: Set[str] = frozenset({"UI"})) -> None:
    """Draw the sidebars and the status bars again, and no other regions of the window unless they are named."""
    bpy.msgbus.publish_rna(key=(bpy.types.ViewLayer, "name"))  # what a status bar is drawn for; it is in no area's list
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type in {"VIEW_3D", "IMAGE_EDITOR", "PREFERENCES"}:
                for region in area.regions:
                    if region.type in regions or area.type == "PREFERENCES":
                        region.tag_redraw()


def _resume() -> None:
    """Go on with jobs that were cut off, if there are any; costs one look at the disk otherwise."""
    survive(_list_unfinished, otherwise=None)


def _list_unfinished() -> None:
    if user_settings.online() and (user_settings.data_dir() / UNFINISHED).exists():
        try:
            list_jobs()
        except Neural4DError as error:
            session.asked.unlisted = error.to_dict()


def _watch_agents() -> float:
    survive(look_at_agents, otherwise=None)
    return _AGENTS


def look_at_agents() -> None:
    """Ask for the jobs of agents where one has changed; else a look at one file's time."""
    before, now = session.asked.agents_told, _changed_at(user_settings.data_dir() / AGENTS)
    session.asked.agents_told = now
    if before not in (None, now):
        agents_jobs.look()
        start()


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0


def list_jobs() -> None:
    """Bring the jobs of earlier sessions into the bridge's list; the engine goes on with unfinished ones."""
    bridge.send("list", _take_list, limit=50)
    start()


def _take_list(answer: Answer) -> None:
    session.asked.unlisted = answer.error
    for job in answer.jobs:
        bridge.jobs.setdefault(job.id, job)
    present = {**bridge.jobs.under_way, **bridge.jobs.arriving}.values()
    for batch in {job.batch for job in present if job.batch} - bridge.batches.keys():
        show_batch(batch)
    _take_in_moved_file()


def _take_in_moved_file() -> None:
    """A file that was moved or renamed outside Blender still has the placeholders of jobs that were bound to it."""
    for job_id in placeholder.standing():
        job = bridge.jobs.get(job_id)
        if job is None or job.state == State.PLACED or targets.is_here(job.target):
            continue
        if not (job.target.get("file") and Path(job.target["file"]).exists()):
            _retarget(job)


def _retarget(job: Job) -> None:
    """Bind the job to the file that is open."""
    target: Target = {**job.target, "session": session.file.id, "file": bpy.data.filepath}
    bridge.jobs[job.id] = replace(job, target=target)
    bridge.send("retarget", job=job.id, target=target)


def show_batch(batch: str) -> None:
    """Bring a batch of an earlier session into the bridge, with all its jobs."""

    def take(answer: Answer) -> None:
        if not answer.error:
            (bridge.batches[batch],) = answer.batches

    bridge.send("batch", take, batch=batch)


@persistent
def _file_opened(_path: object) -> None:
    session.file_opened()
    placeholder.file_opened()
    if is_built():  # not at Blender's start, which this is a part of
        _take_in_moved_file()
        session.asked.agents_told = -1  # some may have been made for this file
        start()


@persistent
def _undone(_scene: object) -> None:
    """Undo and redo bring placeholders and models back, and take them away."""
    placeholder.survey()
    session.file.models = None


@persistent
def _about_to_save(_path: object) -> None:
    placeholder.before_save()
    jobs = bridge.jobs.values() if is_built() else ()
    session.file.jobs = {job.id for job in jobs if targets.is_here(job.target)}


@persistent
def _file_saved(_path: object) -> None:
    """A job bound to a file that had no name yet, or another one, can be found again after a restart, and so can its
    model. Saved by way of a link it is another file than before, too.
    """
    for job in list(bridge.jobs.values()) if is_built() else ():
        here = job.id in session.file.jobs or targets.is_here(job.target)
        if here and job.target.get("file") != bpy.data.filepath:
            _retarget(job)
            start()
    session.file.same.clear()


def _handlers() -> list[tuple[list[Any], Any]]:
    on = bpy.app.handlers
    return [
        (on.load_post, _file_opened),
        (on.save_pre, _about_to_save),
        (on.save_post, _file_saved),
        (on.undo_post, _undone),
        (on.redo_post, _undone),
    ]


def register() -> None:
    """Hook into Blender."""
    session.begin()
    for handlers, handler in _handlers():
        handlers.append(handler)
    if not bpy.app.background:
        # Persistent: Blender loads the file it was started with after this, which ends all other timers.
        bpy.app.timers.register(_resume, first_interval=1.0, persistent=True)
        bpy.app.timers.register(_watch_agents, first_interval=_AGENTS, persistent=True)


def unregister() -> None:
    """Let go of Blender and end the engine."""
    for timer in (_tick, _resume, _watch_agents):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    for handlers, handler in _handlers():
        handlers.remove(handler)
    bridge.stop()
    session.end()

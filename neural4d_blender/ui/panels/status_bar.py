"""What runs and what has ended, in the status bar of every window, whatever editor or workspace is open.

Drawn often: nothing here looks at more than the jobs that are under way.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import bpy

from ...engine.protocol import SETTLED, State
from ...scene import whereabouts
from ...scene.finished_jobs import endings, place_finished_models
from ...scene.session import session
from ...scene.shared_engine import bridge, is_built
from ..drawing import show, state_labels
from ..drawing.languages import tr

if TYPE_CHECKING:
    from ...client.jobs.snapshots import Job

_LONGEST = 24  # characters of a title


class NEURAL4D_PT_running(bpy.types.Panel):
    """All that is under way, and what has ended of late"""

    bl_label = "Neural4D"
    bl_space_type = "TOPBAR"  # in no editor's sidebar: the status bar opens it
    bl_region_type = "HEADER"
    bl_ui_units_x = 28

    def draw(self, _context: bpy.types.Context) -> None:
        """Newest first."""
        for job in endings.told():
            _draw_ended(self.layout.split(factor=0.6), job)
        for job in _running():
            _draw_running(self.layout.row(align=True), job)


def draw(header: Any, _context: bpy.types.Context) -> None:
    """Append to the status bar: what has ended last, then what runs; the rest in a pop-up."""
    if not is_built():
        return
    ended, running = endings.told(), _running()
    for job in ended[:1]:
        _draw_ended(header.layout.row(align=True), job)
    row = header.layout.row(align=True)
    for job in running[:1]:
        _draw_running(row, job)
    if more := len(ended[1:]) + len(running[1:]):
        row.popover("NEURAL4D_PT_running", text=tr("and {number} more").format(number=more))


def _running() -> list[Job]:
    jobs = [job for job in bridge.jobs.under_way.values() if not job.dismissed and job.state not in SETTLED]
    return sorted(jobs, key=lambda job: -job.created)


def _title(job: Job) -> str:
    title = job.request.title
    return title if len(title) <= _LONGEST else f"{title[:_LONGEST].rstrip()} ..."


def _draw_running(row: bpy.types.UILayout, job: Job) -> None:
    words, _icon = state_labels.state(job)
    done = state_labels.progress(job)
    bar = row.row()
    bar.ui_units_x = 12
    bar.progress(factor=done, type="BAR", text=f"{_title(job)}: {words}" + (f" {done:.0%}" if done else ""))
    row.operator("neural4d.cancel", text="", icon="CANCEL").job = job.id


def _draw_ended(row: bpy.types.UILayout, job: Job) -> None:
    """A line for a job, or for the batch that it was the last one of."""
    title = tr("Batch: {title}").format(title=_title(job)) if job.batch else _title(job)
    error = session.placings.trouble.get(job.id) or job.error
    words, icon = state_labels.state(job)
    if error:
        words, icon = words if job.state == State.FAILED else tr("Could not be placed"), "ERROR"
    elif place_finished_models.is_for_another_file(job):
        words = tr("Ready for another file")
    elif way := whereabouts.in_the_way(job.id):
        inside = way[0] == whereabouts.INSIDE
        words = tr("{state}, inside {names}" if inside else "{state}, behind {names}").format(state=words, names=way[1])
    row.label(text=f"{title}: {words}", icon=icon)
    row = row.row(align=True)
    if job.state == State.FAILED:
        row.operator("neural4d.retry", text=tr("Pay Again") if job.retry_pays else tr("Retry")).job = job.id
    elif whereabouts.stands(job.id):
        show.draw_beside(row, job.id)
        show.draw(row, job.id, short=True)
    row.operator("neural4d.close_ending", text="", icon="X", emboss=False).job = job.id


def register() -> None:
    """Draw from now on."""
    bpy.types.STATUSBAR_HT_header.append(draw)


def unregister() -> None:
    """Draw no more."""
    bpy.types.STATUSBAR_HT_header.remove(draw)


CLASSES = (NEURAL4D_PT_running,)

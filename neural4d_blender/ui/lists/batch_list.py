"""The Batches panel: a box for each batch of this session, how far it is, what it cost, what can be done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy

from ...scene.finished_jobs import place_finished_models
from ...scene.shared_engine import bridge
from ..drawing import labels, remedies, state_labels
from ..drawing.languages import tr
from . import batch_progress, job_list

if TYPE_CHECKING:
    from ...engine.protocol import BatchRecord

#: More would push everything else off the screen.
_SHOWN = 5


class NEURAL4D_PT_batches(bpy.types.Panel):
    """Many models at once, from a table or a folder of images"""

    bl_label = "Batches"
    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Neural4D"
    bl_order = 5

    def draw(self, _context: bpy.types.Context) -> None:
        """The newest first, and the way to a new one."""
        layout = self.layout
        newest = sorted(bridge.batches.values(), key=lambda record: -record.created)
        for record in newest[:_SHOWN]:
            _draw_batch(layout.box(), record, batch_progress.tally(record.id))
        row = layout.row(align=True)
        row.operator("neural4d.batch_from_file", icon="FILE_TEXT")
        row.operator("neural4d.save_sample_table", text="", icon="FILE_NEW")
        row.operator("neural4d.list_batches", text="", icon="RECOVER_LAST")


def _draw_batch(box: bpy.types.UILayout, record: BatchRecord, counts: batch_progress.Tally) -> None:
    running = counts.working + counts.waiting > 0
    head = box.row(align=True)
    name = record.name or tr("Batch")
    icon: Any = "TIME" if running else "ERROR" if counts.failed else "CHECKMARK"
    head.label(text=labels.cut(name, inset=6), icon=icon)
    if not running:
        head.operator("neural4d.dismiss_batch", text="", icon="X", emboss=False).batch = record.id
    if record.damaged:
        labels.draw(box, record.damaged, "ERROR")
    total = counts.working + counts.waiting + counts.done + counts.failed + counts.stopped
    factor = counts.done / total if total else 0.0
    box.progress(factor=factor, type="BAR", text=tr("{done} of {total} done").format(done=counts.done, total=total))
    rest = [(counts.working, tr("{count} working")), (counts.waiting, tr("{count} waiting"))]
    rest += [(counts.failed, tr("{count} failed")), (counts.stopped, tr("{count} stopped"))]
    told = [what.format(count=count) for count, what in rest if count]
    if told:
        labels.draw(box, "  ·  ".join(told))
    if counts.paused and (left := state_labels.waits(counts.paused)):
        labels.draw(box, f"{state_labels.why_it_waits(counts.paused)}  ·  {left} s", "TIME")
    unit = min(counts.providers) if len(counts.providers) == 1 else ""  # points, where they differ
    if record.budget is None:
        box.label(text=labels.points(counts.points, unit, counts.estimated > 0))
    else:
        box.label(
            text=tr("{points:,} of {budget}").format(points=counts.points, budget=labels.points(record.budget, unit))
        )
    missing = counts.lost()
    if (counts.failed or missing) and counts.error:
        labels.draw(box, counts.error["what"])
        remedies.draw(box, counts.error, unit)
    if missing:
        labels.draw(
            box,
            tr("{missing} of them belong to a file that was not saved or is gone.").format(missing=missing),
            "INFO",
        )
        box.operator("neural4d.place_batch", icon="CURSOR").batch = record.id
    elif file := _awaited_file(record.id):
        labels.draw(box, tr("Some of them wait for {file}: open that file.").format(file=file), "INFO")
    _draw_actions(box.row(align=True), record, counts, running=running)


def _awaited_file(batch: str) -> str:
    """The name of the file that has to be open for models of the batch to come; empty where none does."""
    ready = (job for job in bridge.jobs.arriving.values() if job.batch == batch)
    return next(
        (Path(job.target.get("file") or "").name for job in ready if place_finished_models.is_for_another_file(job)), ""
    )


def _draw_actions(row: bpy.types.UILayout, record: BatchRecord, counts: batch_progress.Tally, *, running: bool) -> None:
    batch = record.id
    if running and record.stopped:
        row.label(text=tr("Stopping ..."))
    elif running:
        row.operator("neural4d.stop_batch", icon="CANCEL").batch = batch
    else:
        # What the budget did not cover has failed, and wants another budget rather than another try.
        if counts.stopped or counts.over_budget or record.damaged:
            row.operator("neural4d.continue_batch", icon="PLAY").batch = batch
        if counts.failed > counts.over_budget:
            row.operator("neural4d.retry_failed", icon=job_list.RETRY).batch = batch
    row.operator("neural4d.report_batch", icon="FILE_TICK").batch = batch


CLASSES = (NEURAL4D_PT_batches,)

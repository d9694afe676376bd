"""Operators on batches: stop, continue, retry, place, report; and on the list of them."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, IntProperty, StringProperty

from ...engine.protocol import InvalidInput, Neural4DError
from ...scene import timer_and_file_handlers, user_settings
from ...scene.finished_jobs import recover_unsaved
from ...scene.session import session
from ...scene.shared_engine import bridge
from ..drawing.languages import tr
from ..lists import batch_progress
from .generate import report_error

if TYPE_CHECKING:
    from ...client.jobs.replies import Answer

#: Blender takes a mixin's members over; a type checker has to be told what it is mixed into.
_Base = bpy.types.Operator if TYPE_CHECKING else object
#: A table to begin with; an empty cell means the panel's setting.
_SAMPLE = """prompt,name,size_mm,axis,variants
a wooden chair,Chair,900,Z,1
a small round table,Table,750,Z,1
a red desk lamp,Lamp,450,Z,1
a potted fern,Fern,,,
"""


class _BatchOperator(_Base):
    """What the operators on one batch share."""

    bl_options = {"INTERNAL"}

    batch: StringProperty(name="Batch", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Do it; what goes wrong is shown with its remedy."""
        if self.batch not in bridge.batches:
            return {"CANCELLED"}
        try:
            self.act(context)
        except Neural4DError as error:
            return report_error(self, error)
        timer_and_file_handlers.start()
        timer_and_file_handlers.redraw()
        return {"FINISHED"}

    def act(self, context: bpy.types.Context) -> None:
        """Do it."""
        raise NotImplementedError


def refused(batch: str) -> "Callable[[Answer], None]":
    """Takes the engine's answer: why it would not stands in the batch's box, as the operator is gone by then."""

    def take(answer: "Answer") -> None:
        batch_progress.tally(batch).error = answer.error

    return take


class NEURAL4D_OT_stop_batch(_BatchOperator, bpy.types.Operator):
    """Submit nothing more. What the service has taken is finished; the rest costs nothing, and Continue takes it up"""

    bl_idname = "neural4d.stop_batch"
    bl_label = "Stop"

    def act(self, _context: bpy.types.Context) -> None:
        """Stop it."""
        batch, refuse = self.batch, refused(self.batch)

        def answered(answer: "Answer") -> None:
            refuse(answer)
            if answer.error and batch in bridge.batches:
                bridge.batches[batch] = replace(bridge.batches[batch], stopped=False)

        bridge.send("stop_batch", answered, batch=batch)
        bridge.batches[batch] = replace(bridge.batches[batch], stopped=True)


class NEURAL4D_OT_continue_batch(_BatchOperator, bpy.types.Operator):
    """Go on with all that is not done; nothing that was paid is paid again"""

    bl_idname = "neural4d.continue_batch"
    bl_label = "Continue"

    use_budget: BoolProperty(name="Budget", description="Stop before all of it costs more than this")
    budget: IntProperty(
        name="Points at Most", description="What the batch may cost in all, what was spent included", min=0
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask for the budget: it may be what stopped the batch."""
        if self.batch not in bridge.batches:
            return {"CANCELLED"}
        had = bridge.batches[self.batch].budget
        self.use_budget, self.budget = had is not None, had or 0
        return context.window_manager.invoke_props_dialog(
            self, title=tr("Continue the batch?"), confirm_text=tr("Continue")
        )

    def draw(self, _context: bpy.types.Context) -> None:
        """The budget, and what was spent of it."""
        layout = self.layout
        layout.label(
            text=tr("{points:,} points were spent so far").format(points=batch_progress.tally(self.batch).points),
            icon="INFO",
        )
        layout.prop(self, "use_budget")
        cap = layout.column()
        cap.active = self.use_budget
        cap.prop(self, "budget")

    def act(self, _context: bpy.types.Context) -> None:
        """Go on."""
        changes = {"budget": self.budget if self.use_budget else None}
        batch, refuse = self.batch, refused(self.batch)

        def answered(answer: "Answer") -> None:
            refuse(answer)
            if not answer.error:
                recover_unsaved.bring_here(batch_progress.tally(batch).jobs(), refuse)

        bridge.send("continue_batch", answered, batch=batch, changes=changes)


class NEURAL4D_OT_place_batch(_BatchOperator, bpy.types.Operator):
    """Put the models whose file was closed or lost before it was saved into the open one; nothing is paid again"""

    bl_idname = "neural4d.place_batch"
    bl_label = "Place Here"

    def act(self, _context: bpy.types.Context) -> None:
        """The pump places them, as soon as it is safe."""
        recover_unsaved.bring_here(batch_progress.tally(self.batch).jobs(), refused(self.batch))


class NEURAL4D_OT_retry_failed(_BatchOperator, bpy.types.Operator):
    """Try all that failed once more; what is paid for is not paid again, unless it says so"""

    bl_idname = "neural4d.retry_failed"
    bl_label = "Retry Failed"

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[Any]:
        """Ask first where some of it is paid again."""
        paid = len(self._to_pay())
        if not paid:
            return self.execute(context)
        return context.window_manager.invoke_confirm(
            self,
            event,
            title=tr("Pay again?"),
            message=tr("{paid} were taken by the service and not made: trying them again is paid again.").format(
                paid=paid
            ),
            confirm_text=tr("Retry All"),
        )

    def _to_pay(self) -> list[str]:
        return [job.id for job in batch_progress.tally(self.batch).jobs() if job.retry_pays]

    def act(self, _context: bpy.types.Context) -> None:
        """The engine takes up what is free by itself; the others one by one."""
        again = self._to_pay()
        bridge.send("continue_batch", refused(self.batch), batch=self.batch)
        for job in again:
            bridge.send("retry", job=job)


class NEURAL4D_OT_report_batch(_BatchOperator, bpy.types.Operator):
    """Write what became of each item: state, points, seconds, size, faces, files, error"""

    bl_idname = "neural4d.report_batch"
    bl_label = "Report"

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default="*.csv;*.json", options={"HIDDEN", "SKIP_SAVE"})
    check_existing: BoolProperty(default=True, options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask where to."""
        if self.batch in bridge.batches:
            self.filepath = f"{Path(bridge.batches[self.batch].name).stem or 'batch'} report.csv"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def act(self, _context: bpy.types.Context) -> None:
        """Write it."""
        from ...batching.reports import report_files

        if not self.filepath:
            raise InvalidInput("No file was named for the report.", "Choose one.")
        record = bridge.batches[self.batch]
        jobs = batch_progress.tally(self.batch).jobs()
        lines = [
            report_files.line(replace(job, error=session.placings.trouble.get(job.id) or job.error), record)
            for job in jobs
        ]
        written = report_files.write(lines, bpy.path.abspath(self.filepath))
        self.report({"INFO"}, tr("{count} lines in {written}").format(count=len(lines), written=written))


class NEURAL4D_OT_save_sample_table(bpy.types.Operator):
    """Save a small table to begin with: a line for each model, a column for each setting"""

    bl_idname = "neural4d.save_sample_table"
    bl_label = "Save Sample Table"
    bl_options = {"INTERNAL"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    filter_glob: StringProperty(default="*.csv", options={"HIDDEN", "SKIP_SAVE"})
    check_existing: BoolProperty(default=True, options={"HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask where to."""
        self.filepath = "models.csv"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Write it; Batch from File takes it as it is."""
        path = user_settings.located(self.filepath)
        try:
            path.write_text(_SAMPLE, encoding="utf-8")
        except OSError as error:
            self.report(
                {"ERROR"}, tr("{path} could not be written: {reason}").format(path=path, reason=error.strerror or error)
            )
            return {"CANCELLED"}
        self.report({"INFO"}, tr("{path}: change it, then choose it with Batch from File").format(path=path))
        return {"FINISHED"}


class NEURAL4D_OT_dismiss_batch(_BatchOperator, bpy.types.Operator):
    """Take this batch off the list; it stays in the history, with all its jobs"""

    bl_idname = "neural4d.dismiss_batch"
    bl_label = "Dismiss"

    def act(self, _context: bpy.types.Context) -> None:
        """Show it no more."""
        batch_progress.forget(self.batch)


class NEURAL4D_OT_list_batches(bpy.types.Operator):
    """Show the last batches of earlier sessions"""

    bl_idname = "neural4d.list_batches"
    bl_label = "Show Earlier Batches"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Ask the engine for them, and for their jobs."""
        try:
            bridge.send("batches", _show, limit=3)
        except Neural4DError as error:
            return report_error(self, error)
        timer_and_file_handlers.start()
        return {"FINISHED"}


def _show(answer: "Answer") -> None:
    for record in answer.batches:
        timer_and_file_handlers.show_batch(record.id)


CLASSES = (
    NEURAL4D_OT_stop_batch,
    NEURAL4D_OT_continue_batch,
    NEURAL4D_OT_place_batch,
    NEURAL4D_OT_retry_failed,
    NEURAL4D_OT_report_batch,
    NEURAL4D_OT_save_sample_table,
    NEURAL4D_OT_dismiss_batch,
    NEURAL4D_OT_list_batches,
)

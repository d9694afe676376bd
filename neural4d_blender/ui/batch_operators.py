"""Operators on batches: start one from a file after showing its price, stop, continue, retry, report."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ..engine.protocol import InvalidInput, Neural4DError
from ..scene import arrival, clock, lost
from ..scene.bridge import bridge
from . import batch_tally
from .operators import report_error
from .properties import arguments

#: Blender takes a mixin's members over; a type checker has to be told what it is mixed into.
_Base = bpy.types.Operator if TYPE_CHECKING else object
_LAYOUTS = [
    ("grid", "Grid", "In rows and columns from the 3D cursor on"),
    ("row", "Row", "One beside the other from the 3D cursor on"),
    ("cursor", "At the Cursor", "All in the same place"),
    ("files", "Files Only", "Nothing is placed: the service's own files go to a folder"),
]
#: Settings of the panel that mean one job, not many.
_OF_ONE_JOB = {"prompt", "choose_cutout"}


class BatchSettings(_Base):
    """How a batch is to be run; what the file browser and the dialog after it share."""

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})
    concurrency: IntProperty(
        name="At Once", description="How many may be at one service at the same time", default=4, min=1, max=100
    )
    use_budget: BoolProperty(name="Budget", description="Stop before all of it costs more than this", default=True)
    budget: IntProperty(
        name="Points at Most", description="What the batch may cost in all", default=1000, min=0, soft_max=100_000
    )
    layout_as: EnumProperty(name="Layout", description="Where the models go", items=_LAYOUTS)
    collections: BoolProperty(name="Own Collections", description="A collection for each model", default=False)
    output: StringProperty(name="Folder", description="Where the files go", subtype="DIR_PATH")

    def draw(self, _context: bpy.types.Context) -> None:
        """The settings, below each other."""
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "concurrency")
        layout.prop(self, "use_budget")
        cap = layout.column()
        cap.active = self.use_budget
        cap.prop(self, "budget")
        layout.prop(self, "layout_as")
        if self.layout_as == "files":
            layout.prop(self, "output")
        else:
            layout.prop(self, "collections")

    def batch(self, context: bpy.types.Context, *, dry_run: bool) -> Any:
        """What ``neural4d.batch`` makes of them, and of the panel's settings for all that the file does not say."""
        from .. import many  # it brings numpy, which would hold up Blender's start

        settings = arguments(context.scene.neural4d).items()
        defaults = {name: value for name, value in settings if name not in _OF_ONE_JOB and value not in (None, "", {})}
        return many.batch(
            bpy.path.abspath(self.filepath),
            concurrency=self.concurrency,
            budget=self.budget if self.use_budget and not dry_run else None,  # the price is shown whatever the budget
            layout=self.layout_as,
            collections=self.collections,
            output=bpy.path.abspath(self.output),
            dry_run=dry_run,
            **defaults,
        )


class NEURAL4D_OT_batch_from_file(BatchSettings, bpy.types.Operator):
    """Make many models: of a table of prompts or images (.csv, .jsonl), or of every image in a folder"""

    bl_idname = "neural4d.batch_from_file"
    bl_label = "Batch from File"
    bl_options = {"REGISTER"}

    filter_glob: StringProperty(default="*.csv;*.tsv;*.jsonl;*.ndjson", options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask for the file; a folder is one too."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Show what it would cost before anything is sent."""
        names = ("filepath", "concurrency", "use_budget", "budget", "layout_as", "collections", "output")
        how = "EXEC_DEFAULT" if bpy.app.background else "INVOKE_DEFAULT"
        bpy.ops.neural4d.start_batch(how, **{name: getattr(self, name) for name in names})
        return {"FINISHED"}


class NEURAL4D_OT_start_batch(BatchSettings, bpy.types.Operator):
    """Start a batch whose price is known"""

    bl_idname = "neural4d.start_batch"
    bl_label = "Start Batch"
    bl_options = {"INTERNAL"}

    price: StringProperty(options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Show what it is going to cost."""
        try:
            self.price = price(self.batch(context, dry_run=True), context.scene.neural4d.provider)
        except Neural4DError as error:
            return report_error(self, error)
        return context.window_manager.invoke_props_dialog(
            self, width=360, title=f"Start {Path(self.filepath).name or Path(self.filepath).parent.name}?"
        )

    def draw(self, context: bpy.types.Context) -> None:
        """The price first."""
        column = self.layout.column(align=True)
        for line in self.price.splitlines():
            column.label(text=line, icon="INFO")
        BatchSettings.draw(self, context)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Start it and return at once; the panel shows how far it is."""
        try:
            started = self.batch(context, dry_run=False)
        except Neural4DError as error:
            return report_error(self, error)
        batch_tally.tally(started.id)
        clock.redraw()
        return {"FINISHED"}


def price(estimate: Any, provider: str) -> str:
    """What a batch is going to cost, and whether the points suffice, in lines."""
    lines = [f"{estimate.items:,} models, about {estimate.points:,} points"]
    if estimate.unpriced:
        lines.append(f"and what {estimate.unpriced:,} of them cost at a service without a price list")
    balance = bridge.balances.get(provider)
    if balance and set(estimate.by_service) == {provider}:
        enough = "" if balance["total"] >= estimate.points else ": not enough for all of them"
        lines.append(f"{balance['total']:,} points are left{enough}")
    return "\n".join(lines)


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
        clock.start()
        clock.redraw()
        return {"FINISHED"}

    def act(self, context: bpy.types.Context) -> None:
        """Do it."""
        raise NotImplementedError


def refused(batch: str) -> Callable[[dict[str, Any]], None]:
    """Takes the engine's answer: why it would not stands in the batch's box, as the operator is gone by then."""

    def take(answer: dict[str, Any]) -> None:
        if answer["error"]:
            batch_tally.tally(batch).error = answer["error"]

    return take


class NEURAL4D_OT_stop_batch(_BatchOperator, bpy.types.Operator):
    """Submit nothing more. What the service has taken is finished; the rest costs nothing, and Continue takes it up"""

    bl_idname = "neural4d.stop_batch"
    bl_label = "Stop"

    def act(self, _context: bpy.types.Context) -> None:
        """Stop it."""
        bridge.send("stop_batch", batch=self.batch)
        bridge.batches[self.batch]["stopped"] = True


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
        had = bridge.batches[self.batch]["budget"]
        self.use_budget, self.budget = had is not None, had or 0
        return context.window_manager.invoke_props_dialog(self, title="Continue the batch?")

    def draw(self, _context: bpy.types.Context) -> None:
        """The budget, and what was spent of it."""
        layout = self.layout
        layout.label(text=f"{batch_tally.tally(self.batch).points:,} points were spent so far", icon="INFO")
        layout.prop(self, "use_budget")
        cap = layout.column()
        cap.active = self.use_budget
        cap.prop(self, "budget")

    def act(self, _context: bpy.types.Context) -> None:
        """Go on."""
        changes = {"budget": self.budget if self.use_budget else None}
        batch, refuse = self.batch, refused(self.batch)

        def answered(answer: dict[str, Any]) -> None:
            refuse(answer)
            if not answer["error"]:
                lost.bring_here(batch_tally.tally(batch).jobs(), refuse)

        bridge.send("continue_batch", answered, batch=batch, changes=changes)


class NEURAL4D_OT_place_batch(_BatchOperator, bpy.types.Operator):
    """Put the models whose file was closed or lost before it was saved into the open one; nothing is paid again"""

    bl_idname = "neural4d.place_batch"
    bl_label = "Place Here"

    def act(self, _context: bpy.types.Context) -> None:
        """The pump places them, as soon as it is safe."""
        lost.bring_here(batch_tally.tally(self.batch).jobs(), refused(self.batch))


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
            title="Pay again?",
            message=f"{paid} were taken by the service and not made: trying them again is paid again.",
            confirm_text="Retry All",
        )

    def _to_pay(self) -> list[str]:
        return [job["id"] for job in batch_tally.tally(self.batch).jobs() if job["retry_pays"]]

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
            self.filepath = f"{Path(bridge.batches[self.batch]['name']).stem or 'batch'} report.csv"
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def act(self, _context: bpy.types.Context) -> None:
        """Write it."""
        from ..bulk import report

        if not self.filepath:
            raise InvalidInput("No file was named for the report.", "Choose one.")
        record = bridge.batches[self.batch]
        jobs = batch_tally.tally(self.batch).jobs()
        lines = [report.line({**job, "error": arrival.trouble.get(job["id"]) or job["error"]}, record) for job in jobs]
        written = report.write(lines, bpy.path.abspath(self.filepath))
        self.report({"INFO"}, f"{len(lines)} lines in {written}")


class NEURAL4D_OT_dismiss_batch(_BatchOperator, bpy.types.Operator):
    """Take this batch off the list; it stays in the journal, with all its jobs"""

    bl_idname = "neural4d.dismiss_batch"
    bl_label = "Dismiss"

    def act(self, _context: bpy.types.Context) -> None:
        """Show it no more."""
        batch_tally.forget(self.batch)


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
        clock.start()
        return {"FINISHED"}


def _show(answer: dict[str, Any]) -> None:
    for record in answer.get("batches", []):
        clock.show_batch(record["id"])


CLASSES = (
    NEURAL4D_OT_batch_from_file,
    NEURAL4D_OT_start_batch,
    NEURAL4D_OT_stop_batch,
    NEURAL4D_OT_continue_batch,
    NEURAL4D_OT_place_batch,
    NEURAL4D_OT_retry_failed,
    NEURAL4D_OT_report_batch,
    NEURAL4D_OT_dismiss_batch,
    NEURAL4D_OT_list_batches,
)

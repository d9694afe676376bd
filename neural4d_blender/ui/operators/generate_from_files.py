"""Operators that generate from files: one job of several images, or a batch of a table, after showing its price."""

from collections.abc import Container
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, IntProperty, StringProperty

from ...api import generate
from ...engine.protocol import Neural4DError, declarations
from ...scene import timer_and_file_handlers, user_settings
from ...scene.shared_engine import bridge
from ..drawing.languages import tr
from ..lists import batch_progress
from ..settings.properties import arguments, of_service
from .generate import report_error

if TYPE_CHECKING:
    from ...batching.table.generate_arguments import Arguments, ModelSettings

#: Blender takes a mixin's members over; a type checker has to be told what it is mixed into.
_Base = bpy.types.Operator if TYPE_CHECKING else object
_LAYOUTS = [
    ("grid", "Grid", "In rows and columns from the 3D cursor on"),
    ("row", "Row", "One beside the other from the 3D cursor on"),
    ("cursor", "At the Cursor", "All in the same place"),
    ("files", "Files Only", "Nothing is placed: the service's own files go to a folder"),
]
#: Settings of the panel that mean one job, not many.
_OF_ONE_JOB = {"prompt", "choose_cutout", "views", "picture_first", "pictures", "references"}


class NEURAL4D_OT_generate_from_files(bpy.types.Operator):
    """Make a model of each of several image files at once, with the panel's settings"""

    bl_idname = "neural4d.generate_from_files"
    bl_label = "From Several Images"
    bl_options = {"REGISTER"}

    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_image: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})
    filter_folder: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask for the files."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Start one job of all of them."""
        images = [Path(self.directory) / file.name for file in self.files if file.name]
        try:
            generate.generate(image=images, **arguments(context.scene.neural4d, of_image=True))
        except Neural4DError as error:
            return report_error(self, error)
        return {"FINISHED"}


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
        from ...api import batches  # it brings numpy, which would hold up Blender's start

        chosen = context.scene.neural4d
        of_image = chosen.input == "IMAGE" or user_settings.located(self.filepath).is_dir()
        by_service = {one.id: _of_many(of_service(chosen, one, of_image=of_image)) for one in declarations()}
        return batches.batch(
            bpy.path.abspath(self.filepath),
            concurrency=self.concurrency,
            budget=self.budget if self.use_budget and not dry_run else None,  # the price is shown whatever the budget
            layout=self.layout_as,
            collections=self.collections,
            output=bpy.path.abspath(self.output),
            dry_run=dry_run,
            by_service=by_service,
            **_of_many(arguments(chosen), by_service[chosen.provider]),
        )


class NEURAL4D_OT_batch_from_file(BatchSettings, bpy.types.Operator):
    """Make many models: of a table of prompts or images (.csv, .jsonl), or of every image in a folder"""

    bl_idname = "neural4d.batch_from_file"
    bl_label = "Batch from File"
    bl_options = {"REGISTER"}

    filter_glob: StringProperty(default="*.csv;*.tsv;*.jsonl;*.ndjson", options={"HIDDEN", "SKIP_SAVE"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask for the file; a folder is one too."""
        with suppress(Neural4DError):  # the prices are here by the time they are shown; or whoever starts it is told
            bridge.send("list", limit=0)
            timer_and_file_handlers.start()
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
            estimate = self.batch(context, dry_run=True)
            self.price = price(estimate, context.scene.neural4d.provider)
        except Neural4DError as error:
            return report_error(self, error)
        return context.window_manager.invoke_props_dialog(
            self,
            width=360,
            title=tr("Start {file}?").format(file=Path(self.filepath).name or Path(self.filepath).parent.name),
            confirm_text=tr("Generate {items:,} · about {points:,} points").format(
                items=estimate.items, points=estimate.points
            ),
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
        batch_progress.tally(started.id)
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


def _of_many(settings: "ModelSettings | Arguments", but: Container[str] = ()) -> "Arguments":
    """Those of the settings that mean many jobs as well, and are not among the others."""
    found: Any = {name: value for name, value in settings.items() if name not in _OF_ONE_JOB and name not in but}
    return found


def price(estimate: Any, provider: str) -> str:
    """What a batch is going to cost, and whether the points suffice, in lines."""
    lines = [tr("{items:,} models, about {points:,} points").format(items=estimate.items, points=estimate.points)]
    if estimate.unpriced:
        rest = tr("and what {count:,} of them cost at a service without a price list")
        lines.append(rest.format(count=estimate.unpriced))
    balance = bridge.balances.get(provider)
    if balance and set(estimate.by_service) == {provider}:
        enough = balance.total >= estimate.points
        left = (
            tr("{points:,} points are left") if enough else tr("{points:,} points are left: not enough for all of them")
        )
        lines.append(left.format(points=balance.total))
    return "\n".join(lines)


CLASSES = (NEURAL4D_OT_generate_from_files, NEURAL4D_OT_batch_from_file, NEURAL4D_OT_start_batch)

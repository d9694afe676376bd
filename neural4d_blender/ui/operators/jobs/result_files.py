"""Operators on what a job has brought: choose a picture, keep a file."""

from typing import Any, ClassVar

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ....api import generate
from ....engine.protocol import FORMATS, Feature, declaration, declarations
from ....scene import timer_and_file_handlers
from ....scene.session import session
from ....scene.shared_engine import bridge
from ...drawing import labels
from ...drawing.languages import tr
from ...lists import job_pictures
from ...settings import image_sources
from .job_actions import JobOperator, snapshot

_KEPT = dict.fromkeys((*FORMATS, *(format for service in declarations() for format in service.keeps)))
_FORMATS = [(name, name if name != "BLEND" else "Blend", "") for name in _KEPT]


class NEURAL4D_OT_choose_cutout(JobOperator, bpy.types.Operator):
    """Generate the model from this picture; this is what the points are paid for"""

    bl_idname = "neural4d.choose_cutout"
    bl_label = "Take This Picture"

    cutout: IntProperty(name="Picture", options={"SKIP_SAVE", "HIDDEN"})

    def act(self, _context: bpy.types.Context, job: "generate.Job") -> None:
        """Choose it."""
        bridge.send("choose", job=job.id, cutout=self.cutout)


class _Unfold:
    """What the switches of a job's line share. A mixin: Blender asks for annotations where it registers.

    Attributes:
        unfolded: where it is noted whose are shown, see session.shown.
    """

    bl_options = {"INTERNAL"}
    unfolded: ClassVar[str]

    job: StringProperty(name="Job", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Show it where it is hidden."""
        getattr(session.shown, self.unfolded).symmetric_difference_update({self.job})
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


class NEURAL4D_OT_unfold(_Unfold, bpy.types.Operator):
    """Show or hide what is known of this job, and what can be done with it"""

    bl_idname = "neural4d.unfold"
    bl_label = "Details"
    unfolded = "details"


class NEURAL4D_OT_unfold_pictures(_Unfold, bpy.types.Operator):
    """Show or hide the pictures that this job made first"""

    bl_idname = "neural4d.unfold_pictures"
    bl_label = "Pictures"
    unfolded = "unfolded"


class NEURAL4D_OT_show_pictures(bpy.types.Operator):
    """Show the pictures of this job large, to compare them, with the buttons that take one"""

    bl_idname = "neural4d.show_pictures"
    bl_label = "Compare"
    bl_options = {"INTERNAL"}

    job: StringProperty(name="Job", options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """In a window that closes when the mouse leaves it."""
        return context.window_manager.invoke_popup(self, width=job_pictures.LARGE_WIDTH)

    def draw(self, _context: bpy.types.Context) -> None:
        """As the job is now."""
        if job := snapshot(self.job):
            job_pictures.draw_large(self.layout, job)

    def execute(self, _context: bpy.types.Context) -> set[Any]:
        """Only shown."""
        return {"FINISHED"}


class NEURAL4D_OT_use_picture(bpy.types.Operator):
    """Make the next model of this picture; nothing is sent before Generate is pressed"""

    bl_idname = "neural4d.use_picture"
    bl_label = "Use as Image"
    bl_options = {"INTERNAL", "UNDO"}

    path: StringProperty(name="Picture", subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Choose it in the panel."""
        chosen = context.scene.neural4d
        if why := image_sources.take_file(chosen, self.path):
            self.report({"ERROR"}, tr("{why} Choose another service, then press the button again.").format(why=why))
            return {"CANCELLED"}
        chosen.choose_cutout = False  # it was for this choice
        self.report({"INFO"}, tr("The picture is the image above now: press Generate to make a model of it"))
        return {"FINISHED"}


class NEURAL4D_OT_save(JobOperator, bpy.types.Operator):
    """Keep the file: an exact copy of the model as the service makes it, for a printer or another program"""

    bl_idname = "neural4d.save"
    bl_label = "Keep File"

    variant: IntProperty(name="Variant", options={"SKIP_SAVE", "HIDDEN"})
    directory: StringProperty(name="Folder", subtype="DIR_PATH", options={"SKIP_SAVE"})
    filter_folder: BoolProperty(default=True, options={"HIDDEN"})
    format: EnumProperty(name="Format", description="The format of the file", items=_FORMATS, default="STL")
    size_mm: FloatProperty(
        name="Size (mm)",
        description="The size that the service is told, in whole millimetres",
        default=100.0,
        min=2.0,
        soft_max=10_000.0,
        precision=0,
        options={"SKIP_SAVE"},
    )

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask for the folder, with the format and the price beside it."""
        if self.job not in bridge.jobs:
            return {"CANCELLED"}
        job = bridge.jobs[self.job]
        service, wanted = declaration(job.provider), job.request.size_mm
        if self.format not in service.formats + service.keeps:
            self.format = service.native
        if wanted and not self.properties.is_property_set("size_mm"):
            self.size_mm = wanted
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def draw(self, _context: bpy.types.Context) -> None:
        """Beside the file browser."""
        layout = self.layout
        layout.use_property_split = True
        layout.prop(self, "format")
        job = bridge.jobs.get(self.job)
        if job is None:
            return
        service, price = declaration(job.provider), generate.conversion_estimate(job.provider)
        size = layout.column()
        size.active = service.can(Feature.FILE_SIZE) and self.format != service.native
        size.prop(self, "size_mm")
        if why := service.lacks(Feature.FILE_SIZE):
            labels.draw(layout, why, "INFO")
        if self.format not in service.formats + service.keeps:
            layout.label(
                text=tr("{name} makes no {format}").format(name=service.name, format=self.format), icon="ERROR"
            )
        elif price == 0 or self.format == job.native == job.request.format:
            layout.label(text=tr("Costs nothing"), icon="INFO")
        else:
            layout.label(text=labels.price(price, service.unit), icon="INFO")

    def act(self, _context: bpy.types.Context, job: "generate.Job") -> None:
        """Have it made; the job list tells when it is there."""
        service = declaration(job.provider)
        size = self.size_mm if service.can(Feature.FILE_SIZE) and self.format != service.native else None
        job.start_save(self.format, self.directory, size_mm=size, variant=self.variant)


CLASSES = (
    NEURAL4D_OT_choose_cutout,
    NEURAL4D_OT_unfold,
    NEURAL4D_OT_unfold_pictures,
    NEURAL4D_OT_show_pictures,
    NEURAL4D_OT_use_picture,
    NEURAL4D_OT_save,
)

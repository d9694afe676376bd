"""Operators that help to see a model: show it, in its colours, moved out of what hides it; and have its end told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import bpy

from ....scene import timer_and_file_handlers, whereabouts
from ....scene.placing import targets
from ....scene.session import session
from ....scene.viewports import viewports
from ...drawing.languages import reason, tr
from .job_actions import JobOperator

if TYPE_CHECKING:
    from ....api import generate

_Base = bpy.types.Operator if TYPE_CHECKING else object


class _InScene(_Base):
    """What touches selection or scene waits for whoever works there. A mixin: see generate._Generate."""

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        """Say why not now."""
        if why := targets.blocked():
            cls.poll_message_set(reason(why))
        return not why


class NEURAL4D_OT_show(_InScene, JobOperator, bpy.types.Operator):
    """Select the model and have the 3D Viewports of this window frame it"""

    bl_idname = "neural4d.show"
    bl_label = "Show"
    bl_options: ClassVar[Any] = {"REGISTER", "UNDO", "INTERNAL"}

    def act(self, _context: bpy.types.Context, job: generate.Job) -> None:
        """Show it; the first one is not to be shown by itself after that."""
        if not whereabouts.show(job.id):
            here = whereabouts.roots(job.id)
            why = tr("It is hidden, or this window has no 3D Viewport" if here else "It is not in this file")
            self.report({"WARNING"}, why)
        session.placings.first_shown = True


class NEURAL4D_OT_move_beside(_InScene, JobOperator, bpy.types.Operator):
    """Move it to the right, out of what it stands in"""

    bl_idname = "neural4d.move_beside"
    bl_label = "Move Beside"

    def act(self, _context: bpy.types.Context, job: generate.Job) -> None:
        """Move the model, or the placeholder as long as there is none."""
        whereabouts.move_beside(job.id)


class NEURAL4D_OT_material_preview(bpy.types.Operator):
    """Show the colours of all materials in the 3D Viewports of this window that are set to Solid"""

    bl_idname = "neural4d.material_preview"
    bl_label = "Material Preview"
    bl_options = {"INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Switch them over; what is set to anything else stays."""
        for space in viewports([context.window.screen]):
            if space.shading.type == "SOLID":
                space.shading.type = "MATERIAL"
        timer_and_file_handlers.redraw()
        return {"FINISHED"}


class NEURAL4D_OT_close_ending(JobOperator, bpy.types.Operator):
    """Tell no more that this job has ended"""

    bl_idname = "neural4d.close_ending"
    bl_label = "Close"

    def act(self, _context: bpy.types.Context, job: generate.Job) -> None:
        """Take it out of the status bar."""
        session.shown.ended.pop(job.id, None)
        timer_and_file_handlers.redraw()


CLASSES = (
    NEURAL4D_OT_show,
    NEURAL4D_OT_move_beside,
    NEURAL4D_OT_material_preview,
    NEURAL4D_OT_close_ending,
)

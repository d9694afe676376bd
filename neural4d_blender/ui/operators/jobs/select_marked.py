"""The operator that selects in a model what a finding of its report means."""

from typing import Any

import bpy
from bpy.props import StringProperty

from ....scene.placing import marks
from ...drawing.languages import tr
from .placed_models import selected_root


class NEURAL4D_OT_select_marked(bpy.types.Operator):
    """Select what is meant, in Edit Mode; the model stays as it is"""

    bl_idname = "neural4d.select_marked"
    bl_label = "Select in the Mesh"
    bl_options = {"UNDO", "INTERNAL"}

    check: StringProperty(name="Check", options={"SKIP_SAVE", "HIDDEN"})

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """A model is selected, and nobody paints or poses."""
        if context.mode not in ("OBJECT", "EDIT_MESH"):
            cls.poll_message_set(tr("Go back to Object Mode first"))
            return False
        return selected_root(context) is not None

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Do it, where the mesh still has it."""
        root = selected_root(context)
        if root and marks.select(root, self.check):
            return {"FINISHED"}
        self.report({"WARNING"}, tr("Nothing is marked any more: the mesh is another one than was checked"))
        return {"CANCELLED"}


CLASSES = (NEURAL4D_OT_select_marked,)

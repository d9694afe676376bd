"""The list of reference images: its rows, and the buttons that add to it and take away."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, IntProperty, StringProperty

from ....engine.protocol import Declaration
from ...drawing.languages import tr
from ...settings.properties import service


def draw(layout: bpy.types.UILayout, chosen: Any, declared: Declaration) -> None:
    """How many there are, a row for each, and the buttons that add one."""
    column = layout.column(align=True)
    head = column.row(align=True)
    head.label(
        text=tr("References ({count} of {max_references})").format(
            count=len(chosen.references), max_references=declared.max_references
        )
    )
    add = head.row(align=True)
    add.enabled = len(chosen.references) < declared.max_references
    add.operator("neural4d.add_reference_files", text="", icon="FILEBROWSER")
    add.operator("neural4d.add_reference_image", text="", icon="IMAGE_DATA")
    for number, one in enumerate(chosen.references):
        row = column.row(align=True)
        row.active = number < declared.max_references
        row.prop(one, "path" if one.is_file else "image", text="")
        row.operator("neural4d.remove_reference", text="", icon="X").number = number


class NEURAL4D_OT_add_reference_files(bpy.types.Operator):
    """Choose image files that the pictures go by"""

    bl_idname = "neural4d.add_reference_files"
    bl_label = "Add Reference Files"
    bl_options = {"INTERNAL", "UNDO"}

    files: CollectionProperty(type=bpy.types.OperatorFileListElement, options={"SKIP_SAVE", "HIDDEN"})
    directory: StringProperty(subtype="DIR_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_image: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})
    filter_folder: BoolProperty(default=True, options={"SKIP_SAVE", "HIDDEN"})

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Ask for the files."""
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Add them, as far as there is room."""
        chosen = context.scene.neural4d
        names = [file.name for file in self.files if file.name]
        room = service(chosen).max_references - len(chosen.references)
        for name in names[: max(room, 0)]:
            chosen.references.add().path = str(Path(self.directory) / name)
        if len(names) > room:
            self.report(
                {"WARNING"},
                tr("{name} takes {max_references} references").format(
                    name=service(chosen).name, max_references=service(chosen).max_references
                ),
            )
        return {"FINISHED"}


class NEURAL4D_OT_add_reference_image(bpy.types.Operator):
    """Add a row for an image of this blend file"""

    bl_idname = "neural4d.add_reference_image"
    bl_label = "Add Reference Image"
    bl_options = {"INTERNAL", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Add an empty one, to be chosen in its row."""
        context.scene.neural4d.references.add().is_file = False
        return {"FINISHED"}


class NEURAL4D_OT_remove_reference(bpy.types.Operator):
    """Take this image off the list"""

    bl_idname = "neural4d.remove_reference"
    bl_label = "Remove Reference"
    bl_options = {"INTERNAL", "UNDO"}

    number: IntProperty(options={"SKIP_SAVE", "HIDDEN"})

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Remove it."""
        context.scene.neural4d.references.remove(self.number)
        return {"FINISHED"}


CLASSES = (NEURAL4D_OT_add_reference_files, NEURAL4D_OT_add_reference_image, NEURAL4D_OT_remove_reference)

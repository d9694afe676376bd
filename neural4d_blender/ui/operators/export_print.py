"""Writes what is selected for a 3D printer: File > Export."""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, FloatVectorProperty, IntProperty, StringProperty

from ...api import printing
from ...engine.protocol import Neural4DError
from ..drawing import labels
from ..drawing.languages import sentence, tr
from .generate import report_error


class NEURAL4D_OT_export_print(bpy.types.Operator):
    """Write the selected models in millimetres, as a printer's program takes them"""

    bl_idname = "neural4d.export_print"
    bl_label = "Export for 3D Printing"
    bl_options = {"REGISTER"}

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE", "HIDDEN"})
    filter_glob: StringProperty(default="*.3mf;*.stl", options={"HIDDEN", "SKIP_SAVE"})
    kind: EnumProperty(
        name="Format",
        description="The kind of file",
        items=[
            (".3mf", "3MF", "With its unit, with names, and with colors at the vertices"),
            (".stl", "STL", "Triangles alone"),
        ],
    )
    plate: BoolProperty(name="Lay Out on a Plate", description="Side by side instead of as they stand", default=False)
    plate_mm: FloatVectorProperty(
        name="Plate (mm)", description="Width and depth of the plate", size=2, default=(220.0, 220.0), min=10.0
    )
    hollowed: BoolProperty(name="Hollow", description="Leave a cavity inside", default=False)
    wall_mm: FloatProperty(name="Wall (mm)", description="Thickness of the wall", default=2.0, min=0.1, max=100.0)
    drains: IntProperty(
        name="Drain Holes", description="Holes in the bottom, for resin or powder", default=2, min=0, max=9
    )

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """Something is selected."""
        return bool(context.selected_objects)

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[Any]:
        """Judge them first, then ask where to."""
        try:
            self.told = [str(check) for check in printing.print_check(_roots(context))]
        except Neural4DError as error:
            return report_error(self, error)
        name = Path(bpy.data.filepath).stem if bpy.data.filepath else context.selected_objects[0].name
        self.filepath = bpy.path.clean_name(name) + self.kind
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def check(self, _context: bpy.types.Context) -> bool:
        """Keep the ending the one of the chosen kind."""
        before = self.filepath
        self.filepath = str(Path(before).with_suffix(self.kind)) if Path(before).name else before
        return self.filepath != before

    def draw(self, _context: bpy.types.Context) -> None:
        """The verdict in front."""
        layout = self.layout
        for one in getattr(self, "told", ()):
            labels.draw(layout.box(), one, "INFO")
        layout.prop(self, "kind")
        layout.prop(self, "plate")
        row = layout.column()
        row.active = self.plate
        row.prop(self, "plate_mm")
        layout.prop(self, "hollowed")
        column = layout.column()
        column.active = self.hollowed
        column.prop(self, "wall_mm")
        column.prop(self, "drains")

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Write them, also what may be refused: the verdict was shown."""
        try:
            made = printing.save_print(
                _roots(context),
                Path(self.filepath).with_suffix(self.kind),
                layout="plate" if self.plate else "",
                plate_mm=(self.plate_mm[0], self.plate_mm[1]),
                wall_mm=self.wall_mm if self.hollowed else None,
                drains=self.drains if self.hollowed else 0,
                anyway=not self.hollowed,
            )
        except Neural4DError as error:
            return report_error(self, error)
        bad = [check for check in made.checks if not check.ok]
        self.report({"WARNING" if bad else "INFO"}, " ".join(sentence(str(check)) for check in bad or made.checks))
        return {"FINISHED"}


def _roots(context: bpy.types.Context) -> list[bpy.types.Object]:
    """The topmost of what is selected."""
    chosen = set(context.selected_objects)
    return [item for item in context.selected_objects if not _above(item) & chosen]


def _above(item: bpy.types.Object) -> set[bpy.types.Object]:
    found = set()
    while item.parent is not None:
        item = item.parent
        found.add(item)
    return found


def draw_entry(menu: Any, _context: bpy.types.Context) -> None:
    """The entry of the menu."""
    menu.layout.operator_context = "INVOKE_DEFAULT"
    menu.layout.operator("neural4d.export_print", text=tr("3D Print (.3mf, .stl)..."), icon="MOD_BUILD")


CLASSES = (NEURAL4D_OT_export_print,)

"""The size in the panel: typed in the scene's units or any other, kept in millimetres; suggested until it is typed."""

from typing import Any

import bpy

from ...scene import suggested_size
from ...scene.placing import placement
from ..drawing.languages import tr
from .recent_prompts_and_presets import remembered


def get(chosen: Any) -> float:
    """The size in the scene's units, for a field to show: the suggested one as long as none was typed."""
    scene = chosen.id_data
    typed = chosen.is_property_set("size_mm")
    return in_units(scene, chosen.size_mm if typed else suggested_size.drawn(scene, chosen.axis).size_mm)


def put(chosen: Any, size: float) -> None:
    """What was typed, in the scene's units."""
    chosen.size_mm = in_mm(chosen.id_data, size)


def in_units(scene: bpy.types.Scene, size_mm: float) -> float:
    """Millimetres in the scene's units, for a field of lengths to show."""
    return float(size_mm / 1000 / placement.metres_per_unit(scene))


def in_mm(scene: bpy.types.Scene, size: float) -> float:
    """The reverse, of what was typed."""
    return _exact(size * placement.metres_per_unit(scene) * 1000)


def wanted(chosen: Any) -> float:
    """Millimetres that the next model gets."""
    if chosen.is_property_set("size_mm"):
        return _exact(chosen.size_mm)
    return suggested_size.shown(chosen.id_data, chosen.axis).size_mm


def _exact(size: float) -> float:
    """The number that was typed: Blender keeps seven digits of it, and fills up with others."""
    return float(f"{size:.7g}")


def draw(column: bpy.types.UILayout, chosen: Any) -> None:
    """The field; greyed out as long as it is a suggestion, with what that follows, or the way back to it."""
    typed = chosen.is_property_set("size_mm")
    row = column.row(align=True)
    row.active = chosen.use_size
    field = row.row(align=True)
    field.active = typed
    field.prop(chosen, "size", text=tr("Size") if typed else tr("Suggested"))
    row.menu("NEURAL4D_MT_size", text="", icon="DRIVER_DISTANCE")
    if typed:
        row.operator("neural4d.suggest_size", text="", icon="LOOP_BACK", emboss=False)
    else:
        row.operator("neural4d.why", text="", icon="INFO", emboss=False).why = _why(chosen)


def _why(chosen: Any) -> str:
    """What the suggestion follows, in a sentence."""
    found = suggested_size.shown(chosen.id_data, chosen.axis)
    if found.follows == "SELECTED":
        return tr("As large as {name}, which is selected; type another size to keep that").format(name=found.name)
    if found.follows == "SCENE":
        return tr("Like what is in the scene; type another size to keep that")
    if found.follows == "VIEW":
        return tr("By how far away the view looks; type another size to keep that")
    return tr("Nothing is in the scene yet; type another size to keep that")


class NEURAL4D_OT_suggest_size(bpy.types.Operator):
    """Let the size follow the scene again: what is selected, what stands there, how far away it is looked at"""

    bl_idname = "neural4d.suggest_size"
    bl_label = "Suggest Size"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Forget what was typed."""
        context.scene.neural4d.property_unset("size_mm")
        remembered.note("size_mm", None)
        return {"FINISHED"}


CLASSES = (NEURAL4D_OT_suggest_size,)

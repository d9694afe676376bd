"""Ctrl+Enter where the Neural4D tab is open: Generate. Nowhere else, because it pays, and the tab has the price."""

from typing import Any

import bpy

from ...scene.session import session


class NEURAL4D_OT_generate_by_key(bpy.types.Operator):
    """Generate, in an editor whose sidebar shows the Neural4D tab"""

    bl_idname = "neural4d.generate_by_key"
    bl_label = "Generate (Neural4D Tab)"
    bl_options = {"INTERNAL"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        """The editor below the mouse shows the tab. (Over a field, Blender itself takes Enter.)"""
        regions: Any = context.area.regions if context.area else ()
        return any(one.type == "UI" and one.width > 1 and one.active_panel_category == "Neural4D" for one in regions)

    def execute(self, context: bpy.types.Context) -> set[Any]:
        """Press the button that is there."""
        in_editor = context.area.type == "IMAGE_EDITOR"
        press = bpy.ops.neural4d.generate_from_editor if in_editor else bpy.ops.neural4d.generate
        try:
            press("INVOKE_DEFAULT")
        except RuntimeError as error:  # it is grey, or was refused
            self.report({"WARNING"}, str(error).strip().rpartition("poll() ")[2])
            return {"CANCELLED"}
        return {"FINISHED"}


def register() -> None:
    """Add the key where sidebars look for theirs; in background there are none."""
    if (own := bpy.context.window_manager.keyconfigs.addon) is None:
        return
    for name, space in (("3D View Generic", "VIEW_3D"), ("Image Generic", "IMAGE_EDITOR")):
        keys: Any = own.keymaps.new(name=name, space_type=space)  # type: ignore[arg-type]
        key = keys.keymap_items.new(NEURAL4D_OT_generate_by_key.bl_idname, "RET", "PRESS", ctrl=True)
        session.registered.keys.append((keys, key))


def unregister() -> None:
    """Take the keys out."""
    for keys, key in session.registered.keys:
        keys.keymap_items.remove(key)
    session.registered.keys.clear()


CLASSES = (NEURAL4D_OT_generate_by_key,)

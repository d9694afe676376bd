"""Entries in Blender's own menus, where people look for such a thing, and a key that opens the pop-up.

F3 finds what stands in a menu, by its words and the menu's.
"""

import os
from typing import Any

import bpy

from ..scene.session import session
from .drawing.languages import tr
from .operators import bring_in, export_print

#: The key's keymap, and the operator that it calls.
KEYMAP, CALLS = "3D View", "neural4d.generate_popup"


class NEURAL4D_MT_add(bpy.types.Menu):
    """Make a model with an AI service"""

    bl_label = "Neural4D"

    def draw(self, _context: bpy.types.Context) -> None:
        """The pop-up by all the names that it is looked for by, and what can be had without a key."""
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator("neural4d.generate_popup", text=tr("Generate 3D Model (AI)..."), icon="SHADERFX")
        layout.operator("neural4d.generate_popup", text=tr("Text to 3D..."), icon="FONT_DATA").input = "TEXT"
        layout.operator("neural4d.generate_popup", text=tr("Image to 3D..."), icon="IMAGE_DATA").input = "IMAGE"
        layout.separator()
        layout.operator("neural4d.fit_selected", text=tr("Fit Selected..."), icon="CUBE")
        layout.operator("neural4d.dress", text=tr("Dress Blockout..."), icon="SCENE_DATA")
        layout.separator()
        layout.operator_menu_enum("neural4d.try_sample", "sample", icon="PLAY")


def _draw_add(menu: Any, _context: bpy.types.Context) -> None:
    menu.layout.menu("NEURAL4D_MT_add", icon="SHADERFX")


def _draw_popup(menu: Any, _context: bpy.types.Context) -> None:
    menu.layout.separator()
    menu.layout.operator_context = "INVOKE_DEFAULT"
    menu.layout.operator("neural4d.generate_popup", text=tr("Generate 3D Model (AI)..."), icon="SHADERFX")


def _draw_import(menu: Any, _context: bpy.types.Context) -> None:
    menu.layout.operator_context = "INVOKE_DEFAULT"
    menu.layout.operator("neural4d.image_to_3d", text=tr("Image to 3D Model (AI)"), icon="SHADERFX")
    menu.layout.operator("neural4d.bring_in_files", text=tr("Model at Real Size..."), icon="FILE_3D")


def _draw_image(menu: Any, context: bpy.types.Context) -> None:
    """Where an image is at hand: in the Image Editor, in a field, a node, the Outliner or the Asset Browser."""
    image = _image_at_hand(context)
    if image is not None:
        _offer(menu).image = image.name


def _draw_file(menu: Any, context: bpy.types.Context) -> None:
    """The same of an image file, in the File Browser; a model file is brought in."""
    from ..batching.table.table_reader import PICTURES  # which Blender's start has no use for

    file, space = getattr(context, "active_file", None), context.space_data
    if file is None:
        return
    path = os.path.join(os.fsdecode(space.params.directory), file.name)
    if file.name.lower().endswith(PICTURES):
        _offer(menu).filepath = path
    elif file.name.lower().endswith(bring_in.ENDINGS):
        menu.layout.separator()
        menu.layout.operator_context = "INVOKE_DEFAULT"
        menu.layout.operator(
            "neural4d.bring_in_files", text=tr("Model at Real Size..."), icon="FILE_3D"
        ).filepath = path


def _offer(menu: Any) -> Any:
    menu.layout.separator()
    menu.layout.operator_context = "INVOKE_DEFAULT"
    return menu.layout.operator("neural4d.image_to_3d", text=tr("Image to 3D Model (AI)..."), icon="SHADERFX")


def _image_at_hand(context: bpy.types.Context) -> bpy.types.Image | None:
    if pointer := getattr(context, "button_pointer", None):  # of a button: its owner, or what it points to itself
        prop = getattr(context, "button_prop", None)
        found = [getattr(pointer, prop.identifier, None) if prop else None, pointer]
    else:
        space = context.space_data
        of_editor = {
            "IMAGE_EDITOR": (space, "image"),
            "NODE_EDITOR": (getattr(context, "active_node", None), "image"),
            "OUTLINER": (context, "id"),
            "FILE_BROWSER": (getattr(context, "asset", None), "local_id"),
        }
        owner, name = of_editor.get(space.type if space else "", (None, ""))
        found = [getattr(owner, name, None)]
    return next((one for one in found if isinstance(one, bpy.types.Image)), None)


_ENTRIES = (
    ("VIEW3D_MT_add", _draw_add),
    ("TOPBAR_MT_file_import", _draw_import),
    ("TOPBAR_MT_file_export", export_print.draw_entry),
    ("IMAGE_MT_image", _draw_image),
    ("UI_MT_button_context_menu", _draw_image),
    ("NODE_MT_context_menu", _draw_image),
    ("OUTLINER_MT_context_menu", _draw_image),
    ("FILEBROWSER_MT_context_menu", _draw_file),
    ("ASSETBROWSER_MT_context_menu", _draw_image),
    ("ASSETBROWSER_MT_context_menu", _draw_popup),
)


def key() -> bpy.types.KeyMapItem | None:
    """The key as the user has set it; there is none where nothing is drawn."""
    keymap: Any = bpy.context.window_manager.keyconfigs.user.keymaps.get(KEYMAP)
    return next((item for item in keymap.keymap_items if item.idname == CALLS), None) if keymap else None


def register() -> None:
    """Put the entries into Blender's menus, and a key that is not set yet among its keys: none is free for sure."""
    for name, draw in _ENTRIES:
        getattr(bpy.types, name).append(draw)
    if keys := bpy.context.window_manager.keyconfigs.addon:
        keymap = keys.keymaps.new(name=KEYMAP, space_type="VIEW_3D")
        session.registered.key = keymap, keymap.keymap_items.new(CALLS, "NONE", "PRESS")


def unregister() -> None:
    """Take them out."""
    for name, draw in _ENTRIES:
        getattr(bpy.types, name).remove(draw)
    if session.registered.key:
        keymap, item = session.registered.key
        keymap.keymap_items.remove(item)
        session.registered.key = None


CLASSES = (NEURAL4D_MT_add,)

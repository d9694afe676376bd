"""Presets of the panel's settings, as Blender keeps its own: in the user's scripts folder, with Blender's own menu."""

from typing import Any

import bpy
from bl_operators.presets import AddPresetBase
from bl_ui.utils import PresetPanel

from ...settings.properties import service

#: Beside the options of the service. What the model is made of is no part of a preset, nor is the spending limit.
_SETTINGS = (
    "provider", "variants", "place_all", "pbr", "use_size", "size_mm", "axis", "origin", "picture_first", "pictures",
    "choose_cutout", "placeholder", "joined", "use_max_faces", "max_faces", "recalculate_normals", "quads",
    "repair", "retopology", "texture_size", "lods", "collision", "animation", "pack_images",
)  # fmt: skip


class NEURAL4D_PT_presets(PresetPanel, bpy.types.Panel):
    """Saved settings of the panel"""

    bl_label = "Neural4D Presets"
    preset_subdir = "neural4d"
    preset_operator = "script.execute_preset"
    preset_add_operator = "neural4d.add_preset"


class NEURAL4D_OT_add_preset(AddPresetBase, bpy.types.Operator):
    """Save the panel's settings under a name, or remove the preset; prompt and image are no part of it"""

    bl_idname = "neural4d.add_preset"
    bl_label = "Add Neural4D Preset"
    preset_menu = "NEURAL4D_PT_presets"
    preset_subdir = "neural4d"
    preset_defines = ("chosen = bpy.context.scene.neural4d",)

    def pre_cb(self, context: bpy.types.Context) -> None:
        """Of the services' own options, those of the chosen one."""
        own = service(context.scene.neural4d)
        self.preset_values: list[Any] = [f"chosen.{name}" for name in (*_SETTINGS, f"options_{own.id}")]


CLASSES = (NEURAL4D_PT_presets, NEURAL4D_OT_add_preset)

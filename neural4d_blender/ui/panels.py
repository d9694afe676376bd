"""The Neural4D tab of the 3D Viewport's sidebar: one panel to generate, one for the jobs."""

from __future__ import annotations

import bpy

from .. import api
from ..scene import settings
from ..scene.bridge import bridge
from . import job_list, text
from .properties import NEURAL4D_PG_settings, arguments, service


class _SidebarPanel:
    """Where the panels are."""

    bl_space_type = "VIEW_3D"
    bl_region_type = "UI"
    bl_category = "Neural4D"


class NEURAL4D_PT_generate(_SidebarPanel, bpy.types.Panel):
    """Prompt, size and price, and the button"""

    bl_label = "Generate"

    def draw(self, context: bpy.types.Context) -> None:
        """What stands in the way comes first, then what to make, then what it costs."""
        layout, chosen = self.layout, context.scene.neural4d
        if not settings.online():
            remedy = "" if bpy.app.online_access_override else "neural4d.open_network_settings"
            self._draw_obstacle(layout, text.offline(), remedy)
        elif not settings.key(service(chosen)):
            self._draw_obstacle(
                layout,
                f"To begin, enter your {service(chosen).name} key in the preferences.",
                "neural4d.open_preferences",
            )
        layout.prop(chosen, "provider", text="")
        layout.prop(chosen, "prompt", text="", placeholder="A cute bird")
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(chosen, "variants")
        column.prop(chosen, "pbr")
        column.prop(chosen, "use_size")
        size = column.column()
        size.active = chosen.use_size
        size.prop(chosen, "size_mm", text="Size (mm)")
        size.prop(chosen, "axis")
        column.prop(chosen, "origin")
        self._draw_price(layout, chosen)
        button = layout.row()
        button.scale_y = 1.6
        button.operator("neural4d.generate", icon="SHADERFX")

    @staticmethod
    def _draw_obstacle(layout: bpy.types.UILayout, what: str, remedy: str) -> None:
        box = layout.box()
        text.draw(box, what, "ERROR")
        if remedy:
            box.operator(remedy)

    @staticmethod
    def _draw_price(layout: bpy.types.UILayout, chosen: NEURAL4D_PG_settings) -> None:
        balance = bridge.balances.get(chosen.provider)
        price = api.estimate(**arguments(chosen))
        row = layout.row(align=True)
        left = row.row()
        left.alert = balance is not None and balance["total"] < price
        left.label(text=f"Costs about {price} points")
        right = row.row(align=True)
        right.alignment = "RIGHT"
        right.label(text=f"{balance['total']:,} left" if balance else "Balance")
        right.operator("neural4d.test_key", text="", icon="FILE_REFRESH", emboss=False).provider = chosen.provider
        if left.alert:
            text.draw(layout, "There are not enough points for this at the service.", "ERROR", inset=3)


class NEURAL4D_PT_jobs(_SidebarPanel, bpy.types.Panel):
    """Jobs under way, and how the last ones ended"""

    bl_label = "Jobs"

    def draw(self, _context: bpy.types.Context) -> None:
        """Newest first."""
        job_list.draw(self.layout)


CLASSES = (NEURAL4D_PT_generate, NEURAL4D_PT_jobs)

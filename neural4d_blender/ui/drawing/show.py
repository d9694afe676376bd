"""The buttons with which a finished model is looked at."""

from __future__ import annotations

import bpy

from ...scene import whereabouts
from ...scene.viewports import viewports
from . import labels
from .languages import tr


def draw(layout: bpy.types.UILayout, job_id: str, *, short: bool = False) -> None:
    """Show; and the look that has its colours, where a 3D Viewport is without them.

    Args:
        short: an icon for the second one, where there is little room.
    """
    row = layout.row(align=True)
    row.operator("neural4d.show", icon="ZOOM_SELECTED").job = job_id
    window = bpy.context.window
    if any(space.shading.type == "SOLID" for space in viewports([window.screen] if window else [])):
        row.operator("neural4d.material_preview", text="" if short else None, icon="SHADING_TEXTURE")


def draw_way(layout: bpy.types.UILayout, job_id: str, *, placed: bool) -> None:
    """What the model stands in or behind, or is going to, and the way out of it."""
    if not (way := whereabouts.in_the_way(job_id)):
        return
    kind, names = way
    if kind == whereabouts.INSIDE:
        said = tr("It stands inside {names}.") if placed else tr("It will stand inside {names}.")
    else:
        said = tr("It stands behind {names}.") if placed else tr("It will stand behind {names}.")
    labels.draw(layout, said.format(names=names), "INFO")
    draw_beside(layout, job_id)


def draw_beside(layout: bpy.types.UILayout, job_id: str) -> None:
    """The way out of what it stands in."""
    if (whereabouts.in_the_way(job_id) or ("",))[0] == whereabouts.INSIDE:
        layout.operator("neural4d.move_beside", icon="TRIA_RIGHT").job = job_id

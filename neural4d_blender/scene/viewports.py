"""The 3D Viewports that are open. May import bpy."""

from __future__ import annotations

from collections.abc import Iterable

import bpy


def viewports(screens: Iterable[bpy.types.Screen]) -> list[bpy.types.SpaceView3D]:
    """Those of some screens, the largest first."""
    areas = [area for screen in screens for area in screen.areas if area.type == "VIEW_3D"]
    spaces = [area.spaces.active for area in sorted(areas, key=lambda area: -area.width * area.height)]
    return [space for space in spaces if isinstance(space, bpy.types.SpaceView3D)]

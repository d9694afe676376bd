"""The size that a new model fits the scene with: like what is selected, like what stands there, as the view shows it.

May import bpy and mathutils.
"""

from __future__ import annotations

import math
from itertools import islice
from statistics import median
from typing import Any, NamedTuple

import bpy

from .placing import placeholder
from .placing.placement import metres_per_unit
from .session import session
from .viewports import viewports

#: Millimetres where there is nothing to go by: no view, and nothing in the scene.
_PLAIN = 100.0
#: What the field takes.
_LEAST, _MOST = 0.1, 1e7
_SOLID = frozenset({"MESH", "CURVE", "SURFACE", "FONT", "META"})
#: So many objects tell what is usual in a scene; a panel is drawn often.
_LOOKED_AT = 60
#: A model is as large as this part of the distance it is seen from; it is hard to see below, and too near above that.
_IN_VIEW, _SMALL, _LARGE = 0.1, 0.03, 0.3
#: Steps of a size in millimetres: up to ten times the first; feet and inches have their own.
_METRIC = (1.0, 2.0, 5.0)
_INCH, _FOOT = 25.4, 304.8


class Suggestion(NamedTuple):
    """Millimetres, and what they follow: SELECTED with the object's name, SCENE, VIEW or NOTHING."""

    size_mm: float
    follows: str
    name: str = ""


def suggest(scene: bpy.types.Scene, axis: str = "LONGEST") -> Suggestion:
    """The size for a model of which no size was typed.

    Args:
        axis: the side that gets it: X, Y, Z or LONGEST.
    """
    unit = metres_per_unit(scene) * 1000
    active = _active(scene)
    if active is not None and (along := _along(active, axis)) > 0:
        return Suggestion(_bounded(_digits(along * unit)), "SELECTED", active.name)
    measures = [size for thing in islice(scene.objects, _LOOKED_AT) if (size := _along(thing, "LONGEST"))]
    distance = _view_distance()
    if measures:
        usual = median(measures)
        if distance and not _SMALL * distance <= usual <= _LARGE * distance:
            usual = min(max(usual, _SMALL * distance), _LARGE * distance)
            return Suggestion(_rounded(usual * unit, scene), "VIEW")
        return Suggestion(_rounded(usual * unit, scene), "SCENE")
    if distance:
        return Suggestion(_rounded(distance * _IN_VIEW * unit, scene), "VIEW")
    return Suggestion(_PLAIN, "NOTHING")


def drawn(scene: bpy.types.Scene, axis: str) -> Suggestion:
    """The same, for a field that is drawn: what was shown last is what a job gets."""
    found = suggest(scene, axis)
    session.shown.sizes[scene.session_uid] = (axis, found)
    return found


def shown(scene: bpy.types.Scene, axis: str) -> Suggestion:
    """What the field showed last; what it would show, where it was not drawn, or for another side."""
    known: Any = session.shown.sizes.get(scene.session_uid)
    return known[1] if known and known[0] == axis else suggest(scene, axis)


def _active(scene: bpy.types.Scene) -> bpy.types.Object | None:
    """The object that is selected in the scene, if there is one."""
    layer = bpy.context.view_layer
    if layer is None or bpy.context.scene != scene:
        return None
    thing = layer.objects.active
    return thing if thing is not None and thing.select_get(view_layer=layer) else None


def _along(thing: bpy.types.Object, axis: str) -> float:
    """How large an object is, in the scene's units; 0 for one that has no size."""
    if thing.type in _SOLID:
        measures = [*thing.dimensions[:]]
    elif thing.get(placeholder.MARK):
        measures = [2 * thing.empty_display_size * factor for factor in thing.scale[:]]
    else:
        return 0.0
    size = max(measures) if axis == "LONGEST" else measures["XYZ".index(axis)]
    return size if math.isfinite(size) else 0.0


def _view_distance() -> float:
    """How far away what is looked at in the 3D Viewport is, in the scene's units; 0 where there is none."""
    space: Any = bpy.context.space_data
    if space is None or space.type != "VIEW_3D":
        open_ones = viewports([bpy.context.screen] if bpy.context.screen else [])
        if bpy.app.background or not open_ones:
            return 0.0
        space = open_ones[0]
    view = space.region_3d
    if view.view_perspective == "CAMERA" and space.camera:
        cursor = bpy.context.scene.cursor.location
        return float((space.camera.matrix_world.translation - cursor).length)
    return float(view.view_distance)


def _rounded(size_mm: float, scene: bpy.types.Scene) -> float:
    """A size as a person would say it in the scene's units."""
    size = _bounded(size_mm)
    if scene.unit_settings.system == "IMPERIAL":
        unit = _FOOT if size >= _FOOT else _INCH
        return _bounded(max(1, round(size / unit)) * unit if size >= _INCH else round(size, 1))
    power = 10.0 ** math.floor(math.log10(size))
    return _bounded(power * min((*_METRIC, 10.0), key=lambda step: abs(math.log(size / power / step))))


def _digits(size_mm: float) -> float:
    return float(f"{size_mm:.4g}")


def _bounded(size_mm: float) -> float:
    return min(max(size_mm, _LEAST), _MOST)

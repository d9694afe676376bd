"""What is measured in the scene to size a model by it: two points, snapped to what is seen, and how large things are.

Main thread of the host only; may import bpy and mathutils.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

import bpy
from mathutils import Vector

from ..engine.protocol import InvalidInput
from .placing.placement import metres_per_unit

if TYPE_CHECKING:
    from mathutils import Matrix

#: Pixels that a point is snapped to from, and of the rays around the mouse that look for points beside an edge.
_NEAR, _AROUND = 14.0, 9.0
#: The sine of the angle up to which a line is along an axis.
_ALONG = 0.05


class Snapped(NamedTuple):
    """A point in the world, and whether it is a corner or the middle of an edge rather than any place."""

    point: Vector
    is_exact: bool


def distance_mm(one: Sequence[float], other: Sequence[float], scene: bpy.types.Scene) -> float:
    """Real millimetres between two points in Blender units."""
    return (Vector(one) - Vector(other)).length * metres_per_unit(scene) * 1000


def axis_of(one: Sequence[float], other: Sequence[float]) -> str:
    """X, Y or Z where the line between two points is along it; else empty."""
    line = Vector(other) - Vector(one)
    if not line.length:
        return ""
    shares = [abs(part) / line.length for part in line[:]]
    way = max(range(3), key=lambda k: shares[k])
    return "XYZ"[way] if shares[way] >= math.sqrt(1 - _ALONG**2) else ""


def sides_mm(things: Iterable[bpy.types.Object], scene: bpy.types.Scene) -> list[float]:
    """Width, depth and height of objects together, along the world's axes, in real millimetres.

    Raises:
        InvalidInput: none of them has a size.
    """
    solid = [thing for thing in things if _has_size(thing)]
    corners = [thing.matrix_world @ Vector(corner) for thing in solid for corner in thing.bound_box]
    if not corners:
        raise InvalidInput("Nothing that has a size is selected.", "Select a mesh, a curve, a text or the like.")
    reach = [[corner[way] for corner in corners] for way in range(3)]
    return [(max(values) - min(values)) * metres_per_unit(scene) * 1000 for values in reach]


def _has_size(thing: bpy.types.Object) -> bool:
    corners = [Vector(corner) for corner in thing.bound_box]
    return any(corner != corners[0] for corner in corners)


def snap(
    scene: bpy.types.Scene, region: bpy.types.Region, view: bpy.types.RegionView3D, mouse: Vector, *, free: bool = False
) -> Snapped:
    """The point that somebody means who points there: a corner or an edge's middle that is near, else the surface, else
    a point as deep as the 3D cursor is.

    Args:
        mouse: in the region, in pixels. free: snap to no corner.
    """
    from bpy_extras import view3d_utils  # Blender's start does without

    depsgraph = bpy.context.evaluated_depsgraph_get()
    surface: Vector | None = None
    found: list[Vector] = []
    around = [Vector((math.cos(turn), math.sin(turn))) * _AROUND for turn in (k * math.pi / 4 for k in range(8))]
    for offset in (Vector((0, 0)), *around):
        at = mouse + offset
        origin = view3d_utils.region_2d_to_origin_3d(region, view, at)
        met: Any = scene.ray_cast(depsgraph, origin, view3d_utils.region_2d_to_vector_3d(region, view, at))
        hit, place, _normal, index, thing, matrix = met
        if hit:
            surface = place if surface is None and not offset.length else surface
            found += _points_of_face(thing.evaluated_get(depsgraph).data, index, matrix)
    if not free:
        found += _points_of_others(scene)
        seen = [(spot - mouse, point) for point in found if (spot := _spot(region, view, point)) is not None]
        nearest = min(seen, key=lambda pair: pair[0].length, default=None)
        if nearest and nearest[0].length <= _NEAR:
            return Snapped(nearest[1], True)
    if surface is None:
        surface = view3d_utils.region_2d_to_location_3d(region, view, mouse, scene.cursor.location)
    return Snapped(surface, False)


def _spot(region: bpy.types.Region, view: bpy.types.RegionView3D, point: Vector) -> Vector | None:
    from bpy_extras import view3d_utils

    return view3d_utils.location_3d_to_region_2d(region, view, point)


def _points_of_face(mesh: Any, index: int, matrix: Matrix) -> Iterator[Vector]:
    """Its corners and the middles of its edges, in the world."""
    if not isinstance(mesh, bpy.types.Mesh) or not 0 <= index < len(mesh.polygons):
        return
    corners = [matrix @ mesh.vertices[vertex].co for vertex in mesh.polygons[index].vertices]
    yield from corners
    for one, other in pairwise([*corners, corners[0]]):
        yield (one + other) / 2


def _points_of_others(scene: bpy.types.Scene) -> Iterator[Vector]:
    """What has no faces that a ray could meet: where Empties and lamps are, and the corners around curves."""
    for thing in scene.objects:
        if thing.type != "MESH" and thing.visible_get():
            yield thing.matrix_world.translation.copy()
            if _has_size(thing):
                yield from (thing.matrix_world @ Vector(corner) for corner in thing.bound_box)

"""What stands where a model is, or is going to be: what it would be inside of, what hides it, and the room beside that.

Looks at bounding boxes, and at surfaces around a few points; changes nothing. May import bpy and mathutils.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice, product
from typing import Any

import bpy
from mathutils import Vector

from . import placeholder, targets

#: Looked at of a scene at most, so that nobody waits: objects, and faces of one whose surface is asked about.
_OBJECTS, _FACES = 3000, 100_000
#: Less than this part of a side may be in something else: what stands on a table, or on the floor, touches it.
_TOUCHES = 0.02
#: Boxes of like size (at most so many times as large) that share this part of the smaller one are in each other's way.
_LIKE, _SHARED = 30.0, 0.2
#: Where inside its box it is asked whether a model is inside something, as parts of half a side.
_WITHIN = (-0.6, 0.6)
_DIRECTIONS = [Vector(axis) * sign for axis in ((1, 0, 0), (0, 1, 0), (0, 0, 1)) for sign in (1.0, -1.0)]

Box = tuple[Vector, Vector]


def box_of(corners: Iterable[Vector]) -> Box:
    """The lowest and the highest corner, along the world's axes."""
    x, y, z = zip(*(corner[:] for corner in corners), strict=True)
    return Vector((min(x), min(y), min(z))), Vector((max(x), max(y), max(z)))


def box_around(things: Iterable[bpy.types.Object]) -> Box:
    """The box of roots and all below them; a placeholder's is what it shows."""
    return box_of([corner for thing in things for corner in _corners(thing)])


def _corners(thing: bpy.types.Object) -> list[Vector]:
    if thing.get(placeholder.MARK):
        matrix = targets.world_matrix(thing)
        return [matrix @ corner for corner in placeholder.corners(thing)]
    return targets.world_corners(thing)


def inside_of(box: Box, layer: bpy.types.ViewLayer, own: Sequence[bpy.types.Object]) -> list[bpy.types.Object]:
    """The visible objects that something with this box would stand in.

    Args:
        own: what has that box, and is in nobody's way.
    """
    mine = {*own, *(child for thing in own for child in thing.children_recursive)}
    return [thing for thing, other in _visible(layer) if thing not in mine and _is_in(box, thing, other)]


def _visible(layer: bpy.types.ViewLayer) -> Iterator[tuple[bpy.types.Object, Box]]:
    for thing in islice(layer.objects, _OBJECTS):
        solid = thing.type == "MESH" or thing.get(placeholder.MARK)
        if solid and thing.visible_get(view_layer=layer) and thing.display_type not in ("WIRE", "BOUNDS"):
            if thing.type == "MESH":
                matrix = targets.world_matrix(thing)
                yield thing, box_of(matrix @ Vector(corner) for corner in thing.bound_box)
            else:
                yield thing, box_of(_corners(thing))


def _is_in(box: Box, thing: bpy.types.Object, other: Box) -> bool:
    sides = box[1] - box[0]
    shared = Vector([min(box[1][way], other[1][way]) - max(box[0][way], other[0][way]) for way in range(3)])
    if any(shared[way] <= _TOUCHES * max(sides[way], 1e-9) for way in range(3)):
        return False
    own, others = _volume(sides), _volume(other[1] - other[0])
    small, large = sorted((own, others))
    if large <= _LIKE * small and _volume(shared) >= _SHARED * small:
        return True
    return thing.type == "MESH" and any(_is_within(thing, point) for point in _points(box))


def _volume(sides: Vector) -> float:
    return float(sides.x * sides.y * sides.z)


def _points(box: Box) -> list[Vector]:
    middle, half = (box[0] + box[1]) / 2, (box[1] - box[0]) / 2
    return [middle, *(middle + half * Vector(part) for part in product(_WITHIN, repeat=3))]


def _is_within(thing: bpy.types.Object, point: Vector) -> bool:
    """A point of the world is inside the solid body of a mesh: whichever way one looks, a face is seen from behind."""
    inverse = targets.world_matrix(thing).inverted_safe()
    return all(_hit(thing, inverse @ point, direction) is True for direction in _DIRECTIONS)


def _hit(thing: bpy.types.Object, origin: Vector, direction: Vector, distance: float = 1e30) -> bool | None:
    """Whether the first face of a mesh that way is seen from behind; None where there is none, or it is too large."""
    data: Any = thing.data
    if len(data.polygons) <= _FACES:
        with suppress(RuntimeError):  # it has not been evaluated yet
            found: Any = thing.ray_cast(origin, direction, distance=distance)
            return bool(found[2].dot(direction) > 0) if found[0] else None
    return None


def behind(box: Box, eye: Vector, layer: bpy.types.ViewLayer, own: Sequence[bpy.types.Object]) -> str:
    """The name of what hides a box from a point of the world; empty where some of it is seen."""
    mine = {*own, *(child for thing in own for child in thing.children_recursive)}
    others = [thing for thing, _ in _visible(layer) if thing not in mine and thing.type == "MESH"]
    name = ""
    for point in _points(box):
        hiding = next((thing for thing in others if _is_between(thing, eye, point)), None)
        if hiding is None:
            return ""
        name = hiding.name
    return name


def _is_between(thing: bpy.types.Object, eye: Vector, point: Vector) -> bool:
    inverse = targets.world_matrix(thing).inverted_safe()
    start, end = inverse @ eye, inverse @ point
    way = end - start
    return _hit(thing, start, way.normalized(), way.length) is not None


def step_aside(box: Box, layer: bpy.types.ViewLayer, own: Sequence[bpy.types.Object]) -> float:
    """How far to the right something with this box has to go to stand in nothing; 0 where it does not."""
    moved, width = 0.0, box[1].x - box[0].x
    for _ in range(50):
        here = (box[0] + Vector((moved, 0, 0)), box[1] + Vector((moved, 0, 0)))
        found = {*inside_of(here, layer, own)}
        if not found:
            break
        edge = max(other[1].x for thing, other in _visible(layer) if thing in found)
        moved += max(edge - here[0].x, 0.0) + targets.GAP * max(width, 1e-6)
    return moved

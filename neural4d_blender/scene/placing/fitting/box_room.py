"""The room inside of a box, as it is now: turned, parented, scaled, sheared, flat, hidden.

Main thread of the host only; may import bpy and mathutils.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import chain, product

import bpy
from mathutils import Matrix, Vector

from ....client.jobs.box_fit import FLAT
from ....engine.protocol import InvalidInput
from ..placement import metres_per_unit

#: An edge that leans less than this part of its length is at right angles to the others.
_SHEARED = 1e-5
#: Of each seat the side of the box (X, Y, Z) that is touched, and whether it is the low (-1) or the high (1) one.
_SEATS = {"FLOOR": (2, -1.0), "CEILING": (2, 1.0), "WALL": (1, 1.0), "MIDDLE": (2, 0.0)}


@dataclass(frozen=True)
class Room:
    """What a box leaves for a model, in Blender units.

    Attributes:
        frame: rotation; its columns are the directions right, back and up: a model's front looks against the second.
        middle: of the box, in the world.
        edges: from the middle to the middles of the sides, as columns, along ``frame``; of a box that is not sheared
            it is diagonal. limited: which of them there are; a flat box leaves the others free.
    """

    frame: Matrix
    middle: Vector
    edges: Matrix
    limited: tuple[bool, bool, bool]

    @property
    def sides(self) -> list[float]:
        """Width, depth and height along ``frame``; 0 where there is no limit."""
        return [2 * self.edges[way][way] if self.limited[way] else 0.0 for way in range(3)]

    def largest(self, half: Vector, stretch: str) -> Vector:
        """Half the sides that a model gets which is in all places inside, of its own half sides, along ``frame``."""
        found = self._scaled(half)
        if stretch == "ALL":
            return self._scaled(Vector([self.edges[k][k] if self.limited[k] else found[k] for k in range(3)]))
        if stretch and self.limited[way := "XYZ".index(stretch)]:
            least, found[way] = found[way], 0.0
            found[way] = max(least, min((1 - row.dot(found)) / row[way] for row in self._rows() if row[way] > 0))
        return found

    def place_of(self, half: Vector, seat: str) -> Vector:
        """Where in the world the middle of a model stands that has these half sides."""
        way, sign = _SEATS[seat]
        share = Vector()
        if self.limited[way]:
            share[way] = sign * (1 - sum(abs(self.edges.inverted()[way][k]) * half[k] for k in range(3)))
        else:
            share[way] = -sign * half[way]  # on the plane, outside of nothing
        return self.middle + self.frame @ (self.edges @ share)

    def _rows(self) -> list[Vector]:
        """How much of the way to each side, of those that there are, a step along ``frame`` takes."""
        inverse = self.edges.inverted()
        return [Vector([abs(part) for part in inverse[way][:]]) for way in range(3) if self.limited[way]]

    def _scaled(self, half: Vector) -> Vector:
        reach = max(row.dot(half) for row in self._rows())
        return half / reach if reach > 0 else half.copy()


def room_of(box: bpy.types.Object, scene: bpy.types.Scene, seat: str = "FLOOR") -> Room:
    """The room in a box: its bounding box, turned, parented, scaled and moved as it is now.

    Args:
        scene: where it is looked at; another one where the box is only there. seat: the side that counts where the
            box is sheared, and its sides are at no right angles.

    Raises:
        InvalidInput: it has no size: a lamp, a point; or its place is no number; or what it shows has no end.
    """
    if thing := _in_itself(box, ()):
        raise InvalidInput(
            f"{box.name} shows {thing.name}, a collection that has an instance of itself in it.",
            "Take that instance out of the collection: Blender itself ends over it.",
        )
    with _seen(box, scene) as depsgraph:
        evaluated = box.evaluated_get(depsgraph)
        matrix, corners = evaluated.matrix_world.copy(), _corners(box, depsgraph)
    low = Vector([min(corner[way] for corner in corners) for way in range(3)]) if corners else Vector()
    high = Vector([max(corner[way] for corner in corners) for way in range(3)]) if corners else Vector()
    if not all(map(math.isfinite, chain(*(row[:] for row in (*matrix.row, low, high))))):
        raise InvalidInput(
            f"Where {box.name} stands, or how large it is, is no number.",
            "Clear its transforms (Alt G, Alt R, Alt S), or look at its drivers and constraints.",
        )
    turned = matrix.to_3x3()
    edges = [turned.col[way] * ((high[way] - low[way]) / 2) for way in range(3)]
    longest = max(edge.length for edge in edges)
    if not 0 < longest < 1e30:
        raise InvalidInput(f"{box.name} has no size that a model could fill.", "Choose a box, or another object.")
    limited = [edge.length > FLAT * longest for edge in edges]
    signs = [1.0 if value >= 0 else -1.0 for value in box.scale[:]]
    frame = _frame([turned.col[way] * signs[way] for way in range(3)], by_wall=seat == "WALL")
    inside = [frame.transposed() @ edge for edge in edges]
    shape = Matrix.Identity(3)
    for way in range(3):
        if limited[way]:
            along = inside[way] if inside[way][way] >= 0 else -inside[way]
            shape.col[way] = [part if abs(part) > _SHEARED * along.length else 0.0 for part in along]
    return Room(frame, matrix @ ((low + high) / 2), shape, (limited[0], limited[1], limited[2]))


def _in_itself(thing: bpy.types.Object, above: tuple[bpy.types.Collection, ...]) -> bpy.types.Collection | None:
    """A collection that an instance shows within itself; evaluating it would end Blender."""
    shown = thing.instance_collection if thing.type == "EMPTY" else None
    if shown is None or shown in above:
        return shown
    return next((found for part in shown.all_objects if (found := _in_itself(part, (*above, shown)))), None)


def _frame(axes: list[Vector], *, by_wall: bool) -> Matrix:
    """Right, back and up at right angles, of a box's own axes.

    A negative scale of the box's own turns nothing. Of a sheared box the floor stays level, or the wall.
    """
    size = max(axis.length for axis in axes)
    gone = [axis.length <= 1e-6 * size for axis in axes]
    for way in [way for way in range(3) if gone[way]]:  # a scale of 0
        one, other = (axes[(way + step) % 3] for step in (1, 2))
        axes[way] = one.cross(other) if one.cross(other).length > 0 else (one if one.length else other).orthogonal()
    x, y, z = (axis.normalized() for axis in axes)
    kept, pushed = (z, y) if by_wall else (y, z)
    normal = x.cross(kept).normalized()
    if normal.dot(pushed) < 0:
        normal.negate()
    y, z = (normal, z) if by_wall else (y, normal)
    return Matrix((y.cross(z)[:], y[:], z[:])).transposed()


def _corners(thing: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> list[Vector]:
    """The corners of what an object shows, in its own space; none of what shows nothing."""
    if thing.type == "EMPTY" and thing.instance_collection:
        offset = Matrix.Translation(-thing.instance_collection.instance_offset)
        parts = thing.instance_collection.all_objects
        return [
            offset @ part.evaluated_get(depsgraph).matrix_world @ corner
            for part in parts
            for corner in _corners(part, depsgraph)
        ]
    if thing.type == "EMPTY":
        size = thing.empty_display_size
        return [Vector(corner) * size for corner in product((-1.0, 1.0), repeat=3)]
    # Of the object itself: it has what was evaluated last, and an evaluated curve the bounds of its control points.
    corners = [Vector(corner) for corner in thing.bound_box]
    return [] if all(corner == corners[0] for corner in corners) else corners


@contextmanager
def _seen(thing: bpy.types.Object, scene: bpy.types.Scene) -> Iterator[bpy.types.Depsgraph]:
    """The scene as it is evaluated, with the object in it: of what is hidden Blender evaluates nothing."""
    scenes = thing.users_scene
    scene = scene if scene in scenes or not scenes else scenes[0]
    layer = scene.view_layers[0]
    linked = hidden = off = False
    try:
        if not (thing.name in layer.objects and thing.visible_get(view_layer=layer)):
            if linked := thing.name not in scene.collection.objects:
                scene.collection.objects.link(thing)
            off, thing.hide_viewport = thing.hide_viewport, False
            if hidden := thing.hide_get(view_layer=layer):
                thing.hide_set(False, view_layer=layer)
        with bpy.context.temp_override(scene=scene, view_layer=layer):
            yield bpy.context.evaluated_depsgraph_get()
    finally:
        if hidden:
            thing.hide_set(True, view_layer=layer)
        if off:
            thing.hide_viewport = True
        if linked:
            scene.collection.objects.unlink(thing)


def sides_mm(room: Room, scene: bpy.types.Scene) -> list[float]:
    """Width, depth and height of a room in millimetres; 0 where it has no limit."""
    return [side * metres_per_unit(scene) * 1000 for side in room.sides]

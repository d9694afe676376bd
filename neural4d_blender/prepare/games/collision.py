"""Collision shapes as physics engines take them: closed, convex, of few corners. May import bpy, bmesh and numpy."""

from __future__ import annotations

import functools
import itertools
import math
from typing import Any

import bmesh
import bpy
import numpy as np

from ..meshes.apply_transforms import Floats

#: The corners of a hull are the outermost points in so many directions: PhysX takes 255 corners and faces at most.
_DIRECTIONS = 64
#: Thinner shapes than this part of the longest side have no inside that could be hit: they are made that thick.
_THINNEST = 1e-3
#: A model is cut into so many pieces, and put together to so many at most, as long as that takes in no more than this
#: part of the whole beside it.
_CUTS, _PIECES, _WORTH = 24, 12, 0.005


def box(points: Floats) -> bpy.types.Mesh:
    """The box around the points."""
    return _mesh(_hull(_thick(_corners(points.min(axis=0), points.max(axis=0)))))


def hull(points: Floats) -> bpy.types.Mesh:
    """The convex hull of the outermost points; as long, wide and high as all of them are."""
    return _mesh(_hull(_thick(_outermost(points))))


def pieces(mesh: bpy.types.Mesh) -> list[bpy.types.Mesh]:
    """Convex hulls that together are closer to the mesh than one would be.

    The largest piece is halved again and again; then those are put together again whose common hull is hardly larger.
    """
    whole = bmesh.new()
    whole.from_mesh(mesh)
    cut = [_Piece(_points(whole), whole)]
    least = cut[0].room * _WORTH
    while len(cut) < _CUTS:
        largest = max((piece for piece in cut if piece.shape), key=lambda piece: piece.room, default=None)
        if largest is None:
            break
        halves = largest.halves()
        largest.shape.free()
        largest.shape = None
        if len(halves) == 2:
            cut.remove(largest)
            cut += halves
    for piece in cut:
        if piece.shape:
            piece.shape.free()
    return [hull(piece.points) for piece in _together(cut, least)]


class _Piece:
    """A part of the surface, and the room in its hull."""

    def __init__(self, points: Floats, shape: bmesh.types.BMesh | None = None) -> None:
        self.points = _outermost(points)
        self.shape = shape
        self.room = _volume(self.points)

    def halves(self) -> list[_Piece]:
        """On either side of the middle of its longest side; one where there is nothing on the other."""
        points = _points(self.shape)
        lower, upper = points.min(axis=0), points.max(axis=0)
        halves = _cut(self.shape, (lower + upper) / 2, int(np.argmax(upper - lower)))
        return [_Piece(_points(half), half) for half in halves if half.verts]

    def with_other(self, other: _Piece) -> _Piece:
        """Both as one."""
        return _Piece(np.concatenate([self.points, other.points]))


def _together(cut: list[_Piece], least: float) -> list[_Piece]:
    """As few pieces as there can be without a hull that has more than `least` too much room; never too many."""
    pairs = {(one, other): one.with_other(other) for one, other in itertools.combinations(cut, 2)}
    while pairs:
        pair = min(pairs, key=lambda pair: pairs[pair].room - pair[0].room - pair[1].room)
        both = pairs[pair]
        if both.room - pair[0].room - pair[1].room > least and len(cut) <= _PIECES:
            break
        pairs = {held: joined for held, joined in pairs.items() if not {*held} & {*pair}}
        cut = [piece for piece in cut if piece not in pair]
        pairs |= {(piece, both): piece.with_other(both) for piece in cut}
        cut.append(both)
    return cut


def _cut(shape: bmesh.types.BMesh, at: Floats, axis: int) -> list[bmesh.types.BMesh]:
    """What lies on either side of a plane."""
    halves = []
    for side in ("clear_inner", "clear_outer"):
        half = shape.copy()
        normal = [float(way == axis) for way in range(3)]
        everything: Any = [*half.verts, *half.edges, *half.faces]
        bmesh.ops.bisect_plane(half, geom=everything, plane_co=at.tolist(), plane_no=normal, **{side: True})
        halves.append(half)
    return halves


def _points(shape: bmesh.types.BMesh) -> Floats:
    return np.array([vertex.co for vertex in shape.verts], dtype=np.float64).reshape(-1, 3)


@functools.cache
def _directions() -> Floats:
    """The six along the axes, and others spread evenly (a Fibonacci lattice)."""
    number = np.arange(_DIRECTIONS) + 0.5
    height = 1 - 2 * number / _DIRECTIONS
    around = math.pi * (1 + math.sqrt(5)) * number
    radius = np.sqrt(1 - height**2)
    spread = np.stack([radius * np.cos(around), radius * np.sin(around), height], axis=1)
    return np.concatenate([np.eye(3), -np.eye(3), spread])


def _outermost(points: Floats) -> Floats:
    return points[np.unique((points @ _directions().T).argmax(axis=0))]


def _corners(lower: Floats, upper: Floats) -> Floats:
    return np.array(list(itertools.product(*zip(lower, upper, strict=True))))


def _thick(points: Floats) -> Floats:
    """The points themselves, or the corners of a box where they lie in a plane, or nearly."""
    sides = np.ptp(points, axis=0)
    least = sides.max() * _THINNEST
    if sides.min() >= least and _volume(points) > least * sides.max() ** 2 * _THINNEST:
        return points
    missing = np.maximum(least - sides, 0) / 2
    return _corners(points.min(axis=0) - missing, points.max(axis=0) + missing)


def _hull(points: Floats) -> bmesh.types.BMesh:
    made = bmesh.new()
    for point in points:
        made.verts.new(point.tolist())
    found = bmesh.ops.convex_hull(made, input=made.verts[:], use_existing_faces=False)
    unused: Any = {*found["geom_interior"], *found["geom_unused"]}
    bmesh.ops.delete(made, geom=[one for one in unused if isinstance(one, bmesh.types.BMVert)], context="VERTS")
    return made


def _volume(points: Floats) -> float:
    outermost = _outermost(points)
    if len(outermost) < 4:
        return 0.0
    made = _hull(outermost)
    volume = abs(made.calc_volume())
    made.free()
    return volume


def _mesh(shape: bmesh.types.BMesh) -> bpy.types.Mesh:
    bmesh.ops.recalc_face_normals(shape, faces=shape.faces[:])
    mesh = bpy.data.meshes.new("collision")
    shape.to_mesh(mesh)
    shape.free()
    return mesh

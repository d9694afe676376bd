"""A model as arrays in millimetres, as it stands in the world. May import bpy and numpy."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...open_file import corners_of, mesh_of
from .weld import weld

Floats = NDArray[np.float32]
Ints = NDArray[np.int32]
#: Where meshes that are shared come to more faces than this, each is measured once and not in each of its places.
_SHARED_FACES = 250_000


@dataclass(frozen=True)
class Piece:
    """One object of it: its mesh, and where its vertices, edges, corners and faces begin in the arrays."""

    item: bpy.types.Object
    mesh: bpy.types.Mesh
    vertex: int
    edge: int
    corner: int
    face: int

    @property
    def mirrored(self) -> bool:
        """Its transform turns it inside out, which Blender makes up for."""
        return self.item.matrix_world.determinant() < 0

    @property
    def faces(self) -> slice:
        return slice(self.face, self.face + len(self.mesh.polygons))

    @property
    def edges(self) -> slice:
        return slice(self.edge, self.edge + len(self.mesh.edges))

    @property
    def corners(self) -> slice:
        return slice(self.corner, self.corner + len(self.mesh.loops))


class Arrays:
    """All faces of a model, triangles and others.

    Attributes:
        pieces: the objects that it is made of.
        whole: all of its objects are among them; else of those that share a mesh the first.
        faces: how many there are in all of its objects.
        face_limit: how many faces were asked for at most; None where that was left open.
        points: (vertices, 3) in millimetres. ends: (edges, 2), by vertex.
        corner_vertex, corner_edge: by corner. face_start, face_size: first corner of each face, and how many it has.
    """

    def __init__(self, items: Sequence[bpy.types.Object], face_limit: int | None = None) -> None:
        first = {item.data: item for item in reversed(items)}
        self.faces = sum(len(mesh_of(item).polygons) for item in items)
        self.whole = len(first) == len(items) or self.faces <= _SHARED_FACES
        self.face_limit = face_limit
        self.pieces = list(_laid_out(items if self.whole else [item for item in items if first[item.data] is item]))
        arrays = [_arrays(piece) for piece in self.pieces]
        self.points, self.ends, self.corner_vertex, self.corner_edge, self.face_start = (
            parts[0] if len(parts) == 1 else np.concatenate(parts) for parts in zip(*arrays, strict=True)
        )
        self.face_size: Ints = np.diff(self.face_start, append=np.int32(len(self.corner_vertex)))

    @cached_property
    def lower(self) -> Floats:
        return np.array([column.min() for column in self.points.T])  # along the rows it takes ten times as long

    @cached_property
    def upper(self) -> Floats:
        return np.array([column.max() for column in self.points.T])

    @cached_property
    def extent(self) -> float:
        """The longest side."""
        return float((self.upper - self.lower).max())

    @cached_property
    def triangular(self) -> bool:
        return len(self.corner_vertex) == 3 * len(self.face_start)

    @cached_property
    def corner_face(self) -> Ints:
        if self.triangular:
            return np.repeat(np.arange(len(self.face_start), dtype=np.int32), 3)
        return np.repeat(np.arange(len(self.face_start), dtype=np.int32), self.face_size)

    @cached_property
    def mirrored(self) -> list[slice]:
        """The corners of what is mirrored."""
        return [piece.corners for piece in self.pieces if piece.mirrored]

    @cached_property
    def welded(self) -> Ints:
        """Of each vertex the first one in the same place."""
        return weld(self.points, self.lower, self.extent)

    @cached_property
    def triangle_corners(self) -> Ints:
        """(triangles, 3): the faces as Blender splits them."""
        if self.triangular:
            return np.arange(len(self.corner_vertex), dtype=np.int32).reshape(-1, 3)
        found: list[Ints] = []
        for piece in self.pieces:
            piece.mesh.calc_loop_triangles()
            corners = np.empty((len(piece.mesh.loop_triangles), 3), dtype=np.int32)
            piece.mesh.loop_triangles.foreach_get("loops", corners.ravel())
            found.append(corners + piece.corner)
        return np.concatenate(found)

    @cached_property
    def triangle_face(self) -> Ints:
        """The face that each triangle is of."""
        if self.triangular:
            return np.arange(len(self.face_start), dtype=np.int32)
        return self.corner_face[self.triangle_corners[:, 0]]


def _laid_out(items: Sequence[bpy.types.Object]) -> Iterator[Piece]:
    vertex = edge = corner = face = 0
    for item in items:
        mesh = mesh_of(item)
        yield Piece(item, mesh, vertex, edge, corner, face)
        vertex, edge = vertex + len(mesh.vertices), edge + len(mesh.edges)
        corner, face = corner + len(mesh.loops), face + len(mesh.polygons)


def _arrays(piece: Piece) -> tuple[Floats, Ints, Ints, Ints, Ints]:
    mesh: Any = piece.mesh
    points = np.empty((len(mesh.vertices), 3), dtype=np.float32)
    mesh.attributes["position"].data.foreach_get("vector", points.ravel())
    matrix = np.array(piece.item.matrix_world, dtype=np.float32) * np.float32(1000)
    # Not as a product of matrices: there equal points may come out unequal.
    placed = np.empty_like(points)
    for axis in range(3):
        row = matrix[axis]
        placed[:, axis] = points[:, 0] * row[0] + points[:, 1] * row[1] + points[:, 2] * row[2] + row[3]
    ends = np.empty((len(mesh.edges), 2), dtype=np.int32)
    mesh.attributes[".edge_verts"].data.foreach_get("value", ends.ravel())
    starts = np.empty(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("loop_start", starts)
    return (
        placed,
        ends + piece.vertex,
        corners_of(mesh, "vert") + piece.vertex,
        corners_of(mesh, "edge") + piece.edge,
        starts + piece.corner,
    )

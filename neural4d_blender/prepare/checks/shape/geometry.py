"""What the arrays of a model come to: triangles, areas, volumes, parts. May import bpy and numpy."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .arrays import Arrays, Floats, Ints, Piece
from .components import totals
from .topology import Topology
from .tree import Tree

#: More are not sent rays through.
_TREE_TRIANGLES = 4_000_000


class Geometry(Arrays):
    """Each part is worked out when it is first asked for, and once."""

    @cached_property
    def topology(self) -> Topology:
        return Topology.of(self)

    @cached_property
    def triangles(self) -> Ints:
        """(triangles, 3), by welded vertex; outside is where they turn to the left."""
        vertices = self.corner_vertex if self.triangular else self.corner_vertex[self.triangle_corners].ravel()
        triangles: Ints = self.welded[vertices].reshape(-1, 3)
        for piece in self.pieces:
            if piece.mirrored:
                here = piece.faces if self.triangular else self._triangles_of(piece)
                triangles[here] = triangles[here][:, ::-1]
        return triangles

    def _triangles_of(self, piece: Piece) -> slice:
        begin, end = np.searchsorted(self.triangle_face, (piece.faces.start, piece.faces.stop))
        return slice(int(begin), int(end))

    @cached_property
    def crosses(self) -> Floats:
        """(3, triangles): the normals of the triangles, twice as long as their areas."""
        x, y, z = np.ascontiguousarray(self.points.T)
        a, b, c = np.ascontiguousarray(self.triangles.T)
        ux, uy, uz = x[b] - x[a], y[b] - y[a], z[b] - z[a]
        vx, vy, vz = x[c] - x[a], y[c] - y[a], z[c] - z[a]
        return np.stack([uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx])

    @cached_property
    def areas(self) -> Floats:
        """Of the triangles, in mm²."""
        x, y, z = self.crosses
        return np.sqrt(x * x + y * y + z * z) / 2

    @cached_property
    def area(self) -> float:
        return float(self.areas.sum(dtype=np.float64))

    @cached_property
    def volumes(self) -> NDArray[np.float64]:
        """What each triangle adds to the volume that they enclose, in mm³, seen from the middle."""
        middle = (self.lower + self.upper) / 2
        first = self.triangles[:, 0]
        x, y, z = ((self.points[first, axis] - middle[axis]) * self.crosses[axis] for axis in range(3))
        return (x + y + z).astype(np.float64) / 6

    @cached_property
    def tree(self) -> Tree:
        """For rays. Raises ValueError for what takes too long."""
        if len(self.triangles) > _TREE_TRIANGLES:
            raise ValueError("The model has too many faces to send rays through it.")
        return Tree(self.points, self.triangles, self.extent)

    @cached_property
    def part_areas(self) -> NDArray[np.float64]:
        """Of each part, in mm²."""
        return totals(self.triangle_part, self.areas, self.topology.parts)

    @cached_property
    def triangle_part(self) -> Ints:
        return self.topology.part[self.triangle_face]

    def normals(self, which: NDArray[Any]) -> Floats:
        """(n, 3): of some triangles, of length 1; 0 where they have no area."""
        crosses = self.crosses[:, which]
        return (crosses / np.maximum(np.sqrt((crosses**2).sum(axis=0)), 1e-30)).T

    def faces_of(self, triangles: NDArray[Any]) -> NDArray[np.bool_]:
        """A mask of the faces that some triangles are of."""
        found = np.zeros(len(self.face_start), dtype=bool)
        found[self.triangle_face[triangles]] = True
        return found

    def centers(self, which: NDArray[Any] | slice = slice(None)) -> Floats:
        """(n, 3): the middles of triangles."""
        a, b, c = self.triangles[which].T
        return (self.points[a] + self.points[b] + self.points[c]) / 3

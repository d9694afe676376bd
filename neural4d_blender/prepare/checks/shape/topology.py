"""Which faces meet at which edge, with vertices in the same place as one. Imports numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .arrays import Arrays
from .components import components, numbered
from .weld import first_of_equal, weld_near

Ints = NDArray[np.int32]
Mask = NDArray[np.bool_]


@dataclass(frozen=True)
class Topology:
    """The edges of a `Shape`; of several in the same place the first stands for all.

    Attributes:
        edge: of each edge the one that stands for it.
        low, high: its ends, by welded vertex.
        uses: how many faces an edge has that stands for others; 0 for the rest.
        turn: how many of them go from low to high, less those that go the other way.
        before, after: two of its faces.
        kept: faces that are more than a line.
        face_vertex: a vertex of each face. vertices: how many there are, with those that others stand for.
    """

    edge: Ints
    low: Ints
    high: Ints
    uses: Ints
    turn: Ints
    before: Ints
    after: Ints
    kept: Mask
    face_vertex: Ints
    vertices: int

    @classmethod
    def of(cls, shape: Arrays) -> Topology:
        """Weld, and weld what is left open once more, across the borders of the grid's cells."""
        found = cls._built(shape, shape.welded)
        loose = np.flatnonzero(found.uses == 1)
        if not len(loose) or len(loose) > 500_000:
            return found
        border = np.unique(np.concatenate([found.low[loose], found.high[loose]]))
        near = weld_near(shape.points[border], shape.lower, shape.extent)
        if np.array_equal(near, np.arange(len(border))):
            return found
        other = np.arange(len(shape.points), dtype=np.int32)
        other[border] = border[near]
        shape.welded[:] = other[shape.welded]
        return cls._built(shape, shape.welded)

    @classmethod
    def _built(cls, shape: Arrays, welded: Ints) -> Topology:
        one, other = welded[shape.ends].T
        low, high = np.minimum(one, other), np.maximum(one, other)
        edge = np.arange(len(low), dtype=np.int32)
        moved = np.bincount(welded, minlength=len(welded)) > 1
        again = np.flatnonzero(moved[low] | moved[high])  # only these can be in the place of another one
        keys = low[again].astype(np.int64) * len(welded) + high[again]
        edge[again] = again[first_of_equal(keys)]
        faces, of_corner = len(shape.face_start), shape.corner_face
        along = edge[shape.corner_edge]
        up = welded[shape.corner_vertex] == low[along]
        for corners in shape.mirrored:
            up[corners] ^= True
        kept = np.ones(faces, dtype=bool)
        point = low == high
        if point.any():
            point = point[shape.corner_edge]
            kept = shape.face_size - np.bincount(of_corner[point], minlength=faces) >= 3
            lines = kept[of_corner] & ~point
            along, up, of_corner = along[lines], up[lines], of_corner[lines]
        uses = np.bincount(along, minlength=len(low))
        turn = 2 * np.bincount(along[up], minlength=len(low)) - uses
        before, after = np.full(len(low), -1, dtype=np.int32), np.full(len(low), -1, dtype=np.int32)
        before[along[::-1]], after[along] = of_corner[::-1], of_corner
        face_vertex = welded[shape.corner_vertex[shape.face_start]]
        counts = uses.astype(np.int32), turn.astype(np.int32)
        return cls(edge, low, high, *counts, before, after, kept, face_vertex, len(welded))

    @cached_property
    def vertex_part(self) -> Ints:
        """Of each welded vertex a number that is the same for all that hang together."""
        lines = np.flatnonzero((self.uses > 0) & (self.low != self.high))
        return components(self.vertices, self.low[lines], self.high[lines])

    @cached_property
    def part(self) -> Ints:
        """Of each face its part, from 0."""
        return numbered(self.vertex_part[self.face_vertex])

    def part_of(self, vertices: NDArray[np.intp]) -> Ints:
        """Of welded vertices their parts; -1 for those of no face."""
        found = np.full(self.vertices, -1, dtype=np.int32)
        found[self.vertex_part[self.face_vertex]] = self.part
        return found[self.vertex_part[vertices]]

    @cached_property
    def parts(self) -> int:
        """How many parts there are."""
        return int(self.part.max()) + 1 if len(self.part) else 0

"""Parts that nothing holds: they touch neither the ground nor anything that does. May import numpy.

What nobody can see from outside is inside something, and does not float.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..check import Check, Measured
from ..shape.components import components
from ..shape.shape import Shape

#: How many faces that are near to a place are looked at in all.
_LOOKED = 500_000
#: What is nearer than this share of the longest side touches.
_GAP = 1e-3
#: How many places are looked at, the boxes of how many parts, and how many places are held against boxes.
_PLACES, _BOXES, _COMPARED = 4_000, 200, 10_000_000


def measure(shape: Shape) -> Measured:
    parts = shape.topology.parts
    if parts < 2:
        return Measured(0.0)
    gap = _GAP * shape.extent
    pairs, _ = shape.crossings
    one, other = [shape.triangle_part[pairs[:, 0]]], [shape.triangle_part[pairs[:, 1]]]
    loose = ~_held(shape, gap, components(parts, one[0], other[0])) & ~shape.hidden
    if not loose.any():
        return Measured(0.0)
    places, of_place, whole = _places(shape, gap, loose)
    part_of, near = shape.triangle_part, shape.tree.bvh.find_nearest_range
    looked = 0
    for part, place in zip(of_place.tolist(), shape.points[places].tolist(), strict=True):
        hits = near(place, gap)
        looked += len(hits)
        touched = {int(part_of[hit]) for _, _, hit, _ in hits} - {part}
        other.append(np.array(list(touched), dtype=np.int32))
        one.append(np.full(len(touched), part, dtype=np.int32))
        if looked > _LOOKED:  # a part may be as small as the gap, and all of it is near to each of its places
            whole = False
            break
    group = components(parts, np.concatenate(one), np.concatenate(other))
    floats = ~_held(shape, gap, group) & ~shape.hidden
    faces = floats[shape.topology.part]
    return Measured(float(len(np.unique(group[floats]))), faces=faces, sampled=not whole)


def _held(shape: Shape, gap: float, group: NDArray[np.int32]) -> NDArray[np.bool_]:
    """By part: of its group, which touch each other, one stands on the ground or is the largest of all."""
    held = np.zeros(len(group), dtype=bool)
    held[group[_stands(shape, gap)]] = True
    held[group[np.argmax(shape.part_areas)]] = True
    return held[group]


def _stands(shape: Shape, gap: float) -> NDArray[np.bool_]:
    """Parts that touch the ground."""
    stands = np.zeros(shape.topology.parts, dtype=bool)
    low = shape.points[:, 2][shape.corner_vertex] <= shape.lower[2] + gap
    stands[shape.topology.part[shape.corner_face[low]]] = True
    return stands


def _places(shape: Shape, gap: float, loose: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int32], bool]:
    """Vertices at which loose parts may touch others, the part of each, and whether these are all: they are theirs, or
    in the box of one of them.
    """
    parts = shape.topology.parts
    vertices = np.flatnonzero(shape.welded == np.arange(len(shape.points)))
    of_vertex = shape.topology.part_of(vertices)
    points = shape.points[vertices]
    order = np.argsort(of_vertex, kind="stable")
    begins = np.searchsorted(of_vertex[order], np.arange(parts))
    lower, upper = (how.reduceat(points[order], begins, axis=0) for how in (np.minimum, np.maximum))
    inside = loose[of_vertex] & (of_vertex >= 0)
    small = [number for number in np.argsort(-shape.part_areas).tolist() if loose[number]][:_BOXES]
    for number in small[: max(8, _COMPARED // len(points))]:  # what others have where it is
        there = points[:, 2] > lower[number, 2] - gap
        for axis in range(3):
            there &= (points[:, axis] > lower[number, axis] - gap) & (points[:, axis] < upper[number, axis] + gap)
        inside |= there
    found = np.flatnonzero(inside)
    whole = len(found) <= _PLACES
    if not whole:
        some = np.random.default_rng(0).permutation(found)[:_PLACES]
        found = np.union1d(some, order[begins][loose][:_PLACES])  # of each part one
    return vertices[found], of_vertex[found], whole


CHECK = Check(
    "floating_parts",
    "parts",
    0,
    "{value} parts float: they touch neither the ground nor the rest of the model.",
    measure,
    of_one="1 part floats: it touches neither the ground nor the rest of the model.",
)

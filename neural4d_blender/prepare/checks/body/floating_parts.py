"""Parts that nothing holds: they touch neither the ground nor anything that does. May import numpy.

What nobody can see from outside is inside something, and does not float.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..check import Check, Measured
from ..shape.components import components
from ..shape.shape import Shape

#: What is nearer than this share of the longest side touches.
_GAP = 1e-3
#: How many places are looked at, and the boxes of how many parts.
_PLACES, _BOXES = 8_000, 200


def measure(shape: Shape) -> Measured:
    parts = shape.topology.parts
    if parts < 2:
        return Measured(0.0)
    gap = _GAP * shape.extent
    places, whole = _places(shape, gap)
    pairs, _ = shape.crossings
    one, other = [shape.triangle_part[pairs[:, 0]]], [shape.triangle_part[pairs[:, 1]]]
    of_place = shape.topology.part[_a_face(shape)[places]]
    part_of, near = shape.triangle_part, shape.tree.bvh.find_nearest_range
    for part, place in zip(of_place.tolist(), shape.points[places].tolist(), strict=True):
        touched = {int(part_of[hit]) for _, _, hit, _ in near(place, gap)} - {part}
        other.append(np.array(list(touched), dtype=np.int32))
        one.append(np.full(len(touched), part, dtype=np.int32))
    group = components(parts, np.concatenate(one), np.concatenate(other))
    held = np.zeros(parts, dtype=bool)
    held[group[_stands(shape, gap)]] = True
    held[group[np.argmax(shape.part_areas)]] = True
    floats = ~held[group] & ~shape.hidden
    faces = floats[shape.topology.part]
    return Measured(float(len(np.unique(group[floats]))), faces=faces, sampled=not whole)


def _stands(shape: Shape, gap: float) -> NDArray[np.bool_]:
    """Parts that touch the ground."""
    stands = np.zeros(shape.topology.parts, dtype=bool)
    low = shape.points[:, 2][shape.corner_vertex] <= shape.lower[2] + gap
    stands[shape.topology.part[shape.corner_face[low]]] = True
    return stands


def _a_face(shape: Shape) -> NDArray[np.int32]:
    """Of each welded vertex one of its faces."""
    face = np.zeros(len(shape.points), dtype=np.int32)
    face[shape.welded[shape.corner_vertex]] = shape.corner_face
    return face


def _places(shape: Shape, gap: float) -> tuple[NDArray[np.int64], bool]:
    """Vertices at which parts may touch, and whether these are all: those whose place is in the box of another part."""
    part, parts = shape.topology.part, shape.topology.parts
    vertices = np.flatnonzero(np.bincount(shape.welded[shape.corner_vertex], minlength=len(shape.points)))
    of_vertex = part[_a_face(shape)[vertices]]
    points = shape.points[vertices]
    order = np.argsort(of_vertex, kind="stable")
    begins = np.searchsorted(of_vertex[order], np.arange(parts))
    lower, upper = (how.reduceat(points[order], begins, axis=0) for how in (np.minimum, np.maximum))
    largest = int(np.argmax(shape.part_areas))
    inside = of_vertex != largest
    small = [number for number in np.argsort(-shape.part_areas).tolist() if number != largest][:_BOXES]
    for number in small:  # what others have where it is
        there = ((points > lower[number] - gap) & (points < upper[number] + gap)).all(axis=1)
        inside |= there
    found = vertices[inside]
    if len(found) <= _PLACES:
        return found, True
    generator = np.random.default_rng(0)
    return np.union1d(generator.permutation(found)[:_PLACES], vertices[order[begins]][:_PLACES]), False


CHECK = Check(
    "floating_parts",
    "parts",
    0,
    "{value} parts float: they touch neither the ground nor the rest of the model.",
    measure,
)

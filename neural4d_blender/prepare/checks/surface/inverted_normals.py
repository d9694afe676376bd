"""Faces that show their back. May import numpy.

The faces of a part that agree with their neighbours are a patch. Patches that meet at an edge where they disagree are
turned against each other. Of a closed part the volume says which of the two is outside, unless the part is the wall of
a cavity; of one that is nearly closed, where it points as seen from its middle; of others nobody can tell.
"""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from numpy.typing import NDArray

from ..check import Check, Mask, Measured
from ..shape.components import components, numbered, totals
from ..shape.shape import Shape

Doubles = NDArray[np.float64]
#: More of these are not told apart, parts are not looked for in one another.
_PATCHES, _CAVITIES = 20_000, 64
#: The square of the border's length over the area, below which a part counts as nearly closed: half a ball has 6.3.
_BORDER = 8.0
#: How much it must point inwards, where 1 is a ball.
_INWARDS = -0.3


def measure(shape: Shape) -> Measured:
    signs = _signs(shape)
    volume, inwards = _by_part(shape, signs)
    closed = _closed(shape)
    wrong = np.where(closed, volume < 0, inwards)
    wrong &= np.abs(volume) > 0
    for part in np.flatnonzero(wrong & closed)[:_CAVITIES]:
        wrong[part] = not _is_cavity(shape, int(part))
    faces = (signs < 0) ^ wrong[shape.topology.part]
    return Measured(float(faces.sum()), faces=faces)


def _signs(shape: Shape) -> NDArray[np.int8]:
    """Of each face 1, or -1 where it is turned against the most of its part."""
    found, count = shape.topology, len(shape.face_start)
    signs = np.ones(count, dtype=np.int8)
    pair = found.uses == 2
    torn = np.flatnonzero(pair & (found.turn != 0))
    if not len(torn):
        return signs
    smooth = np.flatnonzero(pair & (found.turn == 0))
    patch = numbered(components(count, found.before[smooth], found.after[smooth]))
    patches = int(patch.max()) + 1
    areas = totals(patch[shape.triangle_face], shape.areas, patches)
    against = defaultdict(set)
    pairs = np.unique(np.stack([patch[found.before[torn]], patch[found.after[torn]]], axis=1), axis=0)
    for one, other in pairs[:_PATCHES].tolist():
        against[one].add(other)
        against[other].add(one)
    side = np.ones(patches, dtype=np.int8)
    seen: set[int] = set()
    for start in against:
        if start in seen:
            continue
        seen.add(start)
        group = [start]
        for one in group:  # grows
            for other in against[one] - seen:
                side[other] = -side[one]
                seen.add(other)
                group.append(other)
        if (side[group] * areas[group]).sum() < 0:
            side[group] *= -1
    return side[patch]


def _by_part(shape: Shape, signs: NDArray[np.int8]) -> tuple[Doubles, Mask]:
    """Were faces turned by the signs: the volume of each part, and whether it is nearly closed and points inwards."""
    part, parts, sign = shape.triangle_part, shape.topology.parts, signs[shape.triangle_face]
    volume = totals(part, shape.volumes * sign, parts)
    open_ = np.flatnonzero(~_closed(shape))
    inwards = np.zeros(parts, dtype=bool)
    if not len(open_):
        return volume, inwards
    areas, centers = shape.areas, shape.centers()
    weights = np.maximum(shape.part_areas, 1e-30)
    middles = np.stack([totals(part, centers[:, axis] * areas, parts) / weights for axis in range(3)])
    away = centers.T - middles[:, part]
    flux = totals(part, (away * shape.crosses).sum(axis=0) / 2 * sign, parts)
    most = totals(part, np.sqrt((away**2).sum(axis=0)) * areas, parts)
    found = shape.topology
    border = np.flatnonzero(found.uses == 1)
    lengths = np.linalg.norm(shape.points[found.low[border]] - shape.points[found.high[border]], axis=1)
    around = totals(found.part[found.after[border]], lengths, parts)
    return volume, (around**2 < _BORDER * weights) & (flux < _INWARDS * most)


def _closed(shape: Shape) -> Mask:
    found = shape.topology
    odd = np.flatnonzero((found.uses != 2) & (found.uses > 0))
    closed = np.ones(found.parts, dtype=bool)
    closed[found.part[found.after[odd]]] = False
    return closed


def _is_cavity(shape: Shape, part: int) -> bool:
    """It is inside an odd number of other parts."""
    triangle = int(np.flatnonzero(shape.triangle_part == part)[0])
    crossed: dict[int, int] = defaultdict(int)
    for _, _, hit in shape.tree.hits(shape.centers(np.array([triangle]))[0], (0.271, 0.483, 0.833)):
        crossed[int(shape.triangle_part[hit])] += 1
    return sum(times % 2 for other, times in crossed.items() if other != part) % 2 == 1


CHECK = Check(
    "inverted_normals",
    "faces",
    0,
    "{value} faces are turned inside out: they look dark or missing in games, and confuse a printer.",
    measure,
    of_one="1 face is turned inside out: it looks dark or missing in games, and confuses a printer.",
)

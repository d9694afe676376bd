"""How alike its halves are. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape

#: Places that are looked for on the other side, and how near the surface must be, as a share of the longest side.
_PLACES, _NEAR = 500, 0.01


def measure(shape: Shape) -> Measured:
    if not shape.area > 0:
        return Measured(None)
    along = np.cumsum(shape.areas, dtype=np.float64)
    which = np.searchsorted(along, (np.arange(_PLACES) + 0.5) / _PLACES * along[-1]).clip(max=len(along) - 1)
    places, middle = shape.centers(which), (shape.lower + shape.upper) / 2
    nearest, reach = shape.tree.bvh.find_nearest, _NEAR * shape.extent
    best = 0.0
    for axis in (0, 1):
        mirrored = places.copy()
        mirrored[:, axis] = 2 * middle[axis] - mirrored[:, axis]
        there = sum(nearest(place, reach)[0] is not None for place in mirrored.tolist())
        best = max(best, 100 * there / _PLACES)
    return Measured(best, sampled=True)


CHECK = Check("symmetry", "%", None, "{value} % of it is the same on both sides.", measure)

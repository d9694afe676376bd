"""Which parts nobody can see from outside. May import numpy."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from .geometry import Geometry

#: Of each part so many triangles are looked at, from the first so many of the largest parts.
_EACH, _PARTS = 8, 200
#: What a part is looked at from that is not seen from the others.
_MORE_DIRECTIONS = 150


def hidden(shape: Geometry) -> NDArray[np.bool_]:
    """By part: no ray from some of its triangles, on either side, comes out."""
    parts = shape.topology.parts
    found = np.zeros(parts, dtype=bool)
    if parts < 2:
        return found
    directions = _directions()
    order = np.argsort(shape.triangle_part, kind="stable")
    begins = np.searchsorted(shape.triangle_part[order], np.arange(parts + 1))
    for part in np.argsort(-np.diff(begins))[:_PARTS].tolist():
        begin, end = begins[part], begins[part + 1]
        which = order[np.linspace(begin, end - 1, min(_EACH, end - begin)).astype(np.int64)]
        found[part] = not _seen(shape, which, directions)
    return found


def _seen(shape: Geometry, which: NDArray[np.int64], directions: NDArray[np.float64]) -> bool:
    beside = shape.tree.beside
    for normal, center in zip(shape.normals(which), shape.centers(which), strict=True):
        slopes = directions @ normal
        for number in np.argsort(-np.abs(slopes)).tolist():
            start = center + normal * (beside if slopes[number] >= 0 else -beside)
            if shape.tree.sees_out(start, directions[number]):
                return True
    return False


def _directions() -> NDArray[np.float64]:
    grid = np.array([one for one in itertools.product((-1, 0, 1), repeat=3) if any(one)], dtype=np.float64)
    more = np.random.default_rng(0).normal(size=(_MORE_DIRECTIONS, 3))
    found = np.concatenate([grid, more])
    return found / np.linalg.norm(found, axis=1)[:, None]

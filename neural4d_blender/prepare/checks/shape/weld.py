"""Vertices in the same place as one: glTF has several at seams of textures and shading. Imports numpy alone."""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from .components import components

#: Cells along the longest side: of 120 mm a ten-thousandth of a millimetre, a little above what single precision holds.
_CELLS = 1 << 20


def weld(points: NDArray[np.float32], lower: NDArray[np.float32], extent: float) -> NDArray[np.int32]:
    """Of each point (n, 3) the number of the first one in the same cell of a fine grid."""
    scale = np.float64(_CELLS / extent) if extent > 0 else np.float64(0)
    keys = np.zeros(len(points), dtype=np.int64)
    for axis in range(3):
        cells = (points[:, axis].astype(np.float64) - lower[axis]) * scale
        keys |= np.rint(cells).astype(np.int64) << (21 * axis)
    return first_of_equal(keys)


def weld_near(points: NDArray[np.float32], lower: NDArray[np.float32], extent: float) -> NDArray[np.int32]:
    """The same with the cells' borders passed over: what is nearer than a cell is in the same place. For few points."""
    place = np.arange(len(points), dtype=np.int32)
    first = []
    cells = (points.astype(np.float64) - lower) * (_CELLS / extent / 4 if extent > 0 else 0)
    for shift in itertools.product((0.0, 0.5), repeat=3):
        x, y, z = np.floor(cells + shift).astype(np.int64).T
        first.append(first_of_equal(x | y << 21 | z << 42))
    return components(len(points), np.tile(place, len(first)), np.concatenate(first))


def first_of_equal(keys: NDArray[np.int64] | NDArray[np.uint64]) -> NDArray[np.int32]:
    """Of each key the place of the first one that is equal."""
    order = np.argsort(keys, kind="stable").astype(np.int32)
    ordered = keys[order]
    begins = np.empty(len(keys), dtype=bool)
    begins[:1] = True
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    firsts = order[begins][np.cumsum(begins) - 1]
    found = np.empty(len(keys), dtype=np.int32)
    found[order] = firsts
    return found

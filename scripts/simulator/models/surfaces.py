"""The geometry under the sculptor: turning, curves through points, grids of faces.

May import numpy.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Point = Sequence[float]


def turn_matrix(degrees: Point) -> Floats:
    """Rotation about X, then Y, then Z."""
    a, b, c = (math.radians(value) for value in degrees)
    about_x = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    about_y = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    about_z = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    matrix: Floats = about_z @ about_y @ about_x
    return matrix


def welded(vertices: Floats) -> Ints:
    """For each vertex the first one at its place.

    Places that differ by rounding alone are one place, or a surface would have hairline gaps.
    """
    _, first, inverse = np.unique(np.round(vertices, 9), axis=0, return_index=True, return_inverse=True)
    return np.asarray(first[inverse.reshape(-1)])


def grid_faces(rows: int, columns: int) -> Ints:
    """Two triangles for each cell of a grid, facing rows x columns."""
    index = np.arange(rows * columns).reshape(rows, columns)
    a, b, c, d = index[:-1, :-1], index[1:, :-1], index[1:, 1:], index[:-1, 1:]
    return np.concatenate([np.stack([a, b, c], 2).reshape(-1, 3), np.stack([a, c, d], 2).reshape(-1, 3)])


def curve(points: Floats, pieces: int) -> Floats:
    """A Catmull-Rom curve through the points, in about so many pieces."""
    if len(points) < 3:
        return np.asarray(points[0] + np.linspace(0, 1, max(1, pieces) + 1)[:, None] * (points[-1] - points[0]))
    padded = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
    where = np.linspace(0, len(points) - 1, max(pieces, 2) + 1)
    index = np.minimum(where.astype(int), len(points) - 2)
    t = (where - index)[:, None]
    p0, p1, p2, p3 = (padded[index + offset] for offset in range(4))
    square, cube = 2 * p0 - 5 * p1 + 4 * p2 - p3, 3 * p1 - p0 - 3 * p2 + p3
    return np.asarray(0.5 * (2 * p1 + (p2 - p0) * t + square * t**2 + cube * t**3))

"""Faces that are a line or a point. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape

#: As a share of the model's longest side: what single precision can still tell from nothing.
_HEIGHT = 1e-6


def measure(shape: Shape) -> Measured:
    height = np.float32(_HEIGHT * shape.extent)
    good = 2 * shape.areas > height * np.float32(2 * shape.extent)  # no side is longer than that
    small = np.flatnonzero(~good)
    corners = shape.points[shape.triangles[small]]
    longest = np.linalg.norm(corners - np.roll(corners, 1, axis=1), axis=2).max(axis=1)
    good[small] = 2 * shape.areas[small] > height * longest
    faces = ~shape.faces_of(good)  # of more corners than three, where all of its triangles are nothing
    return Measured(float(faces.sum()), faces=faces)


CHECK = Check(
    "zero_area_faces",
    "faces",
    0,
    "{value} faces are no more than a line or a point: they only cost, and may flicker.",
    measure,
    of_one="1 face is no more than a line or a point: it only costs, and may flicker.",
)

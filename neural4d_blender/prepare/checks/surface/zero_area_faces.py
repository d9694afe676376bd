"""Faces that are a line or a point. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape

#: As a share of the model's longest side: what single precision can still tell from nothing.
_HEIGHT = 1e-6


def measure(shape: Shape) -> Measured:
    corners = shape.points[shape.triangles]
    longest = np.zeros(len(corners), dtype=np.float32)
    for one in range(3):
        side = corners[:, one] - corners[:, one - 1]
        np.maximum(longest, np.einsum("ij,ij->i", side, side), out=longest)
    good = 2 * shape.areas > np.float32(_HEIGHT * shape.extent) * np.sqrt(longest)
    faces = ~shape.faces_of(good)  # of more corners than three, where all of its triangles are nothing
    return Measured(float(faces.sum()), faces=faces)


CHECK = Check(
    "zero_area_faces",
    "faces",
    0,
    "{value} faces are no more than a line or a point: they only cost, and may flicker.",
    measure,
)

"""Faces that go through other faces; of a large model what a sample of them has. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    pairs, all_of_them = shape.crossings
    faces = shape.faces_of(np.unique(pairs))
    return Measured(float(faces.sum()), faces=faces, sampled=not all_of_them)


CHECK = Check(
    "self_intersections",
    "faces",
    0,
    "{value} faces go through other faces of the model.",
    measure,
    of_one="1 face goes through other faces of the model.",
)

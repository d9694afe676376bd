"""Faces that go through other faces; of a large model a sample is looked at. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    pairs, share = shape.crossings
    faces = shape.faces_of(np.unique(pairs))
    return Measured(round(float(faces.sum()) / share), faces=faces, sampled=share < 1)


CHECK = Check(
    "self_intersections",
    "faces",
    0,
    "{value} faces go through other faces of the model.",
    measure,
)

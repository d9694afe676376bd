"""Faces of parts that nobody can see from outside. May import numpy."""

from __future__ import annotations

from ..check import Check, Measured
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    faces = shape.hidden[shape.topology.part]
    return Measured(100 * float(faces.mean()), faces=faces, sampled=shape.topology.parts > 1)


CHECK = Check(
    "hidden_faces",
    "%",
    1,
    "{value} % of the faces are of parts inside others, where nobody can see them.",
    measure,
)

"""How many faces it has, against what was asked for."""

from __future__ import annotations

from ..check import Check, Measured
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    return Measured(float(shape.faces), threshold=shape.face_limit)


CHECK = Check(
    "faces",
    "faces",
    100_000,
    "It has {value} faces; more than {threshold} are many for one thing in a game.",
    measure,
    of_one="It has 1 face; more than {threshold} are many for one thing in a game.",
)

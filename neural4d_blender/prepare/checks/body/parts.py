"""How many parts do not hang together. May import numpy."""

from __future__ import annotations

from ..check import Check, Measured
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    return Measured(float(shape.topology.parts), sampled=not shape.whole)


CHECK = Check(
    "parts",
    "parts",
    None,
    "The model is made of {value} parts that do not hang together.",
    measure,
    of_one="The model is made of 1 part.",
)

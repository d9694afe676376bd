"""What it encloses. May import numpy."""

from __future__ import annotations

from ..check import Check, Measured
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    return Measured(float(shape.volumes.sum()), sampled=not shape.whole)


CHECK = Check("volume", "mm³", None, "It encloses {value} mm³.", measure)

"""How large its surface is. May import numpy."""

from __future__ import annotations

from ..check import Check, Measured
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    return Measured(shape.area, sampled=not shape.whole)


CHECK = Check("surface_area", "mm²", None, "Its surface measures {value} mm².", measure)

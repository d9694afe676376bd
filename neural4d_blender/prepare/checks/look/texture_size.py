"""How large its largest texture is. May import numpy."""

from __future__ import annotations

from ..check import Check, Measured
from ..shape.shape import Shape
from ..shape.textures import CHANNELS, largest


def measure(shape: Shape) -> Measured:
    sides = [max(size) for channel in CHANNELS for size in largest(shape, channel)]
    return Measured(float(max(sides)) if any(sides) else None)


CHECK = Check(
    "texture_size",
    "px",
    4096,
    "The largest texture is {value} pixels wide; above {threshold} it takes more memory than games have for one thing.",
    measure,
)

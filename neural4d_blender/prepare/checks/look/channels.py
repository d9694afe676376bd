"""Which textures there are, by what they say of the surface. May import numpy."""

from __future__ import annotations

from functools import partial

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape
from ..shape.textures import largest

#: As the Principled BSDF has them, with what the checks are called and say.
_SENTENCES = {
    "Base Color": ("base_color", "{value} % of the surface has a texture or vertex colours for its colour."),
    "Metallic": ("metallic", "{value} % of the surface has a texture that says what is metal."),
    "Roughness": ("roughness", "{value} % of the surface has a texture that says what shines."),
    "Normal": ("normal", "{value} % of the surface has a normal map for fine detail."),
}


def measure(channel: str, shape: Shape) -> Measured:
    if not shape.area > 0:
        return Measured(None)
    there = np.array([max(size) > 0 for size in largest(shape, channel)])[shape.appearance.material]
    if channel == "Base Color":
        there |= shape.appearance.coloured
    return Measured(100 * float(shape.areas[there[shape.triangle_face]].sum()) / shape.area)


CHECKS = tuple(
    Check(f"channel_{name}", "%", 99, sentence, partial(measure, channel), at_least=True)
    for channel, (name, sentence) in _SENTENCES.items()
)

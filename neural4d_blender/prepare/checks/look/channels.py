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
    there = np.array([max(size) > 0 for size in largest(shape, channel)])
    area = shape.appearance.material_areas[there].sum()
    if channel == "Base Color" and shape.appearance.coloured.any():
        coloured = shape.appearance.coloured & ~there[shape.appearance.material]
        area += shape.areas[coloured[shape.triangle_face]].sum(dtype=np.float64)
    return Measured(min(100 * float(area) / shape.area, 100.0))


CHECKS = tuple(
    Check(f"channel_{name}", "%", 99, sentence, partial(measure, channel), at_least=True)
    for channel, (name, sentence) in _SENTENCES.items()
)

"""How many pixels of the colour texture come to a centimetre. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape
from ..shape.textures import largest


def measure(shape: Shape) -> Measured:
    sizes = largest(shape, "Base Color")
    pixels = np.array([width * height for width, height in sizes], dtype=np.float64)
    of_triangle = pixels[shape.appearance.material[shape.triangle_face]]
    shown = (of_triangle > 0) & (shape.appearance.uv_areas > 0)
    area = float(shape.areas[shown].sum()) / 100  # cm²
    if not area > 0:
        return Measured(None)
    return Measured(float(np.sqrt((shape.appearance.uv_areas * of_triangle)[shown].sum() / area)))


CHECK = Check(
    "texel_density",
    "px/cm",
    5,
    "The colour texture has {value} pixels to a centimetre; with less than {threshold} it is blurred from nearby.",
    measure,
    at_least=True,
)

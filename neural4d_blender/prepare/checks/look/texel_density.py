"""How many pixels of the colour texture come to a centimetre. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.components import totals
from ..shape.shape import Shape
from ..shape.textures import largest


def measure(shape: Shape) -> Measured:
    sizes = largest(shape, "Base Color")
    pixels = np.array([width * height for width, height in sizes], dtype=np.float64)
    material = shape.appearance.material[shape.triangle_face]
    uv = totals(material, shape.appearance.uv_areas, len(pixels))
    area = shape.appearance.material_areas[(pixels > 0) & (uv > 0)].sum() / 100  # cm²
    return Measured(float(np.sqrt((uv * pixels).sum() / area)) if area > 0 else None)


CHECK = Check(
    "texel_density",
    "px/cm",
    5,
    "The colour texture has {value} pixels to a centimetre; with less than {threshold} it is blurred from nearby.",
    measure,
    at_least=True,
)

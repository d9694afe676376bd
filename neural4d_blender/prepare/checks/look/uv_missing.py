"""Surface that has no place in a UV map. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape

#: In a texture of 4096 pixels a thousandth of one.
_NOTHING = 1e-10


def measure(shape: Shape) -> Measured:
    if not shape.area > 0:
        return Measured(None)
    missing = shape.appearance.uv_areas < np.minimum(_NOTHING, shape.areas / shape.area * 1e-4)
    missing &= shape.areas > 0
    return Measured(100 * float(shape.areas[missing].sum()) / shape.area, faces=shape.faces_of(missing))


CHECK = Check(
    "uv_missing",
    "%",
    0.1,
    "{value} % of the surface has no place in a UV map: textures cannot show there.",
    measure,
)

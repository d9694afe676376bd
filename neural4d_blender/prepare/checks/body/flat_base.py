"""How much of its footprint it stands on. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape

#: How far from the ground a face may be, as a share of the longest side, and how much it may lean.
_NEAR, _LEVEL = 5e-4, 0.995


def measure(shape: Shape) -> Measured:
    sides = (shape.upper - shape.lower).astype(np.float64)
    footprint = float(sides[0] * sides[1])
    if footprint <= 0:
        return Measured(None)
    low = shape.points[:, 2] <= shape.lower[2] + _NEAR * shape.extent
    near = np.flatnonzero(low[shape.triangles[:, 0]])
    near = near[low[shape.triangles[near]].all(axis=1)]
    base = near[np.abs(shape.normals(near)[:, 2]) > _LEVEL]
    faces = shape.faces_of(base)
    return Measured(100 * float(shape.areas[base].sum()) / footprint, faces=faces)


CHECK = Check(
    "flat_base",
    "%",
    1,
    "{value} % of what lies below the model is flat on the ground: what has less needs a brim or supports to print.",
    measure,
    at_least=True,
)

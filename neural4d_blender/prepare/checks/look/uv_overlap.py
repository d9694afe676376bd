"""Surface that shares its place in the UV map with other surface. May import numpy.

Points that lie evenly in the faces are counted in a grid of the UV map: where there are far more of them than one layer
makes, there are several. Faces of different materials are laid out by themselves.
"""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape

_POINTS, _CELLS = 200_000, 96
#: So many times the points of one layer.
_LAYERS = 1.5
#: The most materials that are told apart.
_MATERIALS = 16


def measure(shape: Shape) -> Measured:
    # What stands there several times has its mesh's one UV map.
    areas = np.where(shape.appearance.first_of_mesh[shape.triangle_face], shape.appearance.uv_areas, 0)
    total = float(areas.sum())
    if not total > 0:
        return Measured(None)
    until = np.floor(np.cumsum(areas) / total * _POINTS + 1e-6).astype(np.int64)
    which = np.repeat(np.arange(len(areas)), np.diff(until, prepend=0))
    number = np.arange(len(which))
    one, other = (number * 0.7548776662466927) % 1, (number * 0.5698402909980532) % 1  # as even as two numbers can be
    over = one + other > 1
    one[over], other[over] = 1 - one[over], 1 - other[over]
    corners = shape.appearance.uv[shape.triangle_corners[which]]
    places = (
        corners[:, 0]
        + (corners[:, 1] - corners[:, 0]) * one[:, None]
        + (corners[:, 2] - corners[:, 0]) * other[:, None]
    )
    lower = places.min(axis=0)
    side = float((places.max(axis=0) - lower).max())
    cells = ((places - lower) / side * _CELLS).astype(np.int64).clip(max=_CELLS - 1)
    material = shape.appearance.material[shape.triangle_face[which]] % _MATERIALS
    cell = (material * _CELLS + cells[:, 0]) * _CELLS + cells[:, 1]
    count = np.bincount(cell, minlength=_MATERIALS * _CELLS * _CELLS)
    crowded = count > _LAYERS * _POINTS * (side / _CELLS) ** 2 / total
    return Measured(
        100 * float(count[crowded].sum()) / len(which), faces=shape.faces_of(which[crowded[cell]]), sampled=True
    )


CHECK = Check(
    "uv_overlap",
    "%",
    1,
    "{value} % of the UV map is shared by several places: none of them can be painted or baked by itself.",
    measure,
)

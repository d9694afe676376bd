"""How far it can be tilted before it falls over. May import bpy and numpy."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from mathutils import Vector
from mathutils.geometry import convex_hull_2d
from numpy.typing import NDArray

from ..check import Check, Measured
from ..shape.components import totals
from ..shape.shape import Shape

#: What is nearer to the ground than this share of the longest side stands on it.
_NEAR = 1e-3


def measure(shape: Shape) -> Measured:
    if not shape.whole or not shape.area > 0:
        return Measured(None)
    center = _center_of_mass(shape)
    low = shape.points[:, 2] <= shape.lower[2] + _NEAR * shape.extent
    feet = np.unique(shape.points[low, :2], axis=0)
    height = max(float(center[2] - shape.lower[2]), 1e-30)
    tilt = math.degrees(math.atan2(_inside(feet, center[:2]), height))
    return Measured(max(tilt, 0.0))


def _center_of_mass(shape: Shape) -> NDArray[np.float64]:
    """Of what a closed surface encloses, else of the surface."""
    volume, middle = float(shape.volumes.sum()), ((shape.lower + shape.upper) / 2).astype(np.float64)
    if volume > 0 and not (shape.topology.uses == 1).any():
        # A tetrahedron's is between its base's and its tip, in the middle of all.
        return middle + (_summed(shape, shape.volumes) - volume * middle) * 0.75 / volume
    return _summed(shape, shape.areas) / shape.area


def _summed(shape: Shape, weights: NDArray[np.floating[Any]]) -> NDArray[np.float64]:
    """The middles of all triangles, each so many times: by vertex, since places of triangles would be gathered."""
    of_vertex = sum(totals(corner, weights, len(shape.points)) for corner in shape.triangles.T)
    return np.array([of_vertex @ column for column in shape.points.T]) / 3


def _inside(feet: NDArray[np.float32], place: NDArray[np.float64]) -> float:
    """How far from the border of what it stands on a place is, in mm; below 0 outside."""
    around = [Vector(feet[number].tolist()) for number in convex_hull_2d(feet.tolist())]
    if len(around) < 3:
        return 0.0
    point = Vector(place.tolist())
    turns = sum(_cross(one, other) for one, other in zip(around, around[1:] + around[:1], strict=True))
    depths = []
    for one, other in zip(around, around[1:] + around[:1], strict=True):
        side = other - one
        if side.length > 0:
            depths.append(_cross(side, point - one) / side.length)
    return min(depths) if turns > 0 else -max(depths)


def _cross(one: Vector, other: Vector) -> float:
    return one.x * other.y - one.y * other.x


CHECK = Check(
    "stands",
    "°",
    3,
    "It can be tilted by {value}° before it falls over; below {threshold}° it does not stand by itself.",
    measure,
    at_least=True,
)

"""How thick the thinnest walls are: rays from places all over the surface straight into it. May import numpy."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ..check import Check, Measured
from ..shape.bare import Bare
from ..shape.shape import Shape

#: Places that are looked at, and how many of them must be thin: a tip is thin in one place.
_PLACES, _THIN_PLACES = 2000, 5
#: The cosine of the angle between ray and opposite face: at an edge that a wall runs out in there is no wall.
_OPPOSITE = 0.87
#: Two lines of a nozzle of 0.4 mm.
THINNEST_MM = 0.8


def measure(shape: Shape) -> Measured:
    if not shape.area > 0:
        return Measured(None)
    which, found = thicknesses(shape)
    thickness = np.sort(found)[_THIN_PLACES - 1]
    faces = shape.faces_of(which[found < THINNEST_MM])
    return Measured(float(thickness) if math.isfinite(thickness) else None, faces=faces, sampled=True)


def thinnest(points: NDArray[np.float64], triangles: NDArray[np.int64]) -> float | None:
    """Of bare triangles (n, 3) of points in millimetres, as the check has it; None where that is not known."""
    bare = Bare(points, triangles)
    thickness = np.sort(thicknesses(bare)[1])[_THIN_PLACES - 1] if bare.areas.sum() > 0 else math.inf
    return float(thickness) if math.isfinite(thickness) else None


def thicknesses(shape: Shape | Bare) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Triangles all over the surface, and how thick the wall is there; infinite where there is none."""
    generator = np.random.default_rng(0)
    along = np.cumsum(shape.areas, dtype=np.float64)
    marks = (np.arange(_PLACES) + 0.5) / _PLACES * along[-1]
    which = np.searchsorted(along, marks).clip(max=len(along) - 1)
    weights = generator.dirichlet((1, 1, 1), size=_PLACES).astype(np.float32)
    starts = np.einsum("ijk,ij->ik", shape.points[shape.triangles[which]], weights)
    normals = shape.normals(which)
    beside, found = np.float32(shape.tree.beside), np.full(_PLACES, np.inf)
    for number, (start, normal) in enumerate(zip(starts - normals * beside, -normals, strict=True)):
        found[number] = _thickness(shape, start.tolist(), normal.tolist())
    return which, found


def _thickness(shape: Shape | Bare, start: list[float], direction: list[float]) -> float:
    """From a place just below the surface to where the ray leaves all that it has entered."""
    inside = 1
    for distance, normal, _ in shape.tree.hits(start, direction):
        slope = normal.x * direction[0] + normal.y * direction[1] + normal.z * direction[2]
        inside += -1 if slope > 0 else 1
        if not inside:
            return distance if slope > _OPPOSITE else math.inf
    return math.inf


CHECK = Check(
    "thin_walls",
    "mm",
    THINNEST_MM,
    "The thinnest walls measure {value} mm; below {threshold} mm most printers leave them out or they break.",
    measure,
    at_least=True,
)

"""Faces with the very corners of another one. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.shape import Shape
from ..shape.weld import first_of_equal


def measure(shape: Shape) -> Measured:
    if not _may_be(shape):
        return Measured(0.0)
    # Sums of random numbers, one for each place, are equal for equal corners in whatever order.
    names = np.random.default_rng(0).integers(1, 1 << 64, len(shape.points), dtype=np.uint64)[shape.welded]
    of_corner = names[shape.corner_vertex]
    if shape.triangular:
        sums = of_corner[0::3] + of_corner[1::3] + of_corner[2::3]
    else:
        sums = np.add.reduceat(of_corner, shape.face_start)
    faces = (first_of_equal(sums) != np.arange(len(sums))) & shape.topology.kept
    return Measured(float(faces.sum()), faces=faces)


def _may_be(shape: Shape) -> bool:
    """Faces that lie on each other have their edges in common: of triangles that can be told without sorting them."""
    found = shape.topology
    if not shape.triangular or (found.uses > 2).any():
        return True
    pair = found.uses == 2
    sums = shape.triangles.sum(axis=1)
    return bool((sums[found.before[pair]] == sums[found.after[pair]]).any())


CHECK = Check(
    "doubled_faces",
    "faces",
    0,
    "{value} faces lie exactly on another one: they flicker, and a printer sees a wall without thickness.",
    measure,
    of_one="1 face lies exactly on another one: it flickers, and a printer sees a wall without thickness.",
)

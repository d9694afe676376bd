"""Triangles by themselves, with as much of a `Shape` as a check of walls asks for. May import numpy."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .tree import Tree

Floats = NDArray[np.float32]


class Bare:
    """Triangles (n, 3) of points (m, 3) in millimetres; nothing is made in the open file."""

    def __init__(self, points: NDArray[Any], triangles: NDArray[Any]) -> None:
        self.points, self.triangles = points.astype(np.float32), triangles.astype(np.int32)
        a, b, c = (self.points[corner] for corner in self.triangles.T)
        self._crosses = np.cross(b - a, c - a)
        self.areas: Floats = np.linalg.norm(self._crosses, axis=1) / 2
        self.tree = Tree(self.points, self.triangles, float(np.ptp(self.points, axis=0).max()), as_lists=True)

    def normals(self, which: NDArray[Any]) -> Floats:
        """(n, 3): of some triangles, of length 1; 0 where they have no area."""
        found: Floats = self._crosses[which] / np.maximum(2 * self.areas[which], 1e-30)[:, None]
        return found

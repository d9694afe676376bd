"""Edges whose two faces look to different sides. May import numpy."""

from __future__ import annotations

from ..check import Check, Measured
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    found = shape.topology
    torn = (found.uses == 2) & (found.turn != 0)
    return Measured(float(torn.sum()), edges=torn[found.edge])


CHECK = Check(
    "inconsistent_normals",
    "edges",
    0,
    "At {value} edges one face shows its front and its neighbour its back.",
    measure,
    of_one="At 1 edge one face shows its front and its neighbour its back.",
)

"""Edges at which more than two faces meet. May import numpy."""

from __future__ import annotations

from ..check import Check, Measured
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    uses = shape.topology.uses
    return Measured(float((uses > 2).sum()), edges=uses[shape.topology.edge] > 2)


CHECK = Check(
    "non_manifold_edges",
    "edges",
    0,
    "More than two faces meet at {value} edges: walls inside, or bodies that share an edge.",
    measure,
    of_one="More than two faces meet at 1 edge: a wall inside, or bodies that share an edge.",
)

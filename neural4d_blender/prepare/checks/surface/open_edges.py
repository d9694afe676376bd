"""Edges with a face on one side only. May import numpy."""

from __future__ import annotations

from ..check import Check, Measured
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    uses = shape.topology.uses
    return Measured(float((uses == 1).sum()), edges=uses[shape.topology.edge] == 1)


CHECK = Check(
    "open_edges",
    "edges",
    0,
    "{value} edges have a face on one side only: it is open there, and a printer cannot tell its inside.",
    measure,
    of_one="1 edge has a face on one side only: it is open there, and a printer cannot tell its inside.",
)

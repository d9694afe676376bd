"""How many holes the open edges are the borders of. May import numpy."""

from __future__ import annotations

import numpy as np

from ..check import Check, Measured
from ..shape.components import components
from ..shape.shape import Shape


def measure(shape: Shape) -> Measured:
    found = shape.topology
    border = np.flatnonzero(found.uses == 1)
    places, ends = np.unique(np.stack([found.low[border], found.high[border]]), return_inverse=True)
    one, other = ends.reshape(2, -1).astype(np.int32)
    return Measured(float(len(np.unique(components(len(places), one, other)))))


CHECK = Check("holes", "holes", 0, "The surface has {value} holes.", measure, of_one="The surface has 1 hole.")

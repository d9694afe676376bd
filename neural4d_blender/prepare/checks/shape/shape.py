"""A model with all that the checks ask about it. May import bpy and numpy."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from .appearance import Appearance
from .crossings import crossings
from .geometry import Geometry
from .hidden import hidden


class Shape(Geometry):
    """What a check is given."""

    @cached_property
    def appearance(self) -> Appearance:
        return Appearance(self)

    @cached_property
    def crossings(self) -> tuple[NDArray[np.int64], bool]:
        """Pairs of triangles (n, 2) that go through each other, and whether all were looked at."""
        return crossings(self)

    @cached_property
    def hidden(self) -> NDArray[np.bool_]:
        """By part: nobody can see it from outside."""
        return hidden(self)

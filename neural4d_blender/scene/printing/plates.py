"""Lays figures out on a printer's plate. May import numpy."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ...engine.protocol import InvalidInput
from .body import Body

#: Width and depth of a plate, and what stays free between figures, in millimetres.
PLATE, GAP = (220.0, 220.0), 5.0


def lay_out(bodies: Sequence[Body], plate: tuple[float, float] = PLATE, gap: float = GAP) -> list[list[Body]]:
    """Each on the ground, none over another, in rows from the front; on as many plates as it takes.

    Args:
        plate: width and depth in millimetres. gap: between two figures, and between a figure and the plate's rim.

    Raises:
        InvalidInput: one is larger than a plate.
    """
    width, depth = plate
    for body in bodies:
        x, y, _ = body.size.tolist()
        if x > width - 2 * gap or y > depth - 2 * gap:
            raise InvalidInput(
                f"{body.name} measures {x:.4g} x {y:.4g} mm, which does not fit on a plate of {width:g} x {depth:g} mm "
                f"with {gap:g} mm around it.",
                "Make it smaller, or give a larger plate or a smaller gap.",
            )
    plates: list[list[Body]] = []
    left, front, row = gap, gap, 0.0
    for body in sorted(bodies, key=lambda one: -one.size[1]):  # deep ones first: a row wastes little then
        x, y, _ = body.size.tolist()
        if left + x > width - gap:
            left, front, row = gap, front + row + gap, 0.0
        if not plates or front + y > depth - gap:
            plates.append([])
            left, front, row = gap, gap, 0.0
        plates[-1].append(body.moved((left - body.lower[0], front - body.lower[1], -body.lower[2])))
        left, row = left + x + gap, max(row, y)
    return plates


def on_the_ground(bodies: Sequence[Body]) -> list[Body]:
    """As they stand to each other, where no coordinate is below 0: some programs take none that is."""
    lower = np.min([body.lower for body in bodies], axis=0)
    return [body.moved(-lower) for body in bodies]

"""Where the items of a batch stand in a scene: arithmetic. Standard library and the engine's ``protocol`` only."""

from __future__ import annotations

import math
from collections.abc import Iterable

from ..engine.protocol import InvalidInput, Request
from .preflight import Item

LAYOUTS = ("grid", "row", "cursor", "files")
#: Between the middles of neighbours, in times of the largest size; more where that size need not be the longest.
_APART, _APART_BY_AXIS = 1.25, 2.0
#: What a model without a size is taken to measure, in millimetres.
_USUAL_MM = 1000.0


def check(layout: str) -> None:
    """Raise InvalidInput where there is no such layout."""
    if layout not in LAYOUTS:
        raise InvalidInput(f"layout must be one of {', '.join(LAYOUTS)}, not {layout!r}.")


def spacing_mm(items: Iterable[Item]) -> float:
    """A distance at which the items do not touch, for all that is known of them before they are made."""
    return max((room_mm(item.request) for item in items), default=_USUAL_MM)


def room_mm(request: Request) -> float:
    """From its middle to that of a like one beside it; all variants of it side by side, where all are placed."""
    apart = _APART if request.axis == "LONGEST" else _APART_BY_AXIS
    return (request.size_mm or _USUAL_MM) * apart * (request.variants if request.place_all else 1)


def offset(layout: str, index: int, count: int, step: float) -> tuple[float, float]:
    """How far to the right (X) and to the back (Y) of the 3D cursor an item stands, in the unit of ``step``.

    A grid fills its rows from left to right and front to back, and has about as many rows as columns.
    """
    if layout == "row":
        return index * step, 0.0
    if layout == "grid":
        across = max(1, math.ceil(math.sqrt(count)))
        return index % across * step, index // across * step
    return 0.0, 0.0

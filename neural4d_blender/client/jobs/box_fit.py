"""How a model goes into a box, as far as lengths tell: plain arithmetic, for who lists variants and who places one.

Standard library only.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...engine.protocol import InvalidInput
from .job_target import Fit

if TYPE_CHECKING:
    from .snapshots import Job, Variant

SEATS = ("FLOOR", "WALL", "CEILING", "MIDDLE")
STRETCHES = ("", "X", "Y", "Z", "ALL")
#: A side shorter than this part of the longest one is none: a plane limits what stands on it in two directions.
FLAT = 1e-5
#: A quarter turn has to fill so many times as much of the box.
_BETTER = 1.02
#: What Blender, or whoever copies an object, puts behind a name.
_NUMBER = re.compile(r"(?:[._ -]+\d+)+$")


def check(seat: str, stretch: str) -> None:
    """Raise InvalidInput where there is no such seat, or no such side."""
    for what, value, allowed in (("seat", seat, SEATS), ("stretch", stretch, STRETCHES)):
        if value not in allowed:
            raise InvalidInput(f"{what} must be one of {', '.join(map(repr, allowed))}, not {value!r}.")


def prompt_of(name: str) -> str:
    """What an object's name asks for: without ".001" and the like, words apart."""
    return " ".join(_NUMBER.sub("", name).replace("_", " ").split())


def share(sides: Sequence[float], box: Sequence[float]) -> float:
    """How much of a box (0 to 1) a model fills that is scaled without stretching; 1 has the box's proportions.

    Args:
        sides: the model's, in any unit; box: the box's, in any unit, 0 for one that limits nothing.
    """
    limits = [(side, length) for side, length in zip(sides, box, strict=True) if length > FLAT * max(box)]
    scales = [length / side for side, length in limits if side > 0]
    filled = 1.0
    for side, length in limits:
        filled *= side * min(scales, default=0.0) / length
    return filled


def is_better_turned(sides: Sequence[float], box: Sequence[float]) -> bool:
    """A quarter turn about the box's up axis makes a model fill notably more of it."""
    x, y, z = sides
    return share((y, x, z), box) > _BETTER * share(sides, box)


def fit_of(job: Job, variant: Variant) -> float | None:
    """How much of its box (0 to 1) a variant fills; None where it has none, or was not measured yet."""
    box, sides = job.request.fit_mm, variant.facts.get("dimensions_mm")
    if not box or not sides or not any(sides):
        return None
    first: Fit = next(iter(job.target.get("fit", ())), Fit())
    return best_share(sides, box, first)


def shown_mm(job: Job, variant: Variant) -> list[float]:
    """Width, depth and height of a variant in millimetres as it stands: in its box, as that was when it was asked for.

    Empty where it was not measured.
    """
    sides, box = variant.facts.get("dimensions_mm", []), job.request.fit_mm
    fits = job.target.get("fit", ())
    if not (sides and box and fits and max(sides) > 0):
        return sides
    turned = may_turn(fits[0]) and is_better_turned(sides, box)
    x, y, z = box
    room = (y, x, z) if turned else box
    scale = min(length / side for side, length in zip(sides, room, strict=True) if side > 0)
    filled = {"": (), "ALL": (0, 1, 2)}.get(fits[0]["stretch"], ("XYZ".find(fits[0]["stretch"]),))
    if turned:
        filled = tuple((1, 0, 2)[way] for way in filled)
    return [room[way] if way in filled else side * scale for way, side in enumerate(sides)]


def best_share(sides: Sequence[float], box: Sequence[float], fit: Fit) -> float:
    """The same, turned where that is allowed and better."""
    x, y, z = sides
    turned = may_turn(fit) and is_better_turned(sides, box)
    return share((y, x, z) if turned else sides, box)


def may_turn(fit: Fit) -> bool:
    """What hangs on a wall has its back there, whatever fits better."""
    return fit.get("turns", True) and fit.get("seat") != "WALL"

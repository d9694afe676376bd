"""Which of several models is wanted, what they may cost together, and when one more is paid for.

Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ...errors import ErrorTexts, InvalidInput
from .facts import Facts
from .report import USES, Report

#: So often a request is sent at most, whatever its rule says.
MOST_TRIES = 20


def check(asked: Mapping[str, Any]) -> None:
    """Raise InvalidInput where the values of a request name no use, no limit, or a rule that could not be kept."""
    for what in ("best_for", "require"):
        if asked[what] not in ("", *USES):
            raise InvalidInput(f"{what} must be one of {', '.join(USES)}, not {asked[what]!r}.")
    for what in ("max_points", "group_points"):
        if asked[what] is not None and not _is_whole(asked[what], 0, math.inf):
            raise InvalidInput(f"{what} must be a whole number of points, not {asked[what]!r}.")
    if asked["group_points"] is not None and not asked["group"]:
        raise InvalidInput("group_points needs the name of the group that it limits.")
    below = asked["retry_below"]
    if asked["keep_in"] and (asked["require"] or below is not None):
        raise InvalidInput(
            "A file that is kept as the service made it is not checked, so nothing can be required of it.",
            "Leave require and retry_below out, or have the model prepared.",
        )
    if below is not None:
        _check_rule(asked, below)


def _check_rule(asked: Mapping[str, Any], below: object) -> None:
    if isinstance(below, bool) or not isinstance(below, int | float) or not 0 < below <= 1:
        raise InvalidInput(f"retry_below must be a score above 0 and up to 1, not {below!r}.")
    if not _is_whole(asked["max_tries"], 1, MOST_TRIES):
        raise InvalidInput(f"max_tries must be 1 to {MOST_TRIES}, not {asked['max_tries']!r}.")
    if asked["max_points"] is None:
        raise InvalidInput("retry_below needs max_points: what all tries may cost together.")
    if asked["bring_in"]:
        raise InvalidInput("What is brought in is there already: another try would bring the same.")
    if asked["choose_cutout"] or asked["place_all"]:
        raise InvalidInput(
            "Further tries are judged by their reports alone.", "Leave choose_cutout and place_all out, or retry_below."
        )
    if asked["options"].get("seed"):
        raise InvalidInput("With a seed each try would bring the same model.", "Leave the seed or retry_below out.")


def compares(asked: Mapping[str, Any], count: int) -> bool:
    """Whether the best one of so many models is placed, by the values of a request: all of them are prepared then."""
    if asked.get("place_all") or asked.get("keep_in"):
        return False
    several = count > 1 or asked.get("retry_below") is not None
    return bool(asked.get("fit_mm") or (_use(asked) and several))


def _use(asked: Mapping[str, Any]) -> str:
    return asked.get("require") or asked.get("best_for") or ""


@dataclass
class Rule:
    """How far a job is with its rule: to order the same again while all that there is falls short.

    Args:
        tries: how often models were ordered. tries_ended: why they are not once more.
    """

    tries: int = 1
    tries_ended: ErrorTexts | None = None

    def goes_on(self, asked: Mapping[str, Any], facts: Iterable[Facts]) -> bool:
        """Whether there is a rule among a request's values, and none of what was measured of the models satisfies it.

        Models that were not checked satisfy nobody, and are no reason to pay for more of them.
        """
        below = asked.get("retry_below")
        if below is None or self.tries_ended or self.tries >= asked.get("max_tries", 0):
            return False
        scores = []
        for one in facts:
            try:
                scores.append(Report.from_json(one.get("report")).verdict(_use(asked)).score)
            except (ValueError, KeyError):
                continue
        return bool(scores) and max(scores) < below


def _is_whole(value: object, least: float, most: float) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most

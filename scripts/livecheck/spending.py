"""How many points may still be spent, and what each step has cost. May import neural4d_blender.engine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from neural4d_blender.engine.model.declaration import Quote


@dataclass
class Cost:
    """What one paid request has cost.

    Args:
        documented: the price of the documents, None where they name none. most: the most by any of them.
        told: the service's own word. fell: what the balance fell by. None: not known.
        after: seconds from the answer to the first balance that showed it. late: one before that did not.
    """

    step: str
    operation: str
    documented: int | None
    most: int | None = None
    told: int | None = None
    fell: int | None = None
    after: float | None = None
    late: bool = False

    @property
    def points(self) -> int | None:
        """The best that is known; None where nothing is."""
        known = [value for value in (self.told, self.fell) if value is not None]
        return max(known, default=None)

    def to_dict(self) -> dict[str, Any]:
        return vars(self) | {"points": self.points}


@dataclass
class Budget:
    """Args:
    most: points that may be spent in all.
    unknown: a price that nobody documents is agreed to, whatever it turns out to be.
    """

    most: int
    unknown: bool = False
    spent: int = 0

    def refuses(self, quotes: Sequence[Quote], balance: int | None) -> str:
        """Why a request with these prices is not sent, in a sentence; empty where it may be.

        Args:
            balance: points that are left at the service: where no document names a price, it cannot cost more.
        """
        left = self.most - self.spent
        if left <= 0:
            return "Nothing more may be spent (--max-points)."
        bounds = [max(quote.points, quote.most or 0) for quote in quotes if quote.points is not None]
        known = sum(bounds)
        if len(bounds) < len(quotes):
            if balance is not None and balance <= left:
                return ""
            if self.unknown and known <= left:
                return ""
            bound = "and the service does not tell what the account holds" if balance is None else (
                f"so it could cost all of the {balance} points on the account"
            )  # fmt: skip
            return (
                f"No document names its price, {bound}; {left} may be spent. Raise --max-points, or agree to any price "
                "with --any-price."
            )
        if known > left:
            return f"It may cost {known} points by the documents, and {left} may be spent."
        return ""

    def book(self, cost: Cost, quotes: Sequence[Quote]) -> None:
        """Count what was spent: where nobody says, the most that it could be by the documents."""
        bound = sum(max(quote.points or 0, quote.most or 0) for quote in quotes)
        self.spent += bound if cost.points is None else cost.points

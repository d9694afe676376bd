"""The account: points in three purses, and one row for every movement of points.

Standard library only.
"""

from __future__ import annotations

import time
from typing import Any

from .settings import Settings


class NotEnough(Exception):
    """The balance does not cover the operation; nothing was taken."""


class Ledger:
    """Points are taken from the purse that runs out first: monthly bonus, then yearly, then permanent."""

    def __init__(self, settings: Settings) -> None:
        self.rows: list[dict[str, Any]] = []
        self.refill(settings)

    def refill(self, settings: Settings) -> None:
        """Set the purses to what the settings say; the rows stay."""
        self.bonus = settings.bonus_points
        self.year = settings.year_points
        self.permanent = settings.balance - settings.bonus_points - settings.year_points

    @property
    def total(self) -> int:
        return self.bonus + self.year + self.permanent

    def charge(self, operation: str, points: int, uuids: list[str]) -> None:
        """Take the points of one accepted operation; a free operation leaves no row.

        Raises:
            NotEnough: the balance is too low.
        """
        if points > self.total:
            raise NotEnough
        if points == 0:
            return
        from_bonus = min(points, self.bonus)
        from_year = min(points - from_bonus, self.year)
        self.bonus -= from_bonus
        self.year -= from_year
        self.permanent -= points - from_bonus - from_year
        self._note(operation, points, uuids)

    def refund(self, operation: str, points: int, uuids: list[str]) -> None:
        """Give points back (to the permanent purse); the row's points are negative."""
        if points:
            self.permanent += points
            self._note(f"{operation} refund", -points, uuids)

    def _note(self, operation: str, points: int, uuids: list[str]) -> None:
        self.rows.append(
            {
                "operation": operation,
                "points": points,
                "uuids": list(uuids),
                "balance_after": self.total,
                "time": time.time(),
            }
        )

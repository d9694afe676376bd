"""The accounts: Neural4D's points in three purses, one sum for each other service, a row for every movement.

Standard library only.
"""

from __future__ import annotations

from typing import Any

from . import present
from .settings import OTHER_SERVICES, Settings


class NotEnough(Exception):
    """The balance does not cover the operation; nothing was taken."""


class Ledger:
    """Neural4D's points are taken from the purse that runs out first: monthly bonus, then yearly, then permanent.

    `balance` is what each service's account begins with, unless `credits` says otherwise for one of the others.
    """

    def __init__(self, settings: Settings) -> None:
        self.rows: list[dict[str, Any]] = []
        self.refill(settings)

    def refill(self, settings: Settings) -> None:
        """Set the purses to what the settings say; the rows stay."""
        self._settings = settings
        self.bonus = settings.bonus_points
        self.year = settings.year_points
        self.permanent = settings.balance - settings.bonus_points - settings.year_points
        self.refill_others(settings)

    def refill_others(self, settings: Settings) -> None:
        """The accounts of the services beside Neural4D; every purchase so far is booked."""
        #: Moment, service and what each purse gave (the others have one) of purchases that may not show yet.
        self._booking: list[tuple[float, str, tuple[int, ...]]] = []
        self._others = {name: settings.credits.get(name, settings.balance) for name in OTHER_SERVICES}

    @property
    def total(self) -> int:
        """Neural4D's points."""
        return self.bonus + self.year + self.permanent

    def balance(self, service: str) -> int:
        """What is left on one service's account."""
        return self._others.get(service, self.total)

    def shown(self, service: str) -> int:
        """What a service says is left: purchases show in it `booking_seconds` after they were made."""
        return self.balance(service) + sum(sum(parts) for parts in self._unbooked(service))

    def shown_purses(self) -> tuple[int, int, int]:
        """Neural4D's bonus, yearly and permanent points, as `shown` has them."""
        purses = (self.bonus, self.year, self.permanent)
        bonus, year, permanent = (sum(column) for column in zip(purses, *self._unbooked("neural4d"), strict=True))
        return bonus, year, permanent

    def _unbooked(self, service: str) -> list[tuple[int, ...]]:
        since = present.monotonic() - self._settings.booking_seconds
        return [parts for moment, name, parts in self._booking if name == service and moment > since]

    def charge(self, operation: str, points: int, uuids: list[str], service: str = "neural4d") -> None:
        """Take the points of one accepted operation; a free operation leaves no row.

        Raises:
            NotEnough: the balance is too low.
        """
        if points > self.balance(service):
            raise NotEnough
        if points == 0:
            return
        if service in self._others:
            self._others[service] -= points
            parts: tuple[int, ...] = (points,)
        else:
            parts = self._take(points)
        self._booking.append((present.monotonic(), service, parts))
        self._note(operation, points, uuids, service)

    def _take(self, points: int) -> tuple[int, int, int]:
        from_bonus = min(points, self.bonus)
        from_year = min(points - from_bonus, self.year)
        self.bonus -= from_bonus
        self.year -= from_year
        self.permanent -= points - from_bonus - from_year
        return from_bonus, from_year, points - from_bonus - from_year

    def refund(self, operation: str, points: int, uuids: list[str], service: str = "neural4d") -> None:
        """Give points back (Neural4D: to the permanent purse); the row's points are negative."""
        if not points:
            return
        if service in self._others:
            self._others[service] += points
        else:
            self.permanent += points
        self._note(f"{operation} refund", -points, uuids, service)

    def _note(self, operation: str, points: int, uuids: list[str], service: str) -> None:
        self.rows.append(
            {
                "service": service,
                "operation": operation,
                "points": points,
                "uuids": list(uuids),
                "balance_after": self.balance(service),
                "time": present.now(),
            }
        )

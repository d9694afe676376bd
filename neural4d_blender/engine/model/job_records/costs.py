"""What the paid operations of a job have cost, as far as it is known. Standard library only; no I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: What stands in the costs for a submission that may have been paid.
LOST = "a submission whose answer is lost"


@dataclass
class Costs:
    """Points that a job has cost, and those that are held for it.

    Args:
        spent: what each paid operation cost: operation, points (None where nobody says), and whether that is
            estimated.
        reserved: points that were checked against caps and not spent since, for the present request and what
            has to follow it.
        buying: a request that may cost points is about to be sent, or on its way.
        asks: points in all that the user is asked to approve of, beyond an allowance; 0 where that is not so.
    """

    spent: list[dict[str, Any]] = field(default_factory=list)
    reserved: int = 0
    buying: bool = False
    asks: int = 0

    def book(self, operation: str, points: int | None, reserved: int | None = None) -> None:
        """Note what an operation is expected to cost (None: nobody says), until :meth:`measured` says what it did.

        Args:
            reserved: what was held for it against caps, where that is more.
        """
        self.reserved = max(0, self.reserved - max(points or 0, reserved or 0))
        self.spent.append({"operation": operation, "points": points, "estimated": True})

    def measured(self, points: int) -> None:
        """The operation booked last really cost this much."""
        self.spent[-1] |= {"points": points, "estimated": False}

    def lose(self) -> None:
        """Note that a submission may have been paid, and that nobody can say whether it was."""
        self.spent.insert(0, {"operation": LOST, "points": None, "estimated": True})

    @property
    def unsure(self) -> bool:
        """More may have been paid than what was accepted."""
        return any(entry["operation"] == LOST for entry in self.spent)

    @property
    def total(self) -> int | None:
        """Points that were spent in all, as far as known; None before the service accepted anything, or where
        what was accepted, or may have been, is not known at all."""
        points = [entry["points"] for entry in self.spent]
        known = sum(value for value in points if value is not None)
        return known if points and (known or None not in points) else None

    @property
    def estimated(self) -> bool:
        """Part of the total is a price, because what the balance really fell by is not known, or may be missing."""
        return any(entry["estimated"] for entry in self.spent)

    @property
    def free(self) -> bool:
        """Nothing was accepted, or all of it is known to have cost nothing."""
        return not self.spent or self.total == 0

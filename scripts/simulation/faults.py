"""Which request gets which fault of the plan. Standard library only."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from .plan import Fault

#: Where services say what is left.
BALANCES = {"queryPointsInfo", "csm/credits", "goneural/billing"}


class Faults:
    """All faults of a plan."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self._faults = list(faults)
        self._counts: Counter[str] = Counter()

    def clear(self) -> None:
        """None are left."""
        self._faults = []

    def take(self, service: str, endpoint: str, *, paid: bool) -> Fault | None:
        """The fault of this request, if it has one."""
        kind = "paid" if paid else "balance" if endpoint in BALANCES else endpoint if service == "file" else "ask"
        found = None
        for name in {kind: 0, endpoint: 0}:
            number = self._counts[name]
            self._counts[name] += 1
            for fault in self._faults:
                if fault.where == name and fault.nth <= number < fault.nth + fault.times:
                    found = found or fault
        return found

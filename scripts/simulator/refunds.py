"""What was paid to one of the services beside Neural4D, so that a failure is paid back once.

Standard library only.
"""

from __future__ import annotations

from dataclasses import dataclass

from .state import World
from .timed_work import Timed


@dataclass
class Purchase:
    """One operation: charged when it was accepted."""

    price: str
    points: int
    id: str
    job: Timed
    refunded: bool = False


class Purchases:
    """A service's operations, in the order they were paid."""

    def __init__(self, world: World, service: str) -> None:
        self._world = world
        self._service = service
        self._all: list[Purchase] = []

    def clear(self) -> None:
        self._all.clear()

    def cost(self, *prices: str) -> int:
        """What operations with these prices ("csm.session") cost together."""
        return sum(self._world.settings.price(price) for price in prices)

    def buy(self, price: str, id: str, job: Timed) -> Purchase:
        """Charge an operation; in the ledger it is called by its price.

        Raises:
            NotEnough: the balance is too low.
        """
        purchase = Purchase(price, self.cost(price), id, job)
        self._world.ledger.charge(price, purchase.points, [id], self._service)
        self._all.append(purchase)
        return purchase

    def settle(self, refund: bool) -> None:
        """Where it is so set, give back what was paid for jobs that failed."""
        for purchase in self._all:
            if refund and not purchase.refunded and purchase.job.state == "failed":
                purchase.refunded = True
                self._world.ledger.refund(purchase.price, purchase.points, [purchase.id], self._service)

"""Everything that can cost points goes through here: checked before it is sent, measured after.

One purchase at a time a service, so that the fall of the balance around it is its price; caps and
balances are looked at before the request goes out.
"""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from .answers import Balance
from .batches import BatchRecord
from .declaration import Feature, Quote
from .errors import BudgetUsedUp, CapReached, InvalidInput, NotEnoughPoints, TransportError, UnexpectedAnswer
from .jobs import Job
from .journal import Journal
from .providers.base import Provider
from .request import Request

#: A price that is higher than the last one is believed when it was seen so often.
_BELIEVED = 3
_NOTHING_SENT = "Nothing was sent and nothing was paid."


@dataclass
class Purchase:
    """A request that may cost points.

    Args:
        expected: points it is going to cost, None where nobody knows.
        before: the balance before it, None where unknown.
        accepted: set by whoever sends it, when the service has taken it.
    """

    expected: int | None
    before: int | None
    accepted: bool = False


class Purse:
    """Measures what operations cost.

    Args:
        balance_changed: told each balance that is read. prices_changed: told when a price was learned.
    """

    def __init__(
        self, journal: Journal, balance_changed: Callable[[str, Balance], None], prices_changed: Callable[[], None]
    ) -> None:
        self.journal = journal
        self.balance_changed = balance_changed
        self.prices_changed = prices_changed
        self._locks: dict[str, threading.Lock] = {}
        #: How many purchases this engine has made, by service.
        self.purchases: Counter[str] = Counter()
        #: The balance after the last purchase; a higher price, and how often it was seen; prices reckoned with so far.
        self._after: dict[str, int | None] = {}
        self._rises: dict[tuple[str, str], tuple[int, int]] = {}
        self._known: dict[str, set[int]] = defaultdict(set)

    def expected(self, provider: str, quote: Quote) -> int | None:
        """Points the operation cost when it was last measured, else the documented ones, else None."""
        measured = self.journal.price(provider, quote.operation)
        return quote.points if measured is None else measured

    def check(self, provider: Provider, job: Job, quotes: list[Quote]) -> int | None:
        """Look at the caps and the balance before anything is sent; returns the balance, None where unknown.

        Raises:
            NotEnoughPoints, CapReached, BudgetUsedUp: one of them does not cover what the quotes amount to.
            InvalidInput: there is a cap, and a price that nobody knows.
        """
        service, unit = provider.declaration.id, provider.declaration.unit
        prices = [self.expected(service, quote) for quote in quotes]
        costs = sum(price for price in prices if price is not None)
        self._known[service] |= {price for price in prices if price}
        told = "" if job.cost else _NOTHING_SENT
        batch = self.journal.batch(job.batch) if job.batch else None
        if None in prices and (_capped(job) or (batch and batch.budget is not None)):
            raise InvalidInput(
                f"{provider.declaration.name} documents no price for this, so a cap on the {unit} cannot be kept.",
                "Generate without a cap.",
            )
        self._reserve(job, batch, costs, told)
        balance = self.read(provider)
        if balance is not None and balance < costs:
            raise NotEnoughPoints(f"This costs about {costs} {unit} and {balance} are left.", cost=told)
        return balance

    def _reserve(self, job: Job, batch: BatchRecord | None, costs: int, told: str) -> None:
        """Hold the job's points against all caps, so that no other job can count on them too."""
        request = Request.from_dict(job.request)
        in_all = (job.cost or 0) + costs
        if request.max_points is not None and in_all > request.max_points:
            what = f"This would cost about {in_all} points in all; the job's cap is {request.max_points}."
            raise CapReached(what, cost=told)
        with self.journal.transaction():  # from the look at what others have committed until the own share is in it
            if request.group_points is not None:
                together = self.journal.group_committed(request.group, job.id) + in_all
                if together > request.group_points:
                    raise CapReached(
                        f"With this, the jobs of {request.group!r} would have cost about {together} points; "
                        f"their cap is {request.group_points}.",
                        "Raise the group's cap and generate again.",
                        cost=told,
                    )
            if batch and batch.budget is not None:
                together = self.journal.batch_committed(job.batch, job.id) + in_all
                if together > batch.budget:
                    raise BudgetUsedUp(
                        f"With this, the batch would have cost about {together} points; its budget is {batch.budget}.",
                        cost=told,
                    )
            job.reserved = max(job.reserved, costs)  # what an earlier step holds is still to come
            if request.group or batch:
                self.journal.save(job)

    @contextmanager
    def spending(
        self, provider: Provider, job: Job, quote: Quote, *, to_follow: Sequence[Quote] = (), repeated: bool = False
    ) -> Iterator[Purchase]:
        """Send one paid request inside; what it really cost is in the job and the journal afterwards.

        Args:
            to_follow: what has to be paid later for this to be of use; balance and caps have to cover it too.
            repeated: the same was paid before, so a balance that does not fall is the truth.

        Raises:
            NotEnoughPoints: before anything is sent.
        """
        service = provider.declaration.id
        with self._locks.setdefault(service, threading.Lock()):
            purchase = Purchase(self.expected(service, quote), self.check(provider, job, [quote, *to_follow]))
            job.balance_before = purchase.before
            if self._after.get(service) != purchase.before:  # somebody else has been at it since
                self._rises = {key: seen for key, seen in self._rises.items() if key[0] != service}
            yield purchase
            if not purchase.accepted:
                return
            self.purchases[service] += 1
            after = self.read(provider) if purchase.before is not None else None
            fell = None if purchase.before is None or after is None else purchase.before - after
            self._after[service] = after
            # A balance that did not fall may fall later; one that rose was topped up meanwhile.
            tells = fell is not None and (fell > 0 or repeated or purchase.expected == 0)
            if fell is not None and tells and self._is_ours(job, quote.operation, purchase, fell):
                job.measured(max(fell, 0))
                if fell > 0:
                    self.journal.learn_price(service, quote.operation, fell)
            self.journal.save(job)
            self.prices_changed()

    def _is_ours(self, job: Job, operation: str, purchase: Purchase, fell: int) -> bool:
        """Whether the fall of the balance is this purchase's price, and not that of somebody else's as well.

        Other computers may buy on the same account at the same moment, and other shares of the same batch certainly
        do. So more than was expected is only believed when it is the same time after time, with nobody else at it
        in between.
        """
        expected = purchase.expected
        if expected is None or fell <= expected:
            return True
        batch = self.journal.batch(job.batch) if job.batch else None
        if batch and batch.shard:
            return False
        if expected == 0:
            return not any(fell % price == 0 for price in self._known[job.provider])
        before = self._rises.get((job.provider, operation), (0, 0))
        times = before[1] + 1 if before[0] == fell else 1
        self._rises[job.provider, operation] = (fell, times)
        return times >= _BELIEVED

    def told(self, job: Job, points: int) -> None:
        """The service itself says what the job has cost: that is its price from now on, unless it gave it back."""
        if job.spent and (job.spent[-1]["estimated"] or job.spent[-1]["points"] != points):
            job.measured(points)
            if points:
                self.journal.learn_price(job.provider, job.spent[-1]["operation"], points)
            self.journal.save(job)
            self.prices_changed()

    def read(self, provider: Provider) -> int | None:
        """The points that are left, or None: not knowing them is no reason to stop."""
        if not provider.declaration.can(Feature.BALANCE):
            return None
        try:
            balance = provider.balance()
        except (TransportError, UnexpectedAnswer):
            return None
        self.balance_changed(provider.declaration.id, balance)
        return balance.total


def _capped(job: Job) -> bool:
    return job.request.get("max_points") is not None or job.request.get("group_points") is not None

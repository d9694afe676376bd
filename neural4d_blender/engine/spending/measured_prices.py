"""What operations cost: as it was measured, as it is documented, and which fall of a balance is a price at all."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from typing import Any

from ..model.declaration import Quote
from ..model.job import Job
from ..model.server_facts import AT_ONCE, BOOKS, LATE
from ..services.base import Provider
from ..store.journal import Journal

#: Seconds after which a service has surely booked what it has sold.
LATEST = 600.0
#: A price that is higher than the last one that was measured is believed when it was seen so often.
_BELIEVED = 3
#: Fact of a server: a price that is higher than the last one, and how often it was seen.
_RISE = "rise of "


class Prices:
    """Prices in points, kept in the journal."""

    def __init__(self, journal: Journal) -> None:
        self.journal = journal
        #: By service: prices that the balance may fall by.
        self._known: defaultdict[str, set[int]] = defaultdict(set)

    def measured(self, provider: Provider, quote: Quote) -> int | None:
        """Points the operation cost when it was last measured."""
        return self.journal.price(provider.declaration.id, quote.operation)

    def expected(self, provider: Provider, quote: Quote) -> int | None:
        """Points the operation cost when it was last measured, else the ones documented for this server, else None."""
        measured = self.measured(provider, quote)
        return provider.documented(quote) if measured is None else measured

    def reserved(self, provider: Provider, quote: Quote) -> int:
        """Points that caps reckon with for the operation."""
        measured = self.measured(provider, quote)
        return max(quote.points or 0, quote.most or 0) if measured is None else measured

    def most(self, provider: Provider, job: Job, quotes: Sequence[Quote]) -> int | None:
        """Points that the job has cost at most once it has bought these too; None where nobody knows."""
        if None in [self.expected(provider, quote) for quote in quotes]:
            return None
        prices = {quote.operation: self.reserved(provider, quote) for quote in quotes}
        total = sum(prices.values())
        for entry in job.costs.spent:
            if entry["points"] is None:
                return None
            total += max(entry["points"], prices.get(entry["operation"], 0) if entry["estimated"] else 0)
        return total

    def note(self, service: str, prices: list[int | None]) -> None:
        """Purchases at such prices are about to be made here."""
        self._known[service] |= {price for price in prices if price}

    def learn(self, job: Job, operation: str, points: int) -> None:
        """What the job's last operation really cost; the price from now on, unless the service gave it back."""
        job.costs.measured(points)
        if points:
            self.journal.learn_price(job.provider, operation, points)

    def is_ours(
        self, provider: Provider, job: Job, operation: str, expected: float | None, fell: float, begun: float
    ) -> bool:
        """Whether the fall of the balance is this purchase's price, and not that of somebody else's as well.

        Other computers may buy on the same account at the same moment, and other shares of the same batch certainly
        do. So more than was measured before is only believed when it is the same time after time, with nobody else
        at it in between. Of a price that is only documented nobody can say that it is the right one.
        """
        if expected is None or fell <= expected:
            return True
        if self.others_pay(job):
            return False
        if expected == 0:
            return not any(fell % price == 0 for price in self._known[job.provider])
        if self.journal.price(job.provider, operation) is None:
            return not self.journal.paid_since(job.provider, begun, job.id)
        seen = provider.server.get(_RISE + operation).split()
        times = int(seen[1]) + 1 if len(seen) == 2 and seen[0] == str(fell) and seen[1].isdigit() else 1
        provider.server.note(_RISE + operation, f"{fell} {times}")
        return times >= _BELIEVED

    def others_cost(
        self, provider: Provider, job: Job, begun: float, own: Sequence[Mapping[str, Any]] | None = None
    ) -> float:
        """Points, at most, that may show in the balance since then for something else than what the job bought then:
        for what others have bought since, or before it where the server books late, and the job itself.

        Args:
            begun: seconds since the epoch. own: what the job has bought before; all that it has, where not given.

        Returns:
            Infinitely many where nobody knows.
        """
        if self.others_pay(job) or job.costs.unsure:
            return math.inf
        if provider.server.get(BOOKS) == AT_ONCE:
            return self.journal.spent_since(job.provider, begun, job.id)
        late = provider.server.get(BOOKS) == LATE
        entries = job.costs.spent if own is None else own
        before = [entry["points"] for entry in entries if late or entry["estimated"]]
        if None in before:
            return math.inf
        return float(sum(before)) + self.journal.spent_since(job.provider, begun - LATEST, job.id)

    def forget_rise(self, provider: Provider, operation: str) -> None:
        """Somebody else has been at it since a higher price was seen."""
        provider.server.note(_RISE + operation, "")

    def others_pay(self, job: Job) -> bool:
        """Other computers certainly buy on the same account: they work on the other shares of the job's batch."""
        batch = self.journal.batch(job.batch) if job.batch else None
        return bool(batch and batch.shard)

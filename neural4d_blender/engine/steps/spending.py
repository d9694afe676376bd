"""Everything that can cost points goes through here: checked before it is sent, measured after.

One purchase at a time a service, so that the fall of the balance around it is its price; caps and
balances are looked at before the request goes out. What the service itself says of a price counts for more.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from ..errors import (
    BudgetUsedUp,
    CapReached,
    HeldBack,
    InvalidInput,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceBusy,
    TransportError,
    UnexpectedAnswer,
)
from ..model.batch import BatchRecord
from ..model.declaration import Feature, Quote
from ..model.job import Job
from ..model.request import Request
from ..model.server_facts import AT_ONCE, BOOKS, LATE
from ..services.answers import Balance
from ..services.base import Provider
from ..store.journal import Journal

#: A price that is higher than the last one that was measured is believed when it was seen so often.
_BELIEVED = 3
#: Seconds after which a service has surely booked what it has sold.
_LATEST = 600.0
_NOTHING_SENT = "Nothing was sent and nothing was paid."
#: Facts of a server: its balance after the last purchase, and a price that is higher than the last one.
_AFTER, _RISE = "balance", "rise of "


@dataclass
class Purchase:
    """A request that may cost points.

    Args:
        expected: points it is going to cost, None where nobody knows. reserved: points held for it against caps.
        before: the balance before it, None where unknown.
        accepted: set by whoever sends it, when the service has taken it.
        told: what the service says it costs, None where it says nothing.
    """

    expected: int | None
    reserved: int
    before: int | None
    accepted: bool = False
    told: int | None = None
    #: Seconds since the epoch.
    begun: float = field(default_factory=time.time)


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
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)
        #: By service: jobs of which is not known whether they were paid, and until when (monotonic) they are watched.
        self._doubts: defaultdict[str, dict[str, float]] = defaultdict(dict)
        #: By service, the purchase whose price has not shown in the balance yet: job, operation, balance before.
        self._late: dict[str, tuple[str, str, int]] = {}
        #: By service, until when (monotonic) the price of an earlier purchase may show in the balance of a later one.
        self._mixed_until: defaultdict[str, float] = defaultdict(float)
        #: What the balance said later of such a purchase, by job.
        self._found_out: dict[str, tuple[str, int]] = {}
        self._known: defaultdict[str, set[int]] = defaultdict(set)

    def expected(self, provider: Provider, quote: Quote) -> int | None:
        """Points the operation cost when it was last measured, else the ones documented for this server, else None."""
        measured = self.journal.price(provider.declaration.id, quote.operation)
        return provider.documented(quote) if measured is None else measured

    def reserved(self, provider: Provider, quote: Quote) -> int:
        """Points that caps reckon with for the operation."""
        measured = self.journal.price(provider.declaration.id, quote.operation)
        return max(quote.points or 0, quote.most or 0) if measured is None else measured

    def check(self, provider: Provider, job: Job, quotes: Sequence[Quote]) -> int | None:
        """Look at the caps and the balance before anything is sent; returns the balance, None where unknown.

        A price that is only documented does not count against the balance: the service knows better.

        Raises:
            NotEnoughPoints, CapReached, BudgetUsedUp: one of them does not cover what the quotes amount to.
            InvalidInput: there is a cap, and a price that nobody knows.
            HeldBack: the balance may not be asked for yet.
        """
        self.reserve(provider, job, quotes)
        balance = self.read(provider)
        measured = [self.journal.price(provider.declaration.id, quote.operation) for quote in quotes]
        costs = sum(price for price in measured if price is not None)
        if balance is not None and costs and balance < costs:
            what = f"This costs about {costs} {provider.declaration.unit} and {balance} are left."
            raise NotEnoughPoints(what, cost="" if job.cost else _NOTHING_SENT)
        return balance

    def reserve(self, provider: Provider, job: Job, quotes: Sequence[Quote]) -> None:
        """Look at the caps alone, and hold what the quotes amount to against them; raises what :meth:`check` does."""
        service, unit = provider.declaration.id, provider.declaration.unit
        prices = [self.expected(provider, quote) for quote in quotes]
        self._known[service] |= {price for price in prices if price}
        told = "" if job.cost else _NOTHING_SENT
        batch = self.journal.batch(job.batch) if job.batch else None
        if None in prices and (_capped(job) or (batch and batch.budget is not None)):
            raise InvalidInput(
                f"{provider.declaration.name} documents no price for this, so a cap on the {unit} cannot be kept.",
                "Generate without a cap.",
            )
        self._reserve(job, batch, sum(self.reserved(provider, quote) for quote in quotes), told)

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
            NotEnoughPoints and the like: before anything is sent, see :meth:`check`.
            HeldBack: nothing may be sent yet.
        """
        service = provider.declaration.id
        with self._locks[service]:
            if self._in_doubt(service, job.id):
                raise HeldBack(
                    "Waiting until it is known whether another job was paid: both at once could not be told apart."
                )
            provider.http.check_pace(paid=True)
            before = self.check(provider, job, [quote, *to_follow])
            self._look_at_late(service, before)
            if self._late.pop(service, None):
                self._mixed_until[service] = time.monotonic() + _LATEST
            purchase = Purchase(self.expected(provider, quote), self.reserved(provider, quote), before)
            after_last = provider.server.get(_AFTER)
            if after_last and after_last != str(before):  # somebody else has been at it since
                provider.server.note(_RISE + quote.operation, "")
            self.journal.note_purchase(job)
            yield purchase
            if purchase.accepted:
                self._measure(provider, job, quote, purchase, repeated)
                self.journal.save(job)
                self.prices_changed()

    def _measure(self, provider: Provider, job: Job, quote: Quote, purchase: Purchase, repeated: bool) -> None:
        """What an accepted purchase really cost, as far as that can be known now."""
        operation, after = quote.operation, None
        if self.journal.price(job.provider, operation) is None and purchase.expected is not None:
            purchase.expected = job.spent[-1]["points"] = provider.documented(quote)
        if purchase.before is not None:
            with suppress(Neural4DError):  # the job is the service's already
                after = self.read(provider)
        provider.server.note(_AFTER, "" if after is None else str(after))
        self._note_booking(provider, purchase, after)
        # A 0 may be a price that is not known yet: where there is a balance, it has to say so too.
        seen = purchase.before is not None and after is not None
        nothing = after == purchase.before and provider.server.get(BOOKS) == AT_ONCE
        if purchase.told is not None and (purchase.told or nothing or not seen):
            self._learn(job, operation, purchase.told)
            return
        if purchase.before is None or after is None or self._mixed_until[job.provider] > time.monotonic():
            return
        fell = purchase.before - after
        # A balance that did not fall may fall later; one that rose was topped up meanwhile.
        if not (fell > 0 or repeated or purchase.expected == 0):
            if fell == 0 and not self.others_pay(job):
                self._late[provider.declaration.id] = (job.id, operation, purchase.before)
            return
        if self.is_ours(provider, job, operation, purchase.expected, fell, purchase.begun):
            job.measured(max(fell, 0))
            if fell > 0:
                self.journal.learn_price(job.provider, operation, fell)

    def _note_booking(self, provider: Provider, purchase: Purchase, after: int | None) -> None:
        """Whether the server shows a purchase in the balance at once: then a balance that stands still is a proof."""
        if purchase.before is None or after is None or provider.server.get(BOOKS) == LATE:
            return
        if after < purchase.before:
            provider.server.note(BOOKS, AT_ONCE)
        elif purchase.told:
            provider.server.note(BOOKS, LATE)

    def _learn(self, job: Job, operation: str, points: int) -> None:
        job.measured(points)
        if points:
            self.journal.learn_price(job.provider, operation, points)

    def is_ours(
        self, provider: Provider, job: Job, operation: str, expected: int | None, fell: int, begun: float
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

    def others_pay(self, job: Job) -> bool:
        """Other computers certainly buy on the same account: they work on the other shares of the job's batch."""
        batch = self.journal.batch(job.batch) if job.batch else None
        return bool(batch and batch.shard)

    # What shows later

    def settle(self, provider: Provider, job: Job) -> None:
        """A job is done whose price was not to be seen at once: look once more, where nothing else was bought since."""
        service = provider.declaration.id
        if not (job.spent and job.cost_estimated):
            return
        with self._locks[service]:
            if self._late.get(service, ("",))[0] == job.id:
                with suppress(Neural4DError):  # the job is the service's already
                    self._look_at_late(service, self.read(provider))
            found = self._found_out.pop(job.id, None)
            if found:
                provider.server.note(BOOKS, LATE)
            last = job.spent[-1]
            if (
                found
                and last["operation"] == found[0]
                and self.is_ours(provider, job, *(found[0], last["points"], found[1], job.sent_at))
            ):
                self._learn(job, *found)
                self.prices_changed()
            elif price := self.journal.price(service, last["operation"]):
                last["points"] = price  # still an estimate, by what others have cost since

    def _look_at_late(self, service: str, balance: int | None) -> None:
        """Take the fall of the balance since the purchase before this one for that one's price."""
        late = self._late.pop(service, None)
        if late and balance is not None and balance < late[2]:
            self._found_out[late[0]] = (late[1], late[2] - balance)
        elif late and balance == late[2]:
            self._late[service] = late

    def told(self, job: Job, points: int) -> None:
        """The service itself says what the job has cost: that is its price from now on, unless it gave it back."""
        if job.spent and (job.spent[-1]["estimated"] or job.spent[-1]["points"] != points):
            self._learn(job, job.spent[-1]["operation"], points)
            self.journal.save(job)
            self.prices_changed()

    def read(self, provider: Provider) -> int | None:
        """The points that are left, or None: not knowing them is no reason to stop.

        Raises:
            ServiceBusy: the service may not be asked yet.
        """
        if not provider.declaration.can(Feature.BALANCE):
            return None
        try:
            balance = provider.balance()
        except ServiceBusy:
            raise
        except (TransportError, UnexpectedAnswer, RequestRefused):
            return None
        self.balance_changed(provider.declaration.id, balance)
        return balance.total

    # Jobs of which nobody knows whether they were paid

    def doubt(self, job: Job, seconds: float) -> None:
        """Whether the job was paid is being found out by the balance: nothing else is bought meanwhile."""
        self._doubts[job.provider][job.id] = time.monotonic() + seconds

    def know(self, job: Job) -> None:
        """That is over, one way or the other."""
        self._doubts[job.provider].pop(job.id, None)

    def _in_doubt(self, service: str, but: str) -> bool:
        now = time.monotonic()
        return any(until > now for job, until in self._doubts[service].copy().items() if job != but)


def _capped(job: Job) -> bool:
    return job.request.get("max_points") is not None or job.request.get("group_points") is not None

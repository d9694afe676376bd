"""Everything that can cost points goes through here: checked before it is sent, measured after.

One purchase at a time a service, so that the fall of the balance around it is its price; caps and
balances are looked at before the request goes out. What the service itself says of a price counts for more.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from ..errors import (
    HeldBack,
    InvalidInput,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceBusy,
    TransportError,
    UnexpectedAnswer,
)
from ..model.declaration import Feature, Quote
from ..model.job import Job
from ..model.server_facts import AT_ONCE, BOOKS, LATE
from ..services.answers import Balance
from ..services.base import Provider
from ..store.journal import Journal
from ..system import SYSTEM, Clock
from . import caps
from .prices import Prices

#: Seconds after which a service has surely booked what it has sold.
_LATEST = 600.0
#: Fact of a server: its balance after the last purchase.
_AFTER = "balance"


@dataclass
class Purchase:
    """A request that may cost points.

    Args:
        expected: points it is going to cost, None where nobody knows. reserved: points held for it against caps.
        before: the balance before it, None where unknown. begun: when it is sent (seconds since the epoch).
        accepted: set by whoever sends it, when the service has taken it.
        told: what the service says it costs, None where it says nothing.
    """

    expected: int | None
    reserved: int
    before: int | None
    begun: float
    accepted: bool = False
    told: int | None = None


class Spending:
    """Measures what operations cost.

    Args:
        balance_changed: told each balance that is read. prices_changed: told when a price was learned.
    """

    def __init__(
        self,
        journal: Journal,
        balance_changed: Callable[[str, Balance], None],
        prices_changed: Callable[[], None],
        clock: Clock = SYSTEM.clock,
    ) -> None:
        self.journal = journal
        self.prices = Prices(journal)
        self.clock = clock
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
        measured = [self.prices.measured(provider, quote) for quote in quotes]
        costs = sum(price for price in measured if price is not None)
        if balance is not None and costs and balance < costs:
            what = f"This costs about {costs} {provider.declaration.unit} and {balance} are left."
            raise NotEnoughPoints(what, cost="" if job.costs.total else caps.NOTHING_SENT)
        return balance

    def reserve(self, provider: Provider, job: Job, quotes: Sequence[Quote]) -> None:
        """Look at the caps alone, and hold what the quotes amount to against them; raises what :meth:`check` does."""
        service, unit = provider.declaration.id, provider.declaration.unit
        prices = [self.prices.expected(provider, quote) for quote in quotes]
        self.prices.note(service, prices)
        batch = self.journal.batch(job.batch) if job.batch else None
        if None in prices and caps.are_set(job, batch):
            raise InvalidInput(
                f"{provider.declaration.name} documents no price for this, so a cap on the {unit} cannot be kept.",
                "Generate without a cap.",
            )
        caps.reserve(self.journal, job, batch, sum(self.prices.reserved(provider, quote) for quote in quotes))

    def book(self, provider: Provider, job: Job, quote: Quote) -> int | None:
        """Note that the service has taken what was quoted; returns the points it is expected to cost."""
        expected = self.prices.expected(provider, quote)
        job.costs.book(quote.operation, expected, self.prices.reserved(provider, quote))
        return expected

    @contextmanager
    def purchase(
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
                    "Waiting until it is known whether another job was paid: both at once could not be told apart.",
                    other_job=True,
                )
            provider.http.check_pace(paid=True)
            before = self.check(provider, job, [quote, *to_follow])
            self._look_at_late(service, before)
            if self._late.pop(service, None):
                self._mixed_until[service] = self.clock.monotonic() + _LATEST
            expected, reserved = self.prices.expected(provider, quote), self.prices.reserved(provider, quote)
            purchase = Purchase(expected, reserved, before, self.clock.now())
            after_last = provider.server.get(_AFTER)
            if after_last and after_last != str(before):  # somebody else has been at it since
                self.prices.forget_rise(provider, quote.operation)
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
            purchase.expected = job.costs.spent[-1]["points"] = provider.documented(quote)
        if purchase.before is not None:
            with suppress(Neural4DError):  # the job is the service's already
                after = self.read(provider)
        provider.server.note(_AFTER, "" if after is None else str(after))
        self._note_booking(provider, purchase, after)
        # A 0 may be a price that is not known yet: where there is a balance, it has to say so too.
        seen = purchase.before is not None and after is not None
        nothing = after == purchase.before and provider.server.get(BOOKS) == AT_ONCE
        if purchase.told is not None and (purchase.told or nothing or not seen):
            self.prices.learn(job, operation, purchase.told)
            return
        if purchase.before is None or after is None or self._mixed_until[job.provider] > self.clock.monotonic():
            return
        fell = purchase.before - after
        # A balance that did not fall may fall later; one that rose was topped up meanwhile.
        if not (fell > 0 or repeated or purchase.expected == 0):
            if fell == 0 and not self.prices.others_pay(job):
                self._late[provider.declaration.id] = (job.id, operation, purchase.before)
            return
        if self.prices.is_ours(provider, job, operation, purchase.expected, fell, purchase.begun):
            self.prices.learn(job, operation, max(fell, 0))

    def _note_booking(self, provider: Provider, purchase: Purchase, after: int | None) -> None:
        """Whether the server shows a purchase in the balance at once: then a balance that stands still is a proof."""
        if purchase.before is None or after is None or provider.server.get(BOOKS) == LATE:
            return
        if after < purchase.before:
            provider.server.note(BOOKS, AT_ONCE)
        elif purchase.told:
            provider.server.note(BOOKS, LATE)

    # What shows later

    def settle(self, provider: Provider, job: Job) -> None:
        """A job is done whose price was not to be seen at once: look once more, where nothing else was bought since."""
        service = provider.declaration.id
        if not job.costs.estimated:
            return
        with self._locks[service]:
            if self._late.get(service, ("",))[0] == job.id:
                with suppress(Neural4DError):  # the job is the service's already
                    self._look_at_late(service, self.read(provider))
            operation, fell = self._found_out.pop(job.id, ("", 0))
            if operation:
                provider.server.note(BOOKS, LATE)
            last = job.costs.spent[-1]
            ours = operation == last["operation"]
            if ours and self.prices.is_ours(provider, job, operation, last["points"], fell, job.submission.sent_at):
                self.prices.learn(job, operation, fell)
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
        last = job.costs.spent[-1] if job.costs.spent else None
        if last and (last["estimated"] or last["points"] != points):
            self.prices.learn(job, last["operation"], points)
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
        self._doubts[job.provider][job.id] = self.clock.monotonic() + seconds

    def know(self, job: Job) -> None:
        """That is over, one way or the other."""
        self._doubts[job.provider].pop(job.id, None)

    def _in_doubt(self, service: str, but: str) -> bool:
        now = self.clock.monotonic()
        return any(until > now for job, until in self._doubts[service].copy().items() if job != but)

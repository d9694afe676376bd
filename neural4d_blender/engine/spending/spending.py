"""Everything that can cost points goes through here: checked before it is sent, measured after.

One purchase at a time a service, so that the fall of the balance around it is its price; caps and
balances are looked at before the request goes out. What the service itself says of a price counts for more.
"""

from __future__ import annotations

import math
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any

from ..clock import Clock
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
from ..files.download import Stopped
from ..http import interruptible
from ..model.declaration import Feature, Quote
from ..model.job import Job
from ..model.server_facts import AT_ONCE, BOOKS, LATE
from ..services.base import Provider
from ..services.results import Balance
from ..store.journal import Journal
from ..system import SYSTEM
from . import spending_limits
from .measured_prices import LATEST, Prices
from .purchase import Purchase, buying
from .purchase_lock import NotItsTurn, Turns

#: Fact of a server: its balance after the last purchase.
_AFTER = "balance"


class Spending:
    """Measures what operations cost.

    Args:
        balance_changed: told each balance that is read. prices_changed: told when a price was learned.
        stopping: set when the engine ends: nothing more is bought.

    Attributes:
        paying: ids of the jobs for which something that may be paid is on its way.
    """

    def __init__(
        self,
        journal: Journal,
        balance_changed: Callable[[str, Balance], None],
        prices_changed: Callable[[], None],
        clock: Clock = SYSTEM.clock,
        stopping: threading.Event | None = None,
    ) -> None:
        self.journal = journal
        self.paying: set[str] = set()
        self._stopping = stopping or threading.Event()
        self.prices = Prices(journal)
        self.clock = clock
        self.balance_changed = balance_changed
        self.prices_changed = prices_changed
        self.turns = Turns()
        #: By service, the purchase whose price has not shown in the balance yet: job, operation, balance before, when.
        self._late: dict[str, tuple[str, str, float, float]] = {}
        #: By service, until when (monotonic) the price of an earlier purchase may show in the balance of a later one.
        self._mixed_until: defaultdict[str, float] = defaultdict(float)
        #: What the balance said later of such a purchase, by job.
        self._found_out: dict[str, tuple[str, float]] = {}

    def check(self, provider: Provider, job: Job, quotes: Sequence[Quote]) -> float | None:
        """Look at the caps and the balance before anything is sent; returns the balance, None where unknown.

        A price that is only documented does not count against the balance: the service knows better.

        Raises:
            NotEnoughPoints, CapReached, BudgetUsedUp, AllowanceUsedUp: one does not cover what the quotes amount to.
            InvalidInput: there is a cap, and a price that nobody knows.
            HeldBack: the balance may not be asked for yet.
        """
        self.reserve(provider, job, quotes)
        balance = self.read(provider)
        measured = [self.prices.measured(provider, quote) for quote in quotes]
        costs = sum(price for price in measured if price is not None)
        if balance is not None and costs and balance < costs:
            what = f"This costs about {costs} {provider.declaration.unit} and {balance:g} are left."
            raise NotEnoughPoints(what, cost=spending_limits.NOTHING_SENT if job.costs.free else "")
        return balance

    def reserve(self, provider: Provider, job: Job, quotes: Sequence[Quote]) -> None:
        """Look at the caps alone, and hold what the quotes amount to against them; raises what :meth:`check` does."""
        service, unit = provider.declaration.id, provider.declaration.unit
        prices = [self.prices.expected(provider, quote) for quote in quotes]
        self.prices.note(service, prices)
        batch = self.journal.batch(job.batch) if job.batch else None
        allowances = spending_limits.allowances_of(self.journal, job)
        if None in prices and (allowances or spending_limits.are_set(job, batch)):
            raise InvalidInput(
                f"{provider.declaration.name} documents no price for this, so a limit on the {unit} cannot be kept.",
                "Generate without a spending limit.",
            )
        costs = sum(self.prices.reserved(provider, quote) for quote in quotes)
        spending_limits.reserve(self.journal, job, batch, costs, allowances)

    def book(self, provider: Provider, job: Job, quote: Quote) -> int | None:
        """Note that the service has taken what was quoted; returns the points it is expected to cost."""
        expected = self.prices.expected(provider, quote)
        job.costs.book(quote.operation, expected, self.prices.reserved(provider, quote))
        return expected

    @contextmanager
    def purchase(
        self,
        provider: Provider,
        job: Job,
        quote: Quote,
        *,
        to_follow: Sequence[Quote] = (),
        repeated: bool = False,
        sent: Mapping[str, Any] | None = None,
    ) -> Iterator[Purchase]:
        """Send one paid request inside; what it really cost is in the job and the journal afterwards.

        Args:
            to_follow: what has to be paid later for this to be of use; balance and caps have to cover it too.
            repeated: the same was paid before, so a balance that does not fall is the truth.
            sent: when it went out before (``at``) and the balance then (``before``), where nobody knows whether that
                was paid.

        Raises:
            NotEnoughPoints and the like: before anything is sent, see :meth:`check`.
            HeldBack: nothing may be sent yet. NotItsTurn: another purchase is on its way. Stopped: the engine ends.
        """
        service = provider.declaration.id
        with self.turns.take(service), buying(job):
            provider.http.check_pace(paid=True)
            if self.journal.others_in_doubt(service, job.id):
                raise _held_back()
            last = self.journal.last_purchase(service, job.id)
            before = self.check(provider, job, [quote, *to_follow])
            self._look_at_late(service, before)
            if self._late.pop(service, None):
                self._mixed_until[service] = self.clock.monotonic() + LATEST
            expected, reserved = self.prices.expected(provider, quote), self.prices.reserved(provider, quote)
            after_last = provider.server.get(_AFTER)
            if after_last and after_last != str(before):  # somebody else has been at it since
                self.prices.forget_rise(provider, quote.operation)
            with self.journal.transaction():  # of two engines that have read the same balance one waits
                if self.journal.last_purchase(service, job.id) != last or self.journal.others_in_doubt(service, job.id):
                    raise _held_back()
                purchase = Purchase(expected, reserved, before, self.clock.now())
                # Asked before it is noted: then it is behind all that others have bought since it was sent last.
                if job.submission.number:
                    purchase.others = self.prices.others_cost(provider, job, job.submission.sent_at)
                if sent:
                    others = self.journal.paid_since(service, sent["at"], job.id)
                    purchase.before, purchase.begun = None if others else sent["before"], sent["at"]
                self.journal.note_purchase(job)
            self.paying.add(job.id)
            try:
                if (
                    self._stopping.is_set()
                ):  # asked after it was noted: whoever ends the engine does it the other way round
                    raise Stopped
                yield purchase
                if purchase.accepted:
                    job.costs.buying = False
                    self._measure(provider, job, quote, purchase, repeated)
                    self.journal.save(job)
                    self.prices_changed()
            finally:
                self.paying.discard(job.id)

    def _measure(self, provider: Provider, job: Job, quote: Quote, purchase: Purchase, repeated: bool) -> None:
        """What an accepted purchase really cost, as far as that can be known now."""
        operation, after = quote.operation, None
        if self.journal.price(job.provider, operation) is None and purchase.expected is not None:
            purchase.expected = job.costs.spent[-1]["points"] = provider.documented(quote)
        if purchase.before is not None:
            with suppress(Neural4DError):  # the job is the service's already
                after = self.read(provider)
        provider.server.note(_AFTER, "" if after is None else str(after))
        mixed = self._is_mixed(provider, job, purchase)
        self._note_booking(provider, purchase, after, mixed=mixed)
        # A 0 may be a price that is not known yet: the balance has to say so too.
        nothing = after is not None and after == purchase.before and provider.server.get(BOOKS) == AT_ONCE
        if purchase.told is not None and (purchase.told or nothing):
            self.prices.learn(job, operation, purchase.told)
            return
        if purchase.before is None or after is None or mixed:
            return
        fell = purchase.before - after
        if fell > 0:
            self.measure(provider, job, operation, purchase.expected, fell, purchase.begun)
        elif (repeated and nothing) or purchase.expected == 0:
            self.prices.learn(job, operation, 0)
        elif fell == 0 and not self.prices.others_pay(job):
            # It may fall later; one that rose was topped up meanwhile.
            self._late[provider.declaration.id] = (job.id, operation, purchase.before, purchase.begun)

    def measure(
        self, provider: Provider, job: Job, operation: str, expected: float | None, fell: float, begun: float
    ) -> None:
        """Take a fall of the balance for the price of the job's last operation, where it is that.

        Args:
            begun: when that was sent (seconds since the epoch).
        """
        if fell <= 0 or not self.prices.is_ours(provider, job, operation, expected, fell, begun):
            return
        if fell == int(fell):
            self.prices.learn(job, operation, int(fell))
        else:  # prices are whole, so this one is told as about as much
            job.costs.spent[-1]["points"] = math.ceil(fell)

    def _is_mixed(self, provider: Provider, job: Job, purchase: Purchase) -> bool:
        """Whether what was bought before, perhaps under an engine that is no more, may show in the balance only now."""
        if self._mixed_until[job.provider] > self.clock.monotonic():
            return True
        return self.prices.others_cost(provider, job, purchase.begun, job.costs.spent[:-1]) > 0

    def _note_booking(self, provider: Provider, purchase: Purchase, after: float | None, *, mixed: bool) -> None:
        """Whether the server shows a purchase in the balance at once: then a balance that stands still is a proof."""
        if purchase.before is None or after is None or provider.server.get(BOOKS) == LATE:
            return
        if after < purchase.before and not mixed:
            provider.server.note(BOOKS, AT_ONCE)
        elif after >= purchase.before and purchase.told:
            provider.server.note(BOOKS, LATE)

    # What shows later

    def settle(self, provider: Provider, job: Job) -> None:
        """A job is done whose price was not to be seen at once: look once more, where nothing else was bought since."""
        service = provider.declaration.id
        if not job.costs.estimated:
            return
        with suppress(NotItsTurn), self.turns.take(service):  # a model that is done waits for nobody's purchase
            if self._late.get(service, ("",))[0] == job.id:
                with suppress(Neural4DError):  # the job is the service's already
                    self._look_at_late(service, self.read(provider))
        operation, fell = self._found_out.pop(job.id, ("", 0))
        if operation:
            provider.server.note(BOOKS, LATE)
        last = job.costs.spent[-1]
        if operation == last["operation"]:
            self.measure(provider, job, operation, last["points"], fell, job.submission.sent_at)
            self.prices_changed()
        price = self.journal.price(service, last["operation"])
        if last["estimated"] and price:
            last["points"] = price  # still an estimate, by what others have cost since

    def _look_at_late(self, service: str, balance: float | None) -> None:
        """Take the fall of the balance since the purchase before this one for that one's price."""
        late = self._late.pop(service, None)
        if late and self.journal.paid_since(service, late[3], late[0]):
            return  # another engine has, and what of the fall is whose nobody knows
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

    def read(self, provider: Provider) -> float | None:
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
            if interruptible.is_unwanted():
                raise
            return None
        self.balance_changed(provider.declaration.id, balance)
        return balance.exact


def _held_back() -> HeldBack:
    what = "Waiting until it is known whether another job was paid: both at once could not be told apart."
    return HeldBack(what, other_job=True)

"""A paid request went out and no usable answer came: whether it was taken is found out before anything else is done.

The service's own records count where it can be asked for the job. Otherwise the balance is the witness: fallen means
paid, and the same over a while means not taken. Nothing is sent again but what the service certainly does not have. A
refusal is such an answer too: it may be that of a gateway in the service's place.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from contextlib import suppress

from ...errors import KeyRejected, Neural4DError, PaymentUnknown, ServiceBusy, SubmissionLost, from_dict
from ...http.refusals import kind_of
from ...model.declaration import Feature, Quote
from ...model.job import Job
from ...model.request import Request
from ...model.server_facts import AT_ONCE, BOOKS
from ...model.states import State
from ...services.base import Provider
from ...services.results import Submission, Trace
from ...spending.measured_prices import LATEST
from .. import retry_or_fail
from ..active_job import ActiveJob
from ..context import Context
from ..failure_texts import cost_of_lost, cost_of_refused

#: When the balance is read, in parts of the time that it is watched for: a service may book late.
_READINGS = (0.0, 0.05, 0.2, 0.5, 1.0)
#: The part of that time in which what was accepted shows in the service's records.
_SOON = 0.15


def look(
    context: Context,
    active: ActiveJob,
    provider: Provider,
    request: Request,
    quote: Quote,
    accepted: Callable[[Submission], None],
) -> float | None:
    """Look once; returns seconds until the next step, None to stop.

    Args:
        quote: of the request that went out. accepted: notes what the service took, and enters the next state.

    Raises:
        PaymentUnknown: it was paid, or that cannot be known. SubmissionLost: it was not taken.
        RequestRefused and the like: nor was it, and the service had said why.
    """
    job, sent = active.job, active.job.submission
    if job.state is State.SUBMITTING:  # whoever sent it has died: it may still arrive, and is watched from then on
        context.enter(job, State.UNKNOWN)
        left = sent.sent_at + context.timing.on_its_way - context.clock.now()
        active.since = context.clock.monotonic() + min(max(left, 0.0), context.timing.on_its_way)
    trace, now = active.trace or (
        provider.look_for(request, sent.tickets, sent.sent_at, sent.paying_for == "pictures"),
        context.clock.monotonic(),
    )
    if trace and trace.found:
        _found(context, job, provider, trace.found, quote, accepted)
        return context.timing.quickest
    active.trace = trace, now  # where the next call is held back, this one is not made again
    active.since = active.since or now
    watched, before, can_tell = now - active.since, sent.balance_before, tells_balance(provider)
    if not trace and not (can_tell and before is not None):
        return _without_witness(context, active, provider)
    balance = context.spending.read(provider) if can_tell else None
    active.readings.append(balance)
    active.trace = None
    shows = not trace or watched > _SOON * context.timing.watch
    # What the service can be asked for may show a little later than what it has cost.
    if before is not None and balance is not None and balance != before and shows:
        if not sent.documented or (
            fell(context, job, provider, balance) and context.clock.now() - sent.sent_at < LATEST
        ):
            _moved(context, job, provider, quote, before, balance)
        return _not_taken(context, active, provider, trace)  # others have bought something: its word has to do
    at_once = balance is not None and balance == before and provider.server.get(BOOKS) == AT_ONCE
    proof = trace is not None and trace.proof and shows
    if sent.documented and (at_once or proof):
        return _not_taken(context, active, provider, trace)
    if watched < context.timing.watch or len(active.readings) < 2:
        at = next((part for part in _READINGS if part * context.timing.watch > watched), 1.0)
        return max(min(at - watched / context.timing.watch, 0.5) * context.timing.watch, context.timing.quickest)
    return _not_taken(context, active, provider, trace)


def fell(context: Context, job: Job, provider: Provider, balance: float | None, others: float | None = None) -> bool:
    """Whether more points are gone since the job was sent than other purchases can have cost.

    Args:
        others: those points, where they are known already.
    """
    before = job.submission.balance_before
    if before is None or balance is None or balance >= before:
        return False
    return before - balance > (_others_cost(context, job, provider) if others is None else others)


def _others_cost(context: Context, job: Job, provider: Provider) -> float:
    return context.spending.prices.others_cost(provider, job, job.submission.sent_at)


def taken_though_refused(
    context: Context,
    job: Job,
    provider: Provider,
    quote: Quote,
    accepted: Callable[[Submission], None],
    balance: float | None,
    others: float | None = None,
) -> float:
    """The balance has fallen although the service refused the job: take what it has of it, if that can be found.

    Args:
        others: see :func:`fell`.

    Raises:
        PaymentUnknown: it cannot.
    """
    sent = job.submission
    with suppress(Neural4DError):
        trace = provider.look_for(
            Request.from_dict(job.request), sent.tickets, sent.sent_at, sent.paying_for == "pictures"
        )
        if trace and trace.found:
            _found(context, job, provider, trace.found, quote, accepted, others)
            return context.timing.quickest
    _moved(context, job, provider, quote, sent.balance_before or 0, balance or 0, others)
    raise AssertionError("it has moved")


def tells_balance(provider: Provider) -> bool:
    """Whether the service, or this server of it, tells what is left."""
    return not provider.lacks(Feature.BALANCE, provider.server.facts)


def _found(
    context: Context,
    job: Job,
    provider: Provider,
    found: Submission,
    quote: Quote,
    accepted: Callable[[Submission], None],
    others: float | None = None,
) -> None:
    """The service has it after all. What it cost is its own word, or what the balance fell by."""
    job.submission.settle()
    others = _others_cost(context, job, provider) if others is None else others
    expected = context.spending.book(provider, job, quote)
    accepted(found)
    points, before = found.points, job.submission.balance_before
    if points is None and tells_balance(provider) and before is not None:
        with suppress(Neural4DError):
            balance = context.spending.read(provider)
            if balance is not None and not others:
                context.spending.measure(
                    provider, job, quote.operation, expected, before - balance, job.submission.sent_at
                )
    elif points:
        context.spending.told(job, points)


def _moved(
    context: Context,
    job: Job,
    provider: Provider,
    quote: Quote,
    before: float,
    balance: float,
    others: float | None = None,
) -> None:
    """The balance is another one than before the job was sent."""
    if balance > before or (_others_cost(context, job, provider) if others is None else others):
        raise _unknown(context, job, provider)
    said = _said(job)
    job.submission.settle()  # from here on it is the user who decides
    gone = before - balance
    points = math.ceil(gone)
    job.costs.book(quote.operation, points, context.spending.prices.reserved(provider, quote))
    if gone == context.spending.prices.expected(provider, quote):  # another sum may be somebody else's
        job.costs.measured(points)
    raise PaymentUnknown(
        f"{said} But the balance fell by {gone:g} {provider.declaration.unit}: the service has "
        "probably taken the job, and its answer with the model's address is lost.",
        cost=cost_of_lost(job, points),
    )


def _not_taken(context: Context, active: ActiveJob, provider: Provider, trace: Trace | None) -> float | None:
    """All was quiet for as long as the job was watched."""
    job, sent = active.job, active.job.submission
    still = sent.balance_before is not None and all(reading == sent.balance_before for reading in active.readings[-2:])
    proof = trace is not None and trace.proof
    # A service that was seen to book at once would have booked it by now.
    at_once = still and provider.server.get(BOOKS) == AT_ONCE
    if not (still or proof or sent.documented):
        raise _unknown(context, job, provider)
    certain = proof or (at_once and len(active.readings) > 2)
    active.readings, active.since = [], 0.0
    if sent.refused:
        error = from_dict(sent.refused)
        sent.settle()
        surely = at_once or ((still or proof) and isinstance(error, KeyRejected))
        again = _is_sent_again(context, job, error)
        return _refused(context, job, provider, error, again=again, surely=surely, stands=still)
    sent.in_doubt = False
    carried = "the balance has not fallen" if still else "the service has no record of it"
    if sent.refusal:
        raise kind_of(sent.refusal)(
            f"{sent.refusal.rstrip('.')}. {provider.declaration.name} took no job.",
            cost=f"Nothing was paid: {carried}." if job.costs.free else "",
        )
    if certain and sent.number < context.timing.looks:
        context.enter(job, State.QUEUED)
        return 0.0
    sent.number = 0
    raise SubmissionLost(
        f"No usable answer came, and {carried}: the service has not taken the job.",
        "Press Retry to send it again.",
    )


def _is_sent_again(context: Context, job: Job, error: Neural4DError) -> bool:
    """The service was only busy, or it is the user who wants that (see retry_and_choose.py)."""
    times = job.submission.number
    return not times or (isinstance(error, ServiceBusy) and times < context.timing.refusals)


def _refused(
    context: Context,
    job: Job,
    provider: Provider,
    error: Neural4DError,
    *,
    again: bool,
    surely: bool = False,
    stands: bool = False,
) -> float | None:
    """The refusal stands: the request is sent again, or the job ends with it."""
    sent, busy = job.submission, isinstance(error, ServiceBusy)
    if again:
        if sent.balance_before is None and tells_balance(provider):
            # It could not be read before: what the service acts on from now on shows before it is sent again.
            sent.balance_before = context.spending.read(provider)
        context.enter(job, State.QUEUED)
        return 0.0
    sent.number, sent.tickets, sent.in_doubt = 0, [], False
    if busy or not surely:
        error.cost = cost_of_refused(job, error, stands=stands and not busy)
    if not busy:
        raise error
    retry_or_fail.fail(context, job, error)  # raised it would be waited for
    return None


def _without_witness(context: Context, active: ActiveJob, provider: Provider) -> float | None:
    """Nobody can say whether the request arrived, but the refusal itself."""
    job, sent = active.job, active.job.submission
    if not sent.refused:
        raise _unknown(context, job, provider)
    error, documented = from_dict(sent.refused), sent.documented
    if documented:
        sent.settle()  # else Retry is the user's risk, see Job.retry_pays
    return _refused(context, job, provider, error, again=documented and _is_sent_again(context, job, error))


def _said(job: Job) -> str:
    """What came instead of a usable answer: the service's own sentence goes first."""
    if job.submission.refused:
        return f"{job.submission.refused['what'].rstrip('.')}."
    if job.submission.refusal:
        return f"{job.submission.refusal.rstrip('.')}. The answer names no model."
    return "No usable answer came."


def _unknown(context: Context, job: Job, provider: Provider) -> PaymentUnknown:
    said, tickets = _said(job), job.submission.tickets
    job.submission.settle()  # from here on it is the user who decides
    job.costs.lose()
    name = provider.declaration.name
    no_word = "and its balance does not tell either" if tells_balance(provider) else "and it tells no balance"
    return PaymentUnknown(
        f"{said} {name} cannot say whether the request arrived, {no_word}.",
        f"Look for the job {tickets[0]} on {name}'s own page, before you press Retry." if tickets else "",
        cost="Unknown: it may have been paid. Retry would send it, and may pay, again.",
    )

"""A paid request went out and no usable answer came: whether it was taken is found out before anything else is done.

The service's own records count where it can be asked for the job. Otherwise the balance is the witness: fallen means
paid, and the same over a while means not taken. Nothing is sent again but what the service certainly does not have.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

from ..errors import Neural4DError, PaymentUnknown, SubmissionLost
from ..http.refusals import kind_of
from ..model.declaration import Feature, Quote
from ..model.job import Job
from ..model.request import Request
from ..model.server_facts import AT_ONCE, BOOKS
from ..model.states import State
from ..services.answers import Submission, Trace
from ..services.base import Provider
from .active_job import ActiveJob
from .context import Context
from .failure_texts import cost_of_lost

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
) -> float:
    """Look once; returns seconds until the next step.

    Args:
        quote: of the request that went out. accepted: notes what the service took, and enters the next state.

    Raises:
        PaymentUnknown: it was paid, or that cannot be known. SubmissionLost: it was not taken.
        RequestRefused: nor was it, and the service had said why.
    """
    job = active.job
    if job.state is State.SUBMITTING:
        context.enter(job, State.UNKNOWN)
    context.spending.doubt(job, context.timing.watch * 2)
    trace = provider.look_for(
        request, job.submission.tickets, job.submission.sent_at, job.submission.paying_for == "pictures"
    )
    if trace and trace.found:
        _found(context, job, provider, trace.found, quote, accepted)
        return context.timing.quickest
    now = context.clock.monotonic()
    active.since = active.since or now
    can_tell = _tells_balance(provider)
    if not trace and not (can_tell and job.submission.balance_before is not None):
        raise _unknown(context, job, provider)
    balance = context.spending.read(provider) if can_tell else None
    active.readings.append(balance)
    before = job.submission.balance_before
    watched = now - active.since
    # What the service can be asked for may show a little later than what it has cost.
    if (
        before is not None
        and balance is not None
        and balance != before
        and (not trace or watched > _SOON * context.timing.watch)
    ):
        _moved(context, job, provider, quote, before, balance)
    if watched < context.timing.watch or len(active.readings) < 2:
        at = next((part for part in _READINGS if part * context.timing.watch > watched), 1.0)
        return max(at * context.timing.watch - watched, context.timing.quickest)
    return _not_taken(context, active, provider, trace)


def _found(
    context: Context,
    job: Job,
    provider: Provider,
    found: Submission,
    quote: Quote,
    accepted: Callable[[Submission], None],
) -> None:
    """The service has it after all. What it cost is its own word, or what the balance fell by."""
    job.submission.in_doubt = False
    expected = context.spending.book(provider, job, quote)
    accepted(found)
    context.spending.know(job)
    points = found.points
    if points is None and _tells_balance(provider) and job.submission.balance_before is not None:
        with suppress(Neural4DError):
            balance = context.spending.read(provider)
            if balance is not None and not context.journal.paid_since(job.provider, job.submission.sent_at, job.id):
                fell = job.submission.balance_before - balance
                ours = context.spending.prices.is_ours(
                    provider, job, quote.operation, expected, fell, job.submission.sent_at
                )
                points = fell if ours else None
    if points is not None and points > 0:
        context.spending.told(job, points)


def _moved(context: Context, job: Job, provider: Provider, quote: Quote, before: int, balance: int) -> None:
    """The balance is another one than before the job was sent."""
    others_pay = context.spending.prices.others_pay(job)
    if balance > before or others_pay or context.journal.paid_since(job.provider, job.submission.sent_at, job.id):
        raise _unknown(context, job, provider)
    job.submission.in_doubt = False  # from here on it is the user who decides
    context.spending.know(job)
    job.costs.book(quote.operation, before - balance, context.spending.prices.reserved(provider, quote))
    job.costs.measured(before - balance)
    raise PaymentUnknown(
        f"{_said(job)}, but the balance fell by {before - balance} {provider.declaration.unit}: the service has "
        "probably taken the job, and its answer with the model's address is lost.",
        cost=cost_of_lost(job, before - balance),
    )


def _not_taken(context: Context, active: ActiveJob, provider: Provider, trace: Trace | None) -> float:
    """All was quiet for as long as the job was watched."""
    job = active.job
    still = job.submission.balance_before is not None and all(
        reading == job.submission.balance_before for reading in active.readings[-2:]
    )
    proof = trace is not None and trace.proof
    # A service that was seen to book at once would have booked it by now.
    certain = proof or (still and len(active.readings) > 2 and provider.server.get(BOOKS) == AT_ONCE)
    if not (still or proof):
        raise _unknown(context, job, provider)
    active.readings, active.since = [], 0.0
    job.submission.in_doubt = False
    context.spending.know(job)
    carried = "the balance has not fallen" if still else "the service has no record of it"
    if job.submission.refusal:
        raise kind_of(job.submission.refusal)(
            f"{job.submission.refusal.rstrip('.')}. {provider.declaration.name} took no job.",
            cost=f"Nothing was paid: {carried}.",
        )
    if certain and job.submission.number < context.timing.looks:
        context.enter(job, State.QUEUED)
        return 0.0
    job.submission.number = 0
    raise SubmissionLost(
        f"No usable answer came, and {carried}: the service has not taken the job.",
        "Press Retry to send it again.",
        cost="Nothing was paid.",
    )


def _said(job: Job) -> str:
    """What came instead of a usable answer: the service's own sentence goes first."""
    return (
        f"{job.submission.refusal.rstrip('.')}. The answer names no model"
        if job.submission.refusal
        else "No usable answer came"
    )


def _tells_balance(provider: Provider) -> bool:
    return not provider.lacks(Feature.BALANCE, provider.server.facts)


def _unknown(context: Context, job: Job, provider: Provider) -> PaymentUnknown:
    job.submission.in_doubt = False  # from here on it is the user who decides
    context.spending.know(job)
    name = provider.declaration.name
    can_tell = _tells_balance(provider)
    no_word = "and its balance does not tell either" if can_tell else "and it tells no balance"
    return PaymentUnknown(
        f"{_said(job)}; {name} cannot say whether the request arrived, {no_word}.",
        f"Look for the job {job.submission.tickets[0]} on {name}'s own page, before you press Retry."
        if job.submission.tickets
        else "",
        cost="Unknown: it may have been paid. Retry would send it, and may pay, again.",
    )

"""One request that costs points, sent so that nothing is paid twice: journaled before, judged after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from ..errors import (
    HeldBack,
    InvalidInput,
    JournalUnusable,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    OtherGeneration,
    PaymentUnknown,
    RequestRefused,
    ServiceBusy,
    ServiceUnreachable,
    TransportError,
    UnexpectedAnswer,
)
from ..files.download import Stopped
from ..model.declaration import Quote
from ..model.job import Job
from ..model.server_facts import AT_ONCE, BOOKS
from ..model.states import State
from ..services.answers import Submission
from ..services.base import Provider
from .active_job import ActiveJob
from .context import Context
from .failure_texts import cost_of_lost, cost_of_refused

#: Trouble in which the service says that it has not acted, or cannot have; every other kind leaves that open.
NOTHING_HAPPENED = (
    ServiceUnreachable,
    ServiceBusy,
    KeyRejected,
    NotEnoughPoints,
    RequestRefused,
    InvalidInput,
    OtherGeneration,
)


def pay(
    context: Context,
    active: ActiveJob,
    provider: Provider,
    quote: Quote,
    to_follow: Sequence[Quote],
    send: Callable[[], Submission],
    accepted: Callable[[Submission], None],
    paying_for: str = "",
) -> float:
    """Send it, and have what the service took noted by ``accepted``, which enters the next state.

    Args:
        paying_for: see Job.

    Returns:
        Seconds until the next step.

    Raises:
        Whatever ``send`` does, where nothing was taken; PaymentUnknown where a request that the service refused was
        paid all the same.
    """
    job = active.job
    with context.spending.purchase(provider, job, quote, to_follow=to_follow) as purchase:
        if active.unwanted or context.stopping.is_set():
            raise Stopped  # the last moment at which it is free
        if job.submission.number and _fell(context, job, purchase.before):
            raise _paid_though_refused(context, job, quote, purchase.before)
        job.submission.balance_before = purchase.before
        # A submission that is sent again carries the same ids: should the first one turn up after
        # all, it is found under them.
        job.submission.number += 1
        job.submission.in_doubt, job.submission.paying_for, job.submission.refusal, job.submission.sent_at = (
            True,
            paying_for,
            "",
            context.clock.now(),
        )
        try:
            context.enter(job, State.SUBMITTING)
        except JournalUnusable:  # so it is not sent, and nothing is in doubt
            job.submission.number -= 1
            job.submission.in_doubt = False
            job.enter(State.QUEUED, context.clock.now())
            raise
        try:
            submission = send()
        except NOTHING_HAPPENED as error:
            busy, after = isinstance(error, ServiceBusy), None
            if not (busy or _unsent(error)):
                with suppress(Neural4DError):
                    after = context.spending.read(provider)
                if _fell(context, job, after):
                    raise _paid_though_refused(context, job, quote, after) from error
            stands = after is not None and after == purchase.before
            _back(context, job, keep=busy)
            # Whom it does not know (401) it cannot charge either.
            if not (_unsent(error) or error.http == 401 or (stands and provider.server.get(BOOKS) == AT_ONCE)):
                error.cost = cost_of_refused(job, error, stands=stands)
            raise
        except (TransportError, UnexpectedAnswer) as error:
            return doubt(context, active, error)
        purchase.accepted, purchase.told = True, submission.points
        job.submission.in_doubt = False
        job.costs.book(quote.operation, purchase.expected, purchase.reserved)
        accepted(submission)
    context.publish(job)
    return context.timing.quickest


def doubt(context: Context, active: ActiveJob, error: Neural4DError) -> float:
    """No usable answer came: whether the service took it has to be found out before anything else is done."""
    job = active.job
    job.submission.refusal = getattr(error, "refusal", "")
    active.readings, active.since = [], 0.0
    context.spending.doubt(job, context.timing.watch * 2)
    context.enter(job, State.UNKNOWN)
    job.note = f"{error.what} Finding out whether the job arrived."
    context.save(job)
    return context.timing.look_again


def _back(context: Context, job: Job, *, keep: bool) -> None:
    """It was not taken. Ids that a busy service may have seen are asked for before they are sent again."""
    job.submission.in_doubt = False
    if not keep:
        job.submission.tickets, job.submission.number = [], 0
    context.enter(job, State.QUEUED)


def _unsent(error: Neural4DError) -> bool:
    """Nothing went out that could be paid, or it went to an address that the server does not have."""
    refused = isinstance(error, InvalidInput) and error.http
    return not refused and isinstance(error, HeldBack | OtherGeneration | ServiceUnreachable | InvalidInput)


def _fell(context: Context, job: Job, balance: int | None) -> bool:
    """Whether points are gone since the job was sent that nobody else here has spent."""
    before = job.submission.balance_before
    gone = before is not None and balance is not None and balance < before
    return gone and not context.journal.paid_since(job.provider, job.submission.sent_at, job.id)


def _paid_though_refused(context: Context, job: Job, quote: Quote, balance: int | None) -> PaymentUnknown:
    fell = (job.submission.balance_before or 0) - (balance or 0)
    job.submission.in_doubt = False
    job.costs.book(quote.operation, fell)
    job.costs.measured(fell)
    return PaymentUnknown(
        f"The service refused the job, and yet the balance fell by {fell}: it has probably taken it, "
        "and does not say where the model is.",
        cost=cost_of_lost(job, fell),
    )

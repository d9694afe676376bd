"""One request that costs points, sent so that nothing is paid twice: journaled before, judged after."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress

from ...errors import (
    HeldBack,
    InvalidInput,
    JournalUnusable,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    OtherGeneration,
    RequestRefused,
    ServiceBusy,
    ServiceUnreachable,
)
from ...files.download import Stopped
from ...http import refusals
from ...model.declaration import Quote
from ...model.job import Job
from ...model.server_facts import AT_ONCE, BOOKS
from ...model.states import State
from ...services.base import Provider
from ...services.results import Submission
from .. import retry_or_fail
from ..active_job import ActiveJob
from ..context import Context
from ..failure_texts import cost_of_refused
from . import lost_answers

#: The service, or somebody in its place, says that it has not acted; every other trouble leaves that open anyway.
REFUSALS = (ServiceBusy, KeyRejected, NotEnoughPoints, RequestRefused, InvalidInput)


def pay(
    context: Context,
    active: ActiveJob,
    provider: Provider,
    quote: Quote,
    to_follow: Sequence[Quote],
    send: Callable[[], Submission],
    accepted: Callable[[Submission], None],
    paying_for: str = "",
) -> float | None:
    """Send it, and have what the service took noted by ``accepted``, which enters the next state.

    Args:
        paying_for: see Job.

    Returns:
        Seconds until the next step, None to stop.

    Raises:
        Whatever ``send`` does, where nothing was taken; PaymentUnknown where a request that the service refused was
        paid all the same.
    """
    job, sent = active.job, active.job.submission
    with context.spending.purchase(provider, job, quote, to_follow=to_follow) as purchase:
        if active.unwanted or context.stopping.is_set():
            raise Stopped  # the last moment at which it is free
        if sent.number and lost_answers.fell(context, job, provider, purchase.before, purchase.others):
            balance, others = purchase.before, purchase.others
            return lost_answers.taken_though_refused(context, job, provider, quote, accepted, balance, others)
        # A submission that is sent again carries the same ids: should the first one turn up after
        # all, it is found under them.
        sent.number += 1
        sent.settle()
        sent.in_doubt, sent.balance_before, sent.paying_for, sent.refusal, sent.sent_at = (
            True,
            purchase.before,
            paying_for,
            "",
            purchase.begun,
        )
        try:
            context.enter(job, State.SUBMITTING)
        except JournalUnusable:  # so it is not sent, and nothing is in doubt
            sent.number -= 1
            sent.in_doubt = False
            job.enter(State.QUEUED, context.clock.now())
            raise
        try:
            submission = send()
        except Neural4DError as error:
            return _not_accepted(context, active, provider, quote, accepted, error)
        purchase.accepted, purchase.told = True, submission.points
        sent.in_doubt = False
        job.costs.book(quote.operation, purchase.expected, purchase.reserved)
        accepted(submission)
    context.publish(job)
    return context.timing.quickest


def _not_accepted(
    context: Context,
    active: ActiveJob,
    provider: Provider,
    quote: Quote,
    accepted: Callable[[Submission], None],
    error: Neural4DError,
) -> float | None:
    """What becomes of it: back where nothing went out, to an end where that is certain, else into doubt."""
    job, sent = active.job, active.job.submission
    if is_unsent(error):
        sent.number -= 1
        _back(context, job)
        raise error
    if not isinstance(error, (*REFUSALS, OtherGeneration)):
        return doubt(context, active, error)
    key_refused = isinstance(error, KeyRejected) and _key_is_refused(provider)
    certain = key_refused or isinstance(error, OtherGeneration) or is_documented(provider, error)
    if isinstance(error, ServiceBusy) or not certain:
        sent.refused, sent.documented = error.to_dict(), certain
        return doubt(context, active, error)
    balance = None
    with suppress(Neural4DError):
        balance = context.spending.read(provider)
    if lost_answers.fell(context, job, provider, balance):
        sent.refused = error.to_dict()
        return lost_answers.taken_though_refused(context, job, provider, quote, accepted, balance)
    stands = balance is not None and balance == sent.balance_before
    sent.number = 0
    if not (key_refused or isinstance(error, OtherGeneration) or (stands and provider.server.get(BOOKS) == AT_ONCE)):
        # Looked at again before it is sent again: the balance may fall later.
        sent.refused, sent.documented = error.to_dict(), True
        error.cost = cost_of_refused(job, error, stands=stands)
    _back(context, job)
    raise error


def doubt(context: Context, active: ActiveJob, error: Neural4DError) -> float | None:
    """Whether the service took it has to be found out before anything else is done."""
    job = active.job
    job.submission.refusal = getattr(error, "refusal", "")
    active.trace, active.readings, active.since = None, [], context.clock.monotonic() if job.submission.refused else 0.0
    context.enter(job, State.UNKNOWN)
    if isinstance(error, ServiceBusy):
        return retry_or_fail.slow_down(context, active, error, paid=True)
    job.note = f"{error.what} Finding out whether the job arrived."
    context.save(job)
    return context.timing.look_again


def is_documented(provider: Provider, error: Neural4DError) -> bool:
    """Whether it is a refusal that the service's documents have, or that is plain from its words.

    What stands in an answer of status 200 is the service's own; with another status it may be a gateway's.
    """
    if not error.http:
        return True
    said = refusals.sentence(error.answer)
    if isinstance(error, NotEnoughPoints) and refusals.kind_of(said) is NotEnoughPoints:
        return error.by_api
    if isinstance(error, ServiceBusy) and refusals.names_hurry(said):
        return error.by_api
    return provider.documents(error)


def is_unsent(error: Neural4DError) -> bool:
    """Nothing went out that could be paid."""
    return not error.http and isinstance(error, HeldBack | ServiceUnreachable | InvalidInput)


def _back(context: Context, job: Job) -> None:
    """It was not taken. Ids that the service may have seen before stay the job's."""
    job.submission.in_doubt = False
    if not job.submission.number and not job.submission.refused:
        job.submission.tickets = []
    context.enter(job, State.QUEUED)


def _key_is_refused(provider: Provider) -> bool:
    """Whether a question that costs nothing is refused for the key as well: whom it does not know it cannot charge."""
    try:
        (provider.balance if lost_answers.tells_balance(provider) else provider.test_key)()
    except KeyRejected:
        return True
    except Neural4DError:
        pass
    return False

"""From a request to a job that the service has accepted: portrait check, cut-outs, the submission itself.

What can cost points is journaled before it is sent, and is sent again only when it is certain that
the service has not acted on it.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from . import delivery
from .answers import Cutout, Submission
from .declaration import Feature, Quote
from .download import Stopped, download
from .errors import (
    CutoutFailed,
    InvalidInput,
    JournalUnusable,
    KeyRejected,
    Neural4DError,
    NoPortrait,
    NotEnoughPoints,
    PaymentUnknown,
    RequestRefused,
    ServiceBusy,
    ServiceUnreachable,
    SubmissionLost,
    TransportError,
    UnexpectedAnswer,
)
from .jobs import Job, Variant
from .providers.base import Provider
from .request import Request
from .states import State, VariantState

if TYPE_CHECKING:
    from .live import Live
    from .runner import Runner

#: Trouble in which the service certainly has not acted; every other kind leaves that open.
NOTHING_HAPPENED = (ServiceUnreachable, ServiceBusy, KeyRejected, NotEnoughPoints, RequestRefused, InvalidInput)
#: Between two questions for the cut-outs, in times of the quickest pace; seconds until they are given up.
_CUTOUT_EVERY, _CUTOUT_LIMIT = 1.5, 300.0
_MAX_PICTURE = 40 * 1024 * 1024


def advance(runner: Runner, live: Live) -> float | None:
    """One step of a job that is not accepted yet. Returns seconds until the next one, None to stop."""
    job = live.job
    request = Request.from_dict(job.request)
    provider = runner.provider(job.provider)
    if job.state in (State.SUBMITTING, State.UNKNOWN):
        return _look_for(runner, live, provider, request)
    if job.state is State.QUEUED and request.images and not _input_is_ready(provider, request, job):
        runner.purse.check(provider, job, provider.quotes(request))  # before the upload, not after it
        runner.enter(job, State.PREPARING_INPUT)
        return 0.0
    if not _input_is_ready(provider, request, job):
        return _prepare_input(runner, live, provider, request)
    return _submit(runner, live, provider, request)


def choose_cutout(runner: Runner, live: Live, cutout: int) -> None:
    """Go on with the chosen picture: with the submission, or with the next stage of what was submitted."""
    live.job.cutout = cutout
    runner.enter(live.job, State.GENERATING if live.job.variants else State.QUEUED)


def _input_is_ready(provider: Provider, request: Request, job: Job) -> bool:
    portrait_done = job.portrait_done or not provider.checks_portrait(request)
    return portrait_done and (job.cutout is not None or not provider.needs_cutout(request))


def _prepare_input(runner: Runner, live: Live, provider: Provider, request: Request) -> float | None:
    job = live.job
    if provider.checks_portrait(request) and not job.portrait_done:
        last = live.attempts + 1 >= runner.timing.attempts
        _check_portrait(provider, request, job, last=last)
        job.portraits += 1
        job.portrait_done = job.portraits >= len(request.images)
        runner.save(job)
        return runner.timing.quickest
    if not job.matting:
        with runner.purse.spending(provider, job, Quote("matting", 0)) as purchase:
            job.matting, details = provider.cut_out(request.images[0])
            purchase.accepted = True
            job.service |= details
            job.book("matting", 0)
            runner.save(job)
        live.since = time.monotonic()
        return runner.timing.quickest
    try:
        cutouts = provider.cutouts(job.matting)
    except RequestRefused:
        job.matting = ""  # Retry uploads the image again
        raise
    if not cutouts:
        live.since = live.since or time.monotonic()
        if time.monotonic() - live.since > _CUTOUT_LIMIT:
            job.matting = ""
            raise CutoutFailed(f"The cut-outs were not ready after {_CUTOUT_LIMIT:g} s.")
        return _CUTOUT_EVERY * runner.timing.quickest
    return 0.0 if take_choices(runner, job, cutouts) else None


def take_choices(runner: Runner, job: Job, choices: Sequence[Cutout]) -> bool:
    """Note the pictures to choose from. True where the first one is to be taken, False where the user chooses."""
    job.cutouts = [{"key": choice.key, "url": choice.url, "path": ""} for choice in choices]
    if not job.request.get("choose_cutout"):
        job.cutout = 0
        runner.save(job)
        return True
    _fetch_cutouts(runner, job)
    runner.enter(job, State.CHOOSING_CUTOUT)
    return False


def _check_portrait(provider: Provider, request: Request, job: Job, *, last: bool) -> None:
    """Look at the next image. A 'no' stops the job before anything is paid, and so does a check that fails for the
    last time; Retry overrules both.
    """
    try:
        portrait = provider.portrait(request.images[job.portraits])
    except (TransportError, UnexpectedAnswer, RequestRefused) as error:
        if not last and not isinstance(error, RequestRefused):
            raise
        job.portrait_done = True
        raise NoPortrait(f"The portrait check did not work. {error.what}") from error
    if portrait.valid and portrait.found:
        return
    name = f"image {job.portraits + 1}" if len(request.images) > 1 else "the image"
    job.portrait_done = True  # the user's Retry goes on all the same
    if portrait.valid:
        raise NoPortrait(f"The service sees no person in {name}.")
    raise NoPortrait(f"The service could not tell whether a person is in {name}: {portrait.message}")


def _fetch_cutouts(runner: Runner, job: Job) -> None:
    """Pictures to choose from; one that cannot be fetched can still be chosen by its number."""
    folder = runner.folder_of(job)
    for number, cutout in enumerate(job.cutouts):
        path = folder / f"cutout{number}.png"
        try:
            download(cutout["url"], path, limit=_MAX_PICTURE, stopped=runner.stopping.is_set)
        except Neural4DError:
            continue
        cutout["path"] = str(path)


def _submit(runner: Runner, live: Live, provider: Provider, request: Request) -> float | None:
    job = live.job
    quote, *to_follow = provider.quotes(request)
    if job.tickets and provider.arrived(job.tickets):  # a service that was too busy to say so has taken it
        _accepted(runner, job, Submission(job.tickets), quote.operation, runner.purse.expected(job.provider, quote))
        return runner.timing.quickest
    with runner.purse.spending(provider, job, quote, to_follow=to_follow) as purchase:
        if live.unwanted or runner.stopping.is_set():
            raise Stopped  # the last moment at which it is free
        live.purchases = runner.purse.purchases[job.provider]
        # A submission that is sent again carries the same ids: should the first one turn up after
        # all, it is found under them.
        job.tickets = job.tickets or provider.tickets(request, job.id)
        job.submission += 1
        job.in_doubt = True
        try:
            runner.enter(job, State.SUBMITTING)
        except JournalUnusable:  # so it is not sent, and nothing is in doubt
            job.submission -= 1
            job.in_doubt = False
            job.enter(State.QUEUED)
            raise
        cutout = job.cutouts[job.cutout]["key"] if job.cutout is not None else ""
        try:
            submission = provider.submit(request, job.tickets, cutout)
        except NOTHING_HAPPENED as error:
            job.in_doubt = False
            if not isinstance(error, ServiceBusy):  # which is asked for them before they are sent again
                job.tickets = []
            if isinstance(error, RequestRefused):
                job.matting, job.cutouts, job.cutout = "", [], None  # they may be what was refused
            runner.enter(job, State.QUEUED)
            raise
        except (TransportError, UnexpectedAnswer) as error:
            runner.enter(job, State.UNKNOWN)
            job.note = f"{error.what} Finding out whether the job arrived."
            runner.save(job)
            return runner.timing.look_again
        purchase.accepted = True
        _accepted(runner, job, submission, quote.operation, purchase.expected)
    runner.publish(job)
    return runner.timing.quickest


def _accepted(runner: Runner, job: Job, submission: Submission, operation: str, points: int | None) -> None:
    job.variants = [Variant(index, uuid) for index, uuid in enumerate(submission.uuids)]
    for variant in job.variants:
        if variant.uuid in submission.polls:
            delivery.take_in(job, variant, submission.polls[variant.uuid])
    for reason in submission.failures:
        error = RequestRefused(f"The service refused this image: {reason}").to_dict()
        job.variants.append(Variant(len(job.variants), "", VariantState.FAILED, error=error))
    job.service |= submission.details
    job.in_doubt = False
    job.book(operation, points)
    runner.enter(job, State.GENERATING)
    for poll in submission.polls.values():
        if poll.points is not None:
            runner.purse.told(job, poll.points)


def _look_for(runner: Runner, live: Live, provider: Provider, request: Request) -> float | None:
    """A submission went out and no usable answer came: find out before anything else is done."""
    job = live.job
    if job.state is State.SUBMITTING:
        runner.enter(job, State.UNKNOWN)
    quote = provider.quotes(request)[0]
    arrived = provider.arrived(job.tickets)
    if arrived is None and not provider.declaration.can(Feature.BALANCE):
        _judge_by_balance(runner, live, provider, quote)
    if arrived:
        _accepted(runner, job, Submission(job.tickets), quote.operation, runner.purse.expected(job.provider, quote))
        return runner.timing.quickest
    live.looks += 1
    if live.looks < runner.timing.looks:
        return runner.timing.look_again
    live.looks = 0
    if arrived is None:
        _judge_by_balance(runner, live, provider, quote)
    job.in_doubt = False
    if job.submission >= runner.timing.looks:
        raise SubmissionLost(
            "The request was sent several times, and the service has no record of it.", cost="Nothing was paid."
        )
    runner.enter(job, State.QUEUED)
    return 0.0


def _judge_by_balance(runner: Runner, live: Live, provider: Provider, quote: Quote) -> None:
    """The service has no ids of ours to look for: only the balance can tell. Never sent again unasked."""
    job = live.job
    after, before = runner.purse.read(provider), job.balance_before
    others_paid = live.purchases not in (None, runner.purse.purchases[job.provider])
    job.in_doubt = False  # from here on it is the user who decides
    if before is not None and after == before:  # one that rose was topped up, and proves nothing
        raise SubmissionLost(
            "No answer came, and the balance has not fallen: the service has not taken the job.",
            "Press Retry to send it again.",
            cost="Nothing was paid.",
        )
    if before is not None and after is not None and after < before and not others_paid:
        job.book(quote.operation, before - after)
        raise PaymentUnknown(
            f"No answer came, but the balance fell by {before - after} points: the service has probably taken the "
            "job, and its answer with the model's address is lost.",
            cost=f"{before - after} points. Retry would be a new job, and paid again.",
        )
    can_tell = provider.declaration.can(Feature.BALANCE)
    no_word = "and its balance does not tell either" if can_tell else "and it tells no balance"
    raise PaymentUnknown(
        f"The request went out and no answer came; {provider.declaration.name} cannot say whether it arrived, "
        f"{no_word}.",
        f"Look for the job {job.tickets[0]} on {provider.declaration.name}'s own page, before you press Retry."
        if job.tickets
        else "",
        cost="Unknown: it may have been paid. Retry would send it, and may pay, again.",
    )

"""From a request to a job that the service has accepted: portrait check, pictures to choose from, the submission.

What can cost points is sent by paid_request.py, and looked for by lost_answers.py where its answer was lost.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from ..errors import (
    CutoutFailed,
    GenerationFailed,
    Neural4DError,
    NoPortrait,
    RequestRefused,
    TransportError,
    UnexpectedAnswer,
)
from ..model.declaration import Quote
from ..model.inputs.picture_end import check_whole
from ..model.job import Job
from ..model.job_records.choice import Choice
from ..model.request import Request
from ..model.states import State, VariantState
from ..model.variant import Variant
from ..policy.policy import Policy
from ..services.base import Provider
from ..services.results import Cutout, Submission
from . import brought_in
from .active_job import ActiveJob
from .context import Context
from .delivery import convert_and_download
from .delivery.check_download import check_pixels, check_something
from .paid_requests import lost_answers, paid_request

#: Between two questions for pictures to choose from, in times of the quickest pace; seconds until cut-outs are given
#: up.
_CUTOUT_EVERY, _CUTOUT_LIMIT = 1.5, 300.0
_MAX_PICTURE = 40 * 1024 * 1024


def advance(context: Context, active: ActiveJob) -> float | None:
    """One step of a job that is not accepted yet. Returns seconds until the next one, None to stop."""
    job = active.job
    request = Request.from_dict(job.request)
    provider = context.provider(job.provider)
    if request.bring_in:
        _accepted(context, job, brought_in.submission_of(job, provider, request))
        return 0.0
    if job.state in (State.SUBMITTING, State.UNKNOWN):
        return _look_for(context, active, provider, request)
    Policy.at(context.folder).apply(job.provider, request)  # it may have changed since the job was taken in
    if job.state is State.QUEUED and not job.submission.number and (request.images or provider.makes_pictures(request)):
        context.spending.reserve(provider, job, provider.quotes(request))  # before the service is asked for anything
    if _input_is_ready(provider, request, job):
        return _submit(context, active, provider, request)
    if provider.makes_pictures(request):
        return _make_pictures(context, active, provider, request)
    if job.state is State.QUEUED:
        context.spending.check(provider, job, provider.quotes(request))  # before the upload, not after it
        context.enter(job, State.PREPARING_INPUT)
        return 0.0
    return _prepare_input(context, active, provider, request)


def _input_is_ready(provider: Provider, request: Request, job: Job) -> bool:
    portrait_done = job.portrait_done or not provider.checks_portrait(request)
    chooses = provider.makes_pictures(request) or provider.needs_cutout(request)
    return portrait_done and (job.choice.cutout is not None or not chooses)


def _prepare_input(context: Context, active: ActiveJob, provider: Provider, request: Request) -> float | None:
    job = active.job
    if provider.checks_portrait(request) and not job.portrait_done:
        last = active.attempts + 1 >= context.timing.attempts or active.refusals + 1 >= context.timing.refusals
        _check_portrait(provider, request, job, last=last)
        job.portraits += 1
        job.portrait_done = job.portraits >= len(request.images)
        context.save(job)
        return context.timing.quickest
    if not job.choice.matting:
        with context.spending.purchase(provider, job, Quote("matting", 0)) as purchase:
            job.choice.matting, details = provider.cut_out(request.images[0])
            purchase.accepted = True
            job.service |= details
            job.costs.book("matting", 0)
            context.save(job)
        active.since = context.clock.monotonic()
        return context.timing.quickest
    try:
        cutouts = provider.cutouts(job.choice.matting)
    except RequestRefused:
        job.choice.matting = ""  # Retry uploads the image again
        raise
    if not cutouts:
        active.since = active.since or context.clock.monotonic()
        if context.clock.monotonic() - active.since > _CUTOUT_LIMIT:
            job.choice.matting = ""
            raise CutoutFailed(f"The cut-outs were not ready after {_CUTOUT_LIMIT:g} s.")
        return _CUTOUT_EVERY * context.timing.quickest
    return 0.0 if take_choices(context, job, cutouts) else None


def _make_pictures(context: Context, active: ActiveJob, provider: Provider, request: Request) -> float | None:
    """Order the pictures, wait for them, and have one of them chosen. They stay on disk, whatever comes of the job."""
    job = active.job
    if not job.choice.picture_ids:
        quote, *to_follow = provider.quotes(request)
        return paid_request.pay(
            *(context, active, provider, quote, to_follow),
            send=lambda: provider.order_pictures(request),
            accepted=lambda submission: _pictures_accepted(context, job, submission),
            paying_for="pictures",
        )
    if job.state is State.QUEUED:
        context.enter(job, State.PREPARING_INPUT)
    pictures, said = [], ""
    try:
        pictures = provider.pictures(job.choice.picture_ids)
    except GenerationFailed:
        job.choice.picture_ids = []  # Retry orders new ones
        raise
    except UnexpectedAnswer as error:
        if not error.refusal:
            raise
        said = f"{error.refusal.rstrip('.')}. "
    if not pictures:
        active.since = active.since or context.clock.monotonic()
        if context.clock.monotonic() - active.since > context.timing.picture_limit:
            raise GenerationFailed(
                f"{said}The pictures were not ready after {context.timing.picture_limit / 60:g} minutes.",
                "Press Retry to go on waiting: nothing is sent or paid again.",
                kept="The pictures stay at the service.",
            )
        return 2 * _CUTOUT_EVERY * context.timing.quickest
    chosen = take_choices(context, job, pictures)
    if chosen:
        _fetch_cutouts(context, job)
        context.save(job)
    return 0.0 if chosen else None


def _pictures_accepted(context: Context, job: Job, submission: Submission) -> None:
    job.choice.picture_ids = list(submission.uuids)
    job.service |= submission.details
    job.submission.tickets, job.submission.number = [], 0  # what is sent next is another request
    context.enter(job, State.PREPARING_INPUT)


def take_choices(context: Context, job: Job, choices: Sequence[Cutout]) -> bool:
    """Note the pictures to choose from. True where the first one is to be taken, False where the user chooses."""
    job.choice.cutouts = [{"key": choice.key, "url": choice.url, "path": ""} for choice in choices]
    if not job.request.get("choose_cutout"):
        job.choice.cutout = 0
        context.save(job)
        return True
    _fetch_cutouts(context, job)
    context.enter(job, State.CHOOSING_CUTOUT)
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


def _fetch_cutouts(context: Context, job: Job) -> None:
    """Pictures to choose from; one that cannot be fetched can still be chosen by its number."""
    folder = context.folder_of(job)
    for number, cutout in enumerate(job.choice.cutouts):
        path = folder / f"cutout{number}.png"
        try:
            context.fetch(
                job, cutout["url"], path, limit=_MAX_PICTURE, check=_check_picture, stopped=context.stopping.is_set
            )
        except Neural4DError:
            continue
        cutout["path"] = str(path)


def _check_picture(path: Path) -> None:
    """A damaged one would be refused each time that it is sent, though it is paid for and can be fetched again."""
    check_something(path)
    check_pixels(path)
    check_whole(path)


def _fetch_again(context: Context, job: Job, provider: Provider) -> None:
    """A chosen picture is not here: what is paid for is asked for its address, which may have expired, once more."""
    urls = {picture.key: picture.url for picture in provider.pictures(job.choice.picture_ids)}
    for cutout in job.choice.cutouts:
        cutout["url"] = urls.get(cutout["key"], cutout["url"])
    _fetch_cutouts(context, job)
    context.save(job)


def _submit(context: Context, active: ActiveJob, provider: Provider, request: Request) -> float | None:
    job = active.job
    quote, *to_follow = _model_quotes(provider, request)
    chosen = job.choice.chosen
    if job.choice.picture_ids and job.choice.cutout is not None and not Path(chosen["path"]).is_file():
        _fetch_again(context, job, provider)
    job.submission.tickets = job.submission.tickets or provider.tickets(request, job.id)
    with _new_cutouts_where_refused(job):
        return paid_request.pay(
            *(context, active, provider, quote, to_follow),
            send=lambda: provider.submit(request, job.submission.tickets, chosen["key"], chosen["path"]),
            accepted=lambda submission: _accepted(context, job, submission),
        )


@contextmanager
def _new_cutouts_where_refused(job: Job) -> Iterator[None]:
    try:
        yield
    except RequestRefused:
        if not job.choice.picture_ids:
            job.choice = Choice()  # its cut-outs may be what was refused
        raise


def _model_quotes(provider: Provider, request: Request) -> list[Quote]:
    """Of the submission itself and what may follow it: pictures that were made first are paid for."""
    quotes = provider.quotes(request)
    return quotes[1:] if provider.makes_pictures(request) else quotes


def _accepted(context: Context, job: Job, submission: Submission) -> None:
    job.variants += [Variant(index, uuid) for index, uuid in enumerate(submission.uuids, len(job.variants))]
    for variant in job.variants:
        if variant.uuid in submission.polls:
            convert_and_download.take_in(job, variant, submission.polls[variant.uuid])
    for reason in submission.failures:
        error = RequestRefused(reason).to_dict()
        job.variants.append(Variant(len(job.variants), "", VariantState.FAILED, error=error))
    job.service |= submission.details
    job.submission.in_doubt = False
    context.enter(job, State.GENERATING)
    for poll in submission.polls.values():
        if poll.points is not None:
            context.spending.told(job, poll.points)


def _look_for(context: Context, active: ActiveJob, provider: Provider, request: Request) -> float | None:
    """A submission went out and no usable answer came: find out before anything else is done."""
    job = active.job
    pictures = job.submission.paying_for == "pictures"
    quote = provider.quotes(request)[0] if pictures else _model_quotes(provider, request)[0]

    def accepted(submission: Submission) -> None:
        if pictures:
            _pictures_accepted(context, job, submission)
        else:
            _accepted(context, job, submission)

    with _new_cutouts_where_refused(job):
        return lost_answers.look(context, active, provider, request, quote, accepted)

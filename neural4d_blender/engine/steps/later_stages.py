"""Jobs that a service makes in several stages, each of them ordered, and paid, by itself.

An order is journaled before it is sent. Where its answer is lost, the service's own word on the job
tells whether it arrived, and only an order that certainly did not is sent again. An order may make a new model of
one that is done: it has an id of its own, and is looked for in the service's records.
"""

from __future__ import annotations

from dataclasses import replace

from ..errors import JournalUnusable, Neural4DError, PaymentUnknown, ServiceBusy, SubmissionLost, from_dict
from ..files.download import Stopped
from ..files.gltf.glb_dimensions import size_of
from ..model.job import Job
from ..model.request import Request
from ..model.variant import Variant
from ..services.base import Provider
from ..services.results import Outcome, Poll, Submission
from . import retry_or_fail
from .active_job import ActiveJob
from .context import Context
from .failure_texts import cost_of_refused
from .paid_requests.paid_request import REFUSALS, is_unsent
from .submit import take_choices

#: What there is of a model between two stages is smaller than the model.
_MAX_SKETCH = 500 * 1024 * 1024


def follow(active: ActiveJob, provider: Provider, variant: Variant, request: Request, poll: Poll) -> Poll:
    """What a poll means to a job that has more made of a model which is done.

    Where that fails, the model it was to be made of is the job's again: it is there, and paid for.
    """
    job = active.job
    if poll.outcome is Outcome.FAILED and variant.before:
        job.service[job.ordered] = f"failed: {poll.message}"
        active.paces.pop(variant.before, None)
        variant.uuid, variant.before = variant.before, ""
        return Poll(Outcome.GENERATING, stage=f"The order '{job.ordered}' failed: {poll.message}")
    order = provider.next_order(request, poll) if poll.outcome is Outcome.DONE else ""
    if order and (job.ordered != order or job.submission.in_doubt):
        return replace(poll, outcome=Outcome.NEXT, order=order, model_url="")
    return poll


def arrived(context: Context, job: Job, poll: Poll) -> None:
    """The service has moved on: an order whose answer was lost did reach it, and is paid for."""
    if job.submission.in_doubt and job.ordered and job.ordered != poll.order:
        job.submission.settle()
        provider = context.provider(job.provider)
        context.spending.book(provider, job, provider.order_quote(job.ordered))


def go_on(context: Context, active: ActiveJob, variant: Variant, poll: Poll) -> float | None:
    """A stage is done: order the next one. Returns seconds until the next step, None where the user chooses first."""
    job = active.job
    arrived(context, job, poll)
    if job.ordered == poll.order and not job.submission.in_doubt:
        return context.timing.quickest  # accepted, and not shown yet
    if job.submission.in_doubt and not _may_be_sent_again(context, active, variant, poll):
        return context.timing.look_again if job.submission.in_doubt else context.timing.quickest
    if poll.choices and job.choice.cutout is None and not take_choices(context, job, poll.choices):
        return None
    return _order(context, active, variant, poll)


def _may_be_sent_again(context: Context, active: ActiveJob, variant: Variant, poll: Poll) -> bool:
    """Whether an order whose answer was lost certainly never arrived; what it made is the job's where it is found.

    Raises:
        PaymentUnknown: that cannot be known. SubmissionLost: see :func:`_never_arrived`.
    """
    job = active.job
    provider = context.provider(job.provider)
    trace = provider.look_for_order(poll.order, Request.from_dict(job.request), job.submission.sent_at)
    now = context.clock.monotonic()
    active.since = active.since or now
    if trace is None:
        if poll.doubtful and job.submission.refused and now - active.since >= context.timing.watch:
            raise _unknown(job, provider)  # the model's state does not tell
        return not poll.doubtful and _never_arrived(context, active)
    if trace.found:
        _take_found(context, job, variant, trace.found)
        return False
    if now - active.since < context.timing.watch:
        return False
    active.since = 0.0
    if trace.proof:
        active.looks = context.timing.looks
        return _never_arrived(context, active)
    raise _unknown(job, provider)


def _unknown(job: Job, provider: Provider) -> PaymentUnknown:
    order, job.ordered = job.ordered, ""
    refused = job.submission.refused
    said = refused["what"] if refused else f"The order '{order}' went out and no answer came."
    job.submission.settle()
    job.costs.lose()
    name, unit = provider.declaration.name, provider.declaration.unit
    return PaymentUnknown(
        f"{said.rstrip('.')}. {name} cannot say whether it arrived.",
        f"Look for it on {name}'s own page, before you press Retry.",
        cost=f"Unknown: it may have been paid. Retry would order it, and may pay {unit}, again.",
    )


def _take_found(context: Context, job: Job, variant: Variant, found: Submission) -> None:
    provider = context.provider(job.provider)
    job.submission.settle()
    context.spending.book(provider, job, provider.order_quote(job.ordered))
    variant.before, variant.uuid = variant.uuid, found.uuids[0]
    context.save(job)


def _never_arrived(context: Context, active: ActiveJob) -> bool:
    """Several looks, some time apart, still find the service waiting for the order.

    Raises:
        SubmissionLost: the order was sent several times, and never arrived. RequestRefused and the like: the service
            had said why.
    """
    job = active.job
    active.looks += 1
    if active.looks < context.timing.looks:
        return False
    active.looks = 0
    refused = job.submission.refused
    if refused and refused["code"] != ServiceBusy.__name__:
        error = from_dict(refused)
        job.submission.settle()
        job.ordered, job.submission.number = "", 0
        error.cost = cost_of_refused(job, error, stands=False)
        raise error
    if job.submission.number >= context.timing.looks and not refused:
        job.submission.settle()
        order, job.ordered, job.submission.number = job.ordered, "", 0
        raise SubmissionLost(f"The order '{order}' was sent several times, and the service has no record of it.")
    return True


def _order(context: Context, active: ActiveJob, variant: Variant, poll: Poll) -> float | None:
    job = active.job
    request = Request.from_dict(job.request)
    provider = context.provider(job.provider)
    choice = job.choice.chosen["key"] if poll.choices else ""
    dimensions = _dimensions(context, job, request, poll)
    quote = provider.order_quote(poll.order)
    with context.spending.purchase(provider, job, quote) as purchase:
        if active.cancelled.is_set() or context.stopping.is_set():
            raise Stopped  # the last moment at which it is free
        job.submission.number = job.submission.number + 1 if job.ordered == poll.order else 1
        job.submission.settle()
        job.ordered, job.submission.in_doubt, job.submission.sent_at = poll.order, True, context.clock.now()
        try:
            context.save(job)
        except JournalUnusable:  # so it is not sent, and nothing is in doubt
            job.ordered, job.submission.in_doubt = "", False
            raise
        try:
            made = provider.order(variant.uuid, poll.order, request, choice, dimensions)
        except Neural4DError as error:
            if is_unsent(error):
                job.ordered, job.submission.in_doubt = "", False
                context.save(job)
                raise
            active.looks, active.since = 0, 0.0
            job.submission.refused = error.to_dict() if isinstance(error, REFUSALS) else None
            job.go_on(f"{error.what} Finding out whether the order arrived.")
            context.save(job)
            if isinstance(error, ServiceBusy):
                return retry_or_fail.slow_down(context, active, error, paid=True)
            return context.timing.look_again
        active.paces[variant.uuid].first = context.clock.monotonic()  # each stage may take as long as a whole job
        job.submission.in_doubt, purchase.accepted = False, True
        job.costs.book(quote.operation, purchase.expected, purchase.reserved)
        if made:
            variant.before, variant.uuid = variant.uuid, made
        context.save(job)
    context.publish(job)
    return context.timing.quickest


def _dimensions(context: Context, job: Job, request: Request, poll: Poll) -> tuple[float, float, float] | None:
    """What there is of the model, scaled to the size that is asked for; not knowing is no reason to stop."""
    if request.size_mm is None or not poll.model_url:
        return None
    path = context.folder_of(job) / "sketch.glb"
    try:
        context.fetch(job, poll.model_url, path, limit=_MAX_SKETCH, stopped=context.stopping.is_set)
        width, height, depth = size_of(path)
    except Neural4DError:
        return None
    finally:
        context.system.discard(path)
    # glTF's Y is up: Blender's Z. Its Z comes towards the viewer: Blender's Y.
    along = {"X": width, "Y": depth, "Z": height, "LONGEST": max(width, height, depth)}[request.axis]
    factor = request.size_mm / 1000 / along if along > 0 else 0.0
    return (width * factor, height * factor, depth * factor) if factor else None

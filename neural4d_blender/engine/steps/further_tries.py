"""Orders the same once more by a job's own rule, as long as what there is falls short, and ends that well.

Each try is a submission like the first one, journaled before it is sent; what comes of it, the models that are there
stay, and the job is ready.
"""

from __future__ import annotations

from ..errors import CapReached, JobFailed, Neural4DError, PaymentUnknown
from ..model.job import Job
from ..model.job_records.submission import Submission
from ..model.request import Request
from ..model.states import State, VariantState
from .active_job import ActiveJob
from .context import Context
from .failure_texts import paid_in_words


def order(context: Context, active: ActiveJob) -> float | None:
    """Queue the job once more, where its limit covers the highest price; returns seconds until the next step."""
    job, request = active.job, Request.from_dict(active.job.request)
    provider = context.provider(job.provider)
    most = context.spending.prices.most(provider, job, provider.quotes(request))
    if most is None or request.max_points is None or most > request.max_points:
        cost = "an amount that nobody knows" if most is None else f"up to {most} points"
        what = f"Another try could make it {cost} in all; the job's limit is {request.max_points}."
        end(context, job, CapReached(what, "Generate again, with a higher limit."))
        return 0.0 if job.under_way else None
    if job.ordered:
        job.choice.cutouts, job.choice.cutout = [], None  # pictures of the submission before
    job.rule.tries += 1
    job.submission, job.ordered = Submission(), ""
    job.progress, job.progress_estimated = 0.0, False
    active.attempts = active.looks = active.refusals = active.detours = 0
    active.since, active.trace = 0.0, None
    active.readings.clear()
    context.enter(job, State.QUEUED)
    return 0.0


def end(context: Context, job: Job, error: Neural4DError) -> None:
    """Order nothing more, and have the job ready with what there is."""
    for variant in job.variants:
        generating = variant.state is VariantState.GENERATING
        if generating or job.wants_download(variant) or variant is job.next_to_prepare:
            variant.state, variant.error = VariantState.FAILED, error.to_dict()
    if isinstance(error, PaymentUnknown):  # which speaks of a Retry that a job with models has not
        job.costs.lose()
        remedy = "Look at the service's own page whether the model is there, before you generate again."
        error = PaymentUnknown(error.what, remedy, cost=paid_in_words(job))
    job.rule.tries_ended = error.to_dict()
    back(context, job)


def give_up(context: Context, active: ActiveJob) -> float | None:
    """The user wants no further try: one that is paid, or may be, goes on to its end."""
    job = active.job
    active.cancelled.clear()
    job.rule.tries_ended = JobFailed("Further tries were cancelled.", "Generate again for another model.").to_dict()
    if job.state in (State.QUEUED, State.PREPARING_INPUT) and not job.submission.in_doubt:
        back(context, job)
    else:
        context.save(job)
    return 0.0 if job.under_way else None


def back(context: Context, job: Job) -> None:
    """Ready with what there is; or placed, where the user did that meanwhile."""
    job.progress = 1.0
    if job.state is State.READY:
        context.save(job)
        return
    context.enter(job, State.READY)
    if job.delivery.placed:
        context.enter(job, State.PLACED)

"""Asking the service how far the models of a job are, and taking in what it answers."""

from __future__ import annotations

from ..errors import GenerationFailed
from ..model.request import Request
from ..model.states import State
from ..model.variant import Variant
from ..services.results import Outcome
from . import brought_in, later_stages
from .active_job import ActiveJob
from .context import Context
from .delivery import convert_and_download
from .poll_schedule import GIVE_UP_AFTER, Pace

#: Seconds that a question comes late where the computer, or the engine, stood still.
_ASLEEP = 60.0


def poll(context: Context, active: ActiveJob, generating: list[Variant]) -> float | None:
    """Ask about the model whose turn it is; returns seconds until the next step, None where the user chooses first."""
    job, now, quickest = active.job, context.clock.monotonic(), context.timing.quickest
    for variant in generating:
        if variant.uuid not in active.paces:
            started = now - max(0.0, context.clock.now() - job.entered)  # the clock may have been set back
            active.paces[variant.uuid] = Pace(started, job.typical, due=now, first=now, quickest=quickest)
    variant = min(generating, key=lambda v: active.paces[v.uuid].due)
    pace = active.paces[variant.uuid]
    if pace.due > now:
        return pace.due - now
    if now - pace.due > _ASLEEP:
        pace.first += now - pace.due  # nobody asked meanwhile
    waited = now - pace.first
    expect_done = pace.expect_done(now)
    provider = context.provider(job.provider)
    request = Request.from_dict(job.request)
    answer = brought_in.poll(provider, request, variant.uuid, expect_done)
    poll = later_stages.follow(active, provider, variant, request, answer)
    if poll.eta is not None:
        pace.promised(now, poll.eta)
    pace.heard(now, poll.progress, expect_done)
    pace.doubtful = poll.doubtful
    if poll.points is not None:
        context.spending.told(job, poll.points)
    waits = poll.outcome is Outcome.NEXT and not provider.goes_on_by_itself(request)
    if waits:
        pace.due = now  # what is done about it says when to look again
        return later_stages.go_on(context, active, variant, poll)
    later_stages.arrived(context, job, poll)
    brought_in.take_name(job, request, poll)
    if poll.outcome in (Outcome.GENERATING, Outcome.NEXT):
        _give_up_after(waited)
        variant.progress, job.progress_estimated = pace.shown(now, variant.progress)
    else:
        convert_and_download.take_in(job, variant, poll)
    if job.state is State.GENERATING:
        job.progress = max(v.progress for v in job.variants)
    job.go_on(poll.stage)
    answered = poll.outcome is not Outcome.GENERATING or poll.progress is not None
    if answered and job.submission.tickets and [v.uuid for v in job.variants] == job.submission.tickets:
        provider.remember(variant.uuid, job.submission.tickets)
    if poll.outcome is Outcome.DONE:
        context.spending.settle(provider, job)
    context.save(job)
    return 0.0 if poll.outcome is Outcome.DONE else quickest


def _give_up_after(seconds: float) -> None:
    if seconds > GIVE_UP_AFTER:
        raise GenerationFailed(
            "The service has been generating for an hour without a result.",
            "Press Retry to go on waiting: nothing is sent or paid again.",
            kept="The job stays at the service.",
        )

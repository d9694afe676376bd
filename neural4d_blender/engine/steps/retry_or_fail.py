"""What becomes of trouble in a step, and of a job that is cancelled."""

from __future__ import annotations

from ..errors import (
    BrokenModel,
    HeldBack,
    Neural4DError,
    ServiceBusy,
    TransportError,
    UnsafeModel,
    UnsupportedFeature,
)
from ..files.gltf.glb_check import OTHER_FORMAT
from ..http.retries import backoff
from ..model.job import UNREAD, Job
from ..model.states import State, VariantState, WaitsFor
from . import further_tries
from .active_job import ActiveJob
from .context import Context, Timing
from .failure_texts import cost_in_words, kept_in_words, paid_so_far

#: Seconds between two attempts, at most.
_LONGEST_WAIT = 30.0
#: Of a file of the user's there is no other variant, and a second copy is the same.
_OF_FILES = {
    BrokenModel.default_remedy: "Export it once more from the program that made it, or in another format.",
    UnsafeModel.default_remedy: "Do not use this file.",
    **dict.fromkeys(
        (UnsupportedFeature.default_remedy, OTHER_FORMAT), "Export it in another format from the program that made it."
    ),
}


def try_again(context: Context, active: ActiveJob, error: Neural4DError) -> float | None:
    """Wait and repeat the step, up to a limit; whoever raised the error has made sure that repeating is free."""
    job, timing, now = active.job, context.timing, context.clock.monotonic()
    active.failing_since = active.failing_since if active.attempts else now
    active.attempts += 1
    waits_until = active.failing_since + _patience(job, error, timing)
    if active.attempts >= timing.attempts and now >= waits_until:
        active.attempts = active.expired = 0
        fail(context, job, error)
        return None
    active.was_away(now)
    outlasts = now < waits_until
    ceiling = timing.slowest if outlasts else _LONGEST_WAIT
    wait = backoff(min(active.attempts, 30) - 1, timing.backoff, ceiling, chance=context.system.chance)
    count = "" if outlasts else f" ({active.attempts} of {timing.attempts - 1})"
    note = f"{error.what} Trying again in {wait:.0f} s{count}."
    if outlasts and isinstance(error, TransportError):  # a service, or the way to it, is not available
        job.stand_still(WaitsFor.OUTAGE, context.clock.now() + wait, note)
    else:
        job.go_on(note)
    context.save(job)
    return max(wait, timing.quickest) if job.state is State.GENERATING else wait


def _patience(job: Job, error: Neural4DError, timing: Timing) -> float:
    """For how many seconds the job outlasts it: what is paid is not given up because a network is down for a while."""
    if not error.outage:
        return 0.0
    if job.variants or job.choice.picture_ids or job.submission.in_doubt or job.costs.spent:
        return timing.outage
    return timing.outage / 24 if job.batch else 0.0


def slow_down(context: Context, active: ActiveJob, error: ServiceBusy, *, paid: bool = False) -> float | None:
    """The service asks to slow down, which holds for all jobs; no job that it has taken fails by it.

    Args:
        paid: it was asked for something that costs points.
    """
    job, timing, now = active.job, context.timing, context.clock.now()
    wait = error.retry_after
    if isinstance(error, HeldBack):
        wait = timing.look_again if wait is None else wait  # it is not the service that asks for it
    elif not error.noted:
        wait = context.provider(job.provider).http.slow_down(wait, paid=paid)
    wait = max(wait or 0.0, timing.quickest)
    active.was_away(context.clock.monotonic())
    if not isinstance(error, HeldBack):
        active.refusals += 1
    if (
        active.refusals >= timing.refusals
        and not job.variants
        and not job.choice.picture_ids
        and not job.submission.in_doubt
    ):
        active.refusals = 0
        fail(context, job, error)
        return None
    note = f"{error.what} Going on in {wait:.0f} s."
    if job.note != note or job.until < now:
        job.stand_still(WaitsFor.OTHER_JOB if error.other_job else WaitsFor.PACE, now + wait, note)
        context.save(job)
    return wait


def fail(context: Context, job: Job, error: Neural4DError) -> None:
    """Journal the failure with all that the user needs to know; what was paid for stays retryable."""
    if job.on_a_further_try:
        further_tries.end(context, job, error)
        return
    if job.state in (State.READY, State.PLACED):
        # The model is there; a straggling variant's trouble must not take it away. Retry revives those.
        for variant in job.variants:
            generating = variant.state is VariantState.GENERATING
            if generating or job.wants_download(variant) or variant is job.next_to_prepare:
                variant.state, variant.error = VariantState.FAILED, error.to_dict()
        context.save(job)
        return
    told = error.to_dict()
    if job.of_file:
        told["remedy"] = _OF_FILES.get(error.remedy, error.remedy)
    told["cost"] = told["cost"] or cost_in_words(job, error)
    told["kept"] = told["kept"] or kept_in_words(job)
    if (error.code in UNREAD or job.submission.refusal) and (answer := context.kept_answer(job)):
        told["kept"] = f"{told['kept']} {answer}"
    job.enter(State.FAILED, context.clock.now())
    job.error = told
    context.save(job)


def cancel(context: Context, active: ActiveJob) -> float | None:
    """Give the job up, where that is not too late."""
    job = active.job
    if job.on_a_further_try:
        return further_tries.give_up(context, active)
    if job.state in (State.PLACED, State.READY):
        active.cancelled.clear()  # too late for the model, and its siblings are paid for
        return 0.0 if job.under_way else None
    told = "It is paid for: Retry picks it up again at no cost." if job.variants else "Nothing was paid."
    if not job.variants and not job.costs.free:
        told = paid_so_far(job)
    if job.submission.in_doubt:
        told = "It may have reached the service: Retry asks before anything is sent again."
        if job.submission.refused:
            told = "The service refused it and no payment was seen: Retry asks before anything is sent again."
    job.enter(State.CANCELLED, context.clock.now())
    job.note = told
    context.save(job)
    return None

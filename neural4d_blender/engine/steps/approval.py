"""A job that would go over an allowance waits for the user's word, and nothing is sent meanwhile."""

from __future__ import annotations

from ..errors import AllowanceUsedUp
from ..model.states import WaitsFor
from .active_job import ActiveJob
from .context import Context


def wait(context: Context, active: ActiveJob, error: AllowanceUsedUp) -> float:
    """Have the user asked, once, and see whether there is an answer: any engine that shares the journal may have it.

    Returns:
        Seconds until the same step is tried again: it goes on where it was approved of, or the allowance covers it now.

    Raises:
        AllowanceUsedUp: it was declined, or nobody has answered.
    """
    job, now, patience = active.job, context.clock.now(), context.timing.approval
    waits = job.waits_for is WaitsFor.APPROVAL
    asked = waits and job.costs.asks == error.points and job.until - now <= patience
    if waits and (context.journal.approval(job.id) or (0, True))[1] is False:  # whatever it comes to by now
        raise _refused(context, active, error, "It was declined.")
    if asked and now >= job.until:
        raise _refused(context, active, error, f"Nobody has approved of it within {patience / 60:g} minutes.")
    if not asked:
        context.journal.forget_approval(job.id)
        job.costs.asks = error.points
        job.stand_still(WaitsFor.APPROVAL, now + patience, f"{error.what} It waits to be approved of.")
        context.save(job)
    return max(0.0, min(context.timing.ask_again, job.until - now))


def _refused(context: Context, active: ActiveJob, error: AllowanceUsedUp, why: str) -> AllowanceUsedUp:
    context.journal.forget_approval(active.job.id)
    active.job.costs.asks = 0
    active.job.go_on()
    return AllowanceUsedUp(f"{error.what} {why}", points=error.points)

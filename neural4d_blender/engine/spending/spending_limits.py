"""The limits: of a job, of a group of jobs, of a batch, and allowances. Looked at before anything is sent."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import AllowanceUsedUp, BudgetUsedUp, CapReached
from ..model.batch import BatchRecord
from ..model.job import Job
from ..model.request import Request
from ..model.states import WaitsFor
from ..policy import points_allowance
from ..policy.points_allowance import Allowance
from ..policy.policy import Policy
from ..store.journal import Journal

NOTHING_SENT = "Nothing was sent and nothing was paid."


def are_set(job: Job, batch: BatchRecord | None) -> bool:
    """Whether any limit holds for the job."""
    given = [job.request.get("max_points"), job.request.get("group_points"), batch and batch.budget]
    return any(limit is not None for limit in given)


def allowances_of(journal: Journal, job: Job) -> list[Allowance]:
    """Those that hold for the job now; PolicyUnusable where that cannot be known."""
    return points_allowance.allowances(Policy.at(journal.folder), job, journal.agent_allowances())


def reserve(
    journal: Journal, job: Job, batch: BatchRecord | None, costs: int, allowances: Sequence[Allowance] = ()
) -> None:
    """Hold the job's points against all limits, so that no other job can count on them too.

    Raises:
        CapReached, BudgetUsedUp: one of them does not cover it. AllowanceUsedUp: an allowance does not, and the user
            has not approved of so many points.
    """
    told = NOTHING_SENT if job.costs.free else ""
    request = Request.from_dict(job.request)
    in_all = (job.costs.total or 0) + costs
    if request.max_points is not None and in_all > request.max_points:
        what = f"This would cost about {in_all} points in all; the job's limit is {request.max_points}."
        raise CapReached(what, cost=told)
    with journal.transaction():  # from the look at what others have committed until the own share is in it
        if request.group_points is not None:
            together = journal.group_committed(request.group, job.id) + in_all
            if together > request.group_points:
                raise CapReached(
                    f"With this, the jobs of {request.group!r} would have cost about {together} points; "
                    f"their limit is {request.group_points}.",
                    "Raise the group's limit and generate again.",
                    cost=told,
                )
        if batch and batch.budget is not None:
            together = journal.batch_committed(job.batch, job.id) + in_all
            if together > batch.budget:
                raise BudgetUsedUp(
                    f"With this, the batch would have cost about {together} points; its budget is {batch.budget}.",
                    cost=told,
                )
        reserved = max(job.costs.reserved, costs)  # what an earlier step holds is still to come
        waited = job.waits_for is WaitsFor.APPROVAL
        if costs:
            _check_allowances(journal, job, allowances, (job.costs.total or 0) + reserved)
        job.costs.reserved, job.costs.asks = reserved, 0
        if waited:
            job.go_on()
        if request.group or batch or allowances or waited:
            journal.save(job)


def _check_allowances(journal: Journal, job: Job, allowances: Sequence[Allowance], in_all: int) -> None:
    points, approved = journal.approval(job.id) or (0, None)
    if approved is False and job.waits_for is WaitsFor.APPROVAL:  # though the allowance may cover it by now
        raise AllowanceUsedUp(f"This would cost up to {in_all} points.", points=in_all)
    try:
        points_allowance.check(journal, job, allowances, in_all)
    except AllowanceUsedUp:
        if not approved or points < in_all:
            raise

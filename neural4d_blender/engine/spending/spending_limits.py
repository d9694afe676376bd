"""The user's own limits: of a job, of a group of jobs, of a batch. Looked at before anything is sent."""

from __future__ import annotations

from ..errors import BudgetUsedUp, CapReached
from ..model.batch import BatchRecord
from ..model.job import Job
from ..model.request import Request
from ..store.journal import Journal

NOTHING_SENT = "Nothing was sent and nothing was paid."


def are_set(job: Job, batch: BatchRecord | None) -> bool:
    """Whether any limit holds for the job."""
    given = [job.request.get("max_points"), job.request.get("group_points"), batch and batch.budget]
    return any(limit is not None for limit in given)


def reserve(journal: Journal, job: Job, batch: BatchRecord | None, costs: int) -> None:
    """Hold the job's points against all limits, so that no other job can count on them too.

    Raises:
        CapReached, BudgetUsedUp: one of them does not cover it.
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
        job.costs.reserved = max(job.costs.reserved, costs)  # what an earlier step holds is still to come
        if request.group or batch:
            journal.save(job)

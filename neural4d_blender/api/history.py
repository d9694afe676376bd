"""Every job ever made, from the journal that all .blend files share: searched, summed up, deleted.

May import job, scene and the engine's ``protocol``. Each function asks the engine and waits for its answer, which
takes moments.
"""

from __future__ import annotations

from collections.abc import Sequence

import bpy

from ..batching.history_query import HistoryQuery, Moment, query
from ..batching.table.argument_types import checked
from ..client.jobs.replies import Total
from ..scene.ask_engine import ask
from ..scene.placing import provenance
from ..scene.shared_engine import bridge
from .jobs.job import Job

__all__ = ["HistoryQuery", "Moment", "delete", "history", "job_of", "query", "totals"]


@checked
def history(
    text: str = "",
    provider: str = "",
    state: str | Sequence[str] = "",
    since: Moment | None = None,
    until: Moment | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[Job]:
    """The jobs that fit, of this and earlier sessions and of all files, newest first.

    Args:
        text: words that have to be in the prompt, the name or the group, in any order and case.
        provider: id of the service. state: one state or several, see ``Job.state``. Empty: any.
        since: made then or later: a date, a time, or either as text ("2031-05-24"). A day counts whole.
        until: made then or earlier.
        limit: how many of them.
        offset: how many of the newest to leave out.

    Raises:
        InvalidInput: one of the arguments means nothing.
    """
    asked = query(text, provider, state, since, until, limit, offset)
    return [Job(job.id, job) for job in ask("history", **asked).jobs]


@checked
def totals() -> list[Total]:
    """What was spent, by month and service, newest month first; jobs that were deleted count too."""
    return ask("totals").totals


@checked
def delete(jobs: Job | str | Sequence[Job | str]) -> int:
    """Delete jobs that are over: their files, and what is known of them less what they cost.

    Models in scenes and files that were kept elsewhere stay. What was paid for and is deleted is lost:
    there is no retry and no placing again.

    Args:
        jobs: one job or several, or their ids.

    Returns:
        Bytes that are free now.

    Raises:
        JobFailed: a job is still under way, is not known, or its files are in use; those before it are deleted.
    """
    several = [jobs] if isinstance(jobs, Job | str) else jobs
    return sum((Job(one) if isinstance(one, str) else one).delete() for one in several)


@checked
def job_of(thing: bpy.types.Object) -> Job | None:
    """The job that an object came from, or whatever it is below of; None where the journal here knows none."""
    root = provenance.root_of(thing)
    if root is None:
        return None
    job_id = provenance.read(root).job
    if job_id not in bridge.jobs:
        for job in ask("find", job=job_id).jobs:
            bridge.jobs[job_id] = job
    return Job(job_id) if job_id in bridge.jobs else None

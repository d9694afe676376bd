"""What an event says of a job, by the names that a report has too. Standard library, batching and client only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ...batching.reports.report_facts import facts_of, sums_of
from ...client.jobs.snapshots import Job, Variant


def which(job: Job) -> dict[str, Any]:
    """How a program knows it: its id, its place in a batch (from 1 on), and the user's own name and values."""
    request = job.request
    item = job.item + 1 if job.batch else None
    return {"job": job.id, "batch": job.batch, "item": item, "key": request.key, "metadata": request.metadata}


def of_job(job: Job, own: Variant | None, servers: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """What was asked for, and by what it was made; ``size_mm`` is the measured one, and ``requested_mm`` the other."""
    facts = facts_of(job, None, own, servers)
    facts["requested_mm"] = facts.pop("size_mm")
    for name in ("schema", "code", "table"):
        del facts[name]
    return {**which(job), **facts}


def of_files(
    job: Job, own: Variant | None, servers: Mapping[str, Mapping[str, str]], files: Sequence[str]
) -> dict[str, Any]:
    """The same, with the sums of its files."""
    return {**of_job(job, own, servers), **sums_of({"files": [*files], "sha256": [], "bytes": []})}

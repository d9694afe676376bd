"""The jobs of a batch before the engine has spoken of them. Standard library and the engine's ``protocol`` only.

Loaded when there are some, because Blender's start defines no tuples with names.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from ...engine import protocol
from ...engine.protocol import Request
from .job_target import Target
from .snapshots import Job


class NewJob(NamedTuple):
    """What is to become a job of a batch; the values are those of :class:`.snapshots.Job`."""

    id: str
    provider: str
    request: Request
    target: Target
    item: int


def snapshots_of(batch: str, jobs: Iterable[NewJob]) -> Iterator[Job]:
    """A snapshot of each; what is empty they have in common."""
    now = time.time()
    first = Job.of(protocol.Job("", "", {}, batch=batch, created=now, entered=now))
    common = {name: getattr(first, name) for name in Job.__dataclass_fields__ if name not in NewJob._fields}
    for job in jobs:
        yield Job(job.id, job.provider, job.request, job.target, item=job.item, **common)


def message_of(jobs: Sequence[NewJob]) -> dict[str, Any]:
    """What the command ``submit_many`` says of them: what thousands of requests have in common is said once."""
    common = vars(jobs[0].request) if jobs else {}
    told = [
        {
            "job": job.id,
            "provider": job.provider,
            "target": job.target,
            "item": job.item,
            "request": {
                name: value
                for name, value in vars(job.request).items()
                if value is not common[name] and value != common[name]
            },
        }
        for job in jobs
    ]
    return {"request": common, "jobs": told}

"""All known jobs, with those at hand that something is still to be done for.

Standard library and the engine's ``protocol`` only. A look at the engine's pipe ten times a second may not pass
over thousands of jobs: what is asked each time is kept up to date by what changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable
from typing import Any

from ...engine.protocol import State
from .snapshots import Job

Watcher = Callable[[Job], None]


class Jobs(dict[str, Job]):
    """The newest snapshot of each job, by id.

    A snapshot that is older than the one that is there is passed over: what the engine has read of the journal for an
    answer may arrive behind what a step has changed meanwhile.

    Attributes:
        under_way: those that the engine works on.
        arriving: those that may have to be put into a scene.
    """

    def __init__(self) -> None:
        super().__init__()
        self.under_way: dict[str, Job] = {}
        self.arriving: dict[str, Job] = {}
        self._watchers: dict[str, list[Watcher]] = defaultdict(list)

    def watch(self, which: str, watcher: Watcher) -> None:
        """Have the watcher told each new snapshot of a batch's jobs, or of a job, by the id of either."""
        self._watchers[which].append(watcher)

    def __setitem__(self, job_id: str, job: Job) -> None:
        if job_id in self and job.revision < self[job_id].revision:
            return
        super().__setitem__(job_id, job)
        for index, fits in ((self.under_way, job.under_way), (self.arriving, _may_arrive(job))):
            if fits:
                index[job_id] = job
            else:
                index.pop(job_id, None)
        for watcher in (*self._watchers.get(job.batch, ()), *self._watchers.get(job_id, ())):
            watcher(job)

    def setdefault(self, job_id: str, job: Job) -> Job:
        """The job's snapshot; the given one where none is known."""
        if job_id not in self:
            self[job_id] = job
        return self[job_id]

    def pop(self, job_id: str, *default: Any) -> Any:
        """Forget a job."""
        self.under_way.pop(job_id, None)
        self.arriving.pop(job_id, None)
        return super().pop(job_id, *default)

    def __delitem__(self, job_id: str) -> None:
        self.pop(job_id)

    def clear(self) -> None:
        """Forget all jobs, and who wanted to be told of them."""
        super().clear()
        for index in (self.under_way, self.arriving, self._watchers):
            index.clear()


def _may_arrive(job: Job) -> bool:
    if job.state == State.READY:
        return not job.dismissed and (not job.request.keep_in or job.chosen is not None)  # it is wanted in a scene too
    if job.state == State.PLACED and job.request.place_all:
        return any(variant.blend and variant.index not in job.placed for variant in job.variants)
    return False

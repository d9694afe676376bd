"""Going on with jobs that an engine which is no more has left. Used on the engine's main thread."""

from __future__ import annotations

import threading
from collections.abc import Callable

from ..errors import JournalDamaged, JournalUnusable
from ..model.job import Job
from ..model.states import State
from ..steps.active_job import ActiveJob
from ..steps.context import Context
from .scheduling.active_jobs import ActiveJobs
from .scheduling.schedule import Schedule

#: Seconds until a journal that could not be written is tried again, and an engine that is about to end looked at.
_LOOK_AGAIN = 1.0


class TakeOver:
    """Takes jobs over.

    Args:
        halted: the event of a batch that is set while nothing more of it may be submitted.
    """

    def __init__(
        self, context: Context, jobs: ActiveJobs, schedule: Schedule, halted: Callable[[str], threading.Event]
    ) -> None:
        #: The host wants all such jobs to go on.
        self.wanted = True
        #: Ids of those that it wants to go on in any case: its own.
        self.followed: set[str] = set()
        self._context = context
        self._jobs = jobs
        self._schedule = schedule
        self._halted = halted
        self._looks_again = False

    def now(self) -> None:
        """Take over all there are, unless the host wants none of them.

        Where there is no Blender to prepare a model with, only those that want none.
        """
        jobs = self._context.journal.take_over(self.takes) if self.wanted or self.followed else []
        # Of a batch, those that are at the service take their places before others are let go.
        for job in sorted(jobs, key=lambda job: job.state is State.QUEUED):
            self._jobs.wake(ActiveJob(job, halted=self._halted(job.batch)))
            self._context.publish(job)
        if (self.wanted or self.followed) and self._context.journal.waits_for_others():
            self._look_again()

    def soon(self) -> None:
        """The same now, or as soon as the journal can be written."""
        try:
            self.now()
        except JournalDamaged:
            raise
        except JournalUnusable:
            self._look_again()

    def _look_again(self) -> None:
        def look() -> None:
            self._looks_again = False
            self.soon()

        if not self._looks_again:
            self._looks_again = True
            self._schedule.later(_LOOK_AGAIN, look)

    def takes(self, job: Job) -> bool:
        """A job that is left would be gone on with."""
        if not self.wanted and job.id not in self.followed:
            return False
        return bool(self._context.preparers.argv or job.request.get("keep_in"))

"""The jobs that are worked on: whose step runs, when the next one is taken, and what waits for the end of a step.

Used on the engine's main thread. A job never takes two steps at once, and is never changed by two threads.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from concurrent.futures import Future

from ..errors import JobNotFound
from ..model.states import State
from ..steps.active_job import ActiveJob
from ..store.journal import Journal, taken_elsewhere
from .concurrency_limit import ConcurrencyLimit
from .outbox import Message
from .schedule import Schedule
from .thread_pools import ThreadPools, pool_of

#: Steps in these states ask for something or fetch it: what is cut off costs nothing but asking again.
_ASKING = {State.GENERATING, State.UNKNOWN, State.DOWNLOADING}


class ActiveJobs:
    """All jobs of one engine that are under way.

    Args:
        schedule: says when a step is due. slots: of which there are only so many. pools: run the steps.
        step: takes a job's next step, on a thread of its own.
    """

    def __init__(
        self,
        journal: Journal,
        schedule: Schedule,
        slots: ConcurrencyLimit,
        pools: ThreadPools,
        step: Callable[[ActiveJob], None],
    ) -> None:
        self.slots = slots
        self.by_id: dict[str, ActiveJob] = {}
        #: The step that each job is taking.
        self.stepping: dict[str, Future[None]] = {}
        #: Commands for a job whose step is running.
        self.waiting: dict[str, list[Message]] = {}
        self._journal = journal
        self._schedule = schedule
        self._pools = pools
        self._step = step

    def held(self, job_id: str) -> ActiveJob:
        """The job, for a command; JobNotFound or InvalidInput where there is none, or another engine has it."""
        active = self.by_id.get(job_id)
        if active:
            return active
        job = self._journal.get(job_id)
        if job is None:
            raise JobNotFound("There is no such job in the journal.", "Look at the job list for those there are.")
        if not self._journal.may_touch(job):
            raise taken_elsewhere()
        return ActiveJob(job)

    def wake(self, active: ActiveJob, delay: float = 0.0) -> None:
        """Take the job's next step after so many seconds, or when it is its turn."""
        self.by_id[active.job.id] = active
        if self.slots.may_go(active):
            self._schedule.later(delay, functools.partial(self._start, active.job.id))

    def wait_for_step(self, job_id: str, message: Message) -> None:
        """Have the command carried out when the job's step is over."""
        self.waiting.setdefault(job_id, []).append(message)

    def must_not_be_cut_off(self) -> bool:
        """A step that may be paying, or that has a background Blender to end; questions can be asked again."""
        under_way = (job for job, step in self.stepping.items() if not step.cancelled())
        return any(self.by_id[job].job.state not in _ASKING for job in under_way)

    def _start(self, job_id: str) -> None:
        active = self.by_id.get(job_id)
        if active and job_id not in self.stepping:
            self.stepping[job_id] = self._pools.run(pool_of(active.job), self._step, active)

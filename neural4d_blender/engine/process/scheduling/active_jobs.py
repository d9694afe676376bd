"""The jobs that are worked on: whose step runs, when the next one is taken, and what waits for the end of a step.

Used on the engine's main thread. A job never takes two steps at once, and is never changed by two threads.
"""

from __future__ import annotations

import functools
import math
import threading
from collections import defaultdict, deque
from collections.abc import Callable
from concurrent.futures import Future

from ...errors import JobNotFound
from ...model.job import Job
from ...model.states import FREE_TO_CANCEL, State
from ...spending.spending import Spending
from ...steps.active_job import ActiveJob
from ...store.journal import Journal, taken_elsewhere
from ..outbox import Message
from .concurrency_limit import ConcurrencyLimit
from .schedule import Schedule
from .thread_pools import ThreadPools, pool_of

#: Steps in these states ask for something or fetch it, where they do not pay: what is cut off costs nothing but asking
#: again.
_ASKING = FREE_TO_CANCEL | {State.GENERATING, State.UNKNOWN, State.DOWNLOADING}
#: Seconds until a step is tried again for which no thread could be had.
_TRY_AGAIN = 2.0


class ActiveJobs:
    """All jobs of one engine that are under way.

    Args:
        schedule: says when a step is due. slots: of which there are only so many. pools: run the steps.
        spending: knows what is being bought. step: takes a job's next step, on a thread of its own.
    """

    def __init__(
        self,
        journal: Journal,
        schedule: Schedule,
        slots: ConcurrencyLimit,
        pools: ThreadPools,
        spending: Spending,
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
        self._spending = spending
        self._step = step
        #: By service: jobs whose step needs the turn to buy something there.
        self._line: defaultdict[str, deque[str]] = defaultdict(deque)

    def held(self, job_id: str) -> ActiveJob:
        """The job, for a command; JobNotFound or InvalidInput where there is none, or another engine has it."""
        active = self.by_id.get(job_id)
        if active:
            return active
        job = self._journal.get(job_id)
        if job is None:
            raise JobNotFound("There is no such job in the history.", "Look at the job list for those there are.")
        if not self._journal.may_touch(job):
            raise taken_elsewhere(ends=self._journal.will_be_free(job))
        return ActiveJob(job)

    def told(self, job: Job) -> Message:
        """A job's snapshot, with ``left`` where it could go on and is not this engine's: what worked on it is no more,
        or is another Blender's.
        """
        return {**job.to_dict(), "left": job.under_way and job.id not in self.by_id}

    def wake(self, active: ActiveJob, delay: float = 0.0) -> None:
        """Take the job's next step after so many seconds, or when it is its turn."""
        self.by_id[active.job.id] = active
        if delay == math.inf:
            self._line[active.job.provider].append(active.job.id)
        elif self.slots.may_go(active):
            self._schedule.later(delay, functools.partial(self._start, active.job.id))

    def next_turn(self, service: str) -> None:
        """A purchase at the service may be over: whoever has waited longest for that goes."""
        line = self._line[service]
        while line and not self._spending.turns.is_taken(service):
            if active := self.by_id.get(line.popleft()):
                self.wake(active)
                break

    def wait_for_step(self, job_id: str, message: Message) -> None:
        """Have the command carried out when the job's step is over."""
        self.waiting.setdefault(job_id, []).append(message)

    def take_back(self, job_id: str) -> bool:
        """Have a step that has not begun never begin; whether there is none now."""
        step = self.stepping.get(job_id)
        if step and step.cancel():
            del self.stepping[job_id]
        return job_id not in self.stepping

    def unfinished(self) -> set[str]:
        """The ids of those whose step may be paying, or writing, or has a command waiting for its end, and of those
        that have come further than is written; a question can be asked again.
        """
        under_way = {job for job, step in self.stepping.items() if not step.cancelled()}
        jobs = {job: self.by_id[job].job for job in under_way if not self.waiting.get(job)}
        asking = {job.id for job in jobs.values() if job.state in _ASKING and not job.next_save}
        unwritten = {job for job, active in self.by_id.items() if active.unwritten}
        return under_way - (asking - self._spending.paying) | unwritten

    def _start(self, job_id: str) -> None:
        active = self.by_id.get(job_id)
        if not active or job_id in self.stepping:
            return
        if active.unwanted:  # all that is left is to write it down: no thread is to be waited for
            self.stepping[job_id] = Future()
            self._step(active)
            return
        void = threading.Event()

        def step() -> None:
            if not void.is_set():
                self._step(active)

        try:
            self.stepping[job_id] = self._pools.run(pool_of(active.job), active.job.provider, step)
        except RuntimeError:  # no memory for another thread; what was to run may be in that pool's line all the same
            void.set()
            self._schedule.later(_TRY_AGAIN, functools.partial(self._start, job_id))

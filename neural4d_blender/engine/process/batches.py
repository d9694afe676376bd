"""Batches as the engine works on them: taken in whole, let go a few at a time, stopped and continued.

Runs on the engine's main thread. Whatever concerns many jobs at once is one transaction of the journal.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable, Iterable
from contextlib import suppress

from ..clock import Clock
from ..errors import ErrorTexts, InvalidInput, JobNotFound, JournalUnusable, WorkedOnElsewhere
from ..model.batch import MAX_CONCURRENCY, BatchRecord
from ..model.job import Job
from ..model.states import FREE_TO_CANCEL, State
from ..policy.policy import Policy
from ..steps import retry_and_choose
from ..steps.active_job import ActiveJob
from ..steps.delivery import kept_files
from ..steps.failure_texts import paid_so_far
from ..store.journal import Journal
from . import redeem_quotes
from .events import Events
from .new_jobs import new_job, typical_seconds
from .outbox import Message
from .scheduling.active_jobs import ActiveJobs

#: What one job of a batch failed of, every other one at that service would fail of as well.
_OF_ALL = {"BudgetUsedUp", "NotEnoughPoints", "KeyMissing", "KeyRejected", "OnlineAccessOff"}
_OF_ALL |= {"AllowanceUsedUp", "PolicyUnusable"}
_ENDED = (State.FAILED, State.CANCELLED)
_NOTHING_PAID = "Nothing was sent and nothing was paid."


def limit(journal: Journal, batch: str) -> int:
    """How many jobs of the batch may be at one service at once."""
    record = journal.batch(batch)
    return record.concurrency if record else MAX_CONCURRENCY


class Batches:
    """The batches of one engine.

    Args:
        jobs: what is worked on. keys: tells the services' keys.
    """

    def __init__(
        self, journal: Journal, jobs: ActiveJobs, events: Events, clock: Clock, keys: Callable[[], Iterable[str]]
    ) -> None:
        self._keys = keys
        self._journal = journal
        self._jobs = jobs
        self._events = events
        self._clock = clock
        #: Set while nothing more of that batch may be submitted.
        self._halted: dict[str, threading.Event] = defaultdict(threading.Event)

    # What commands ask for

    def submit(self, message: Message) -> Message:
        """All items of a batch become queued jobs, or none does."""
        record = BatchRecord.from_dict({"created": self._clock.now(), **message["batch"]})
        record.check()
        if self._journal.batch(record.id):  # whoever sends it has not heard that it was taken in, all of it at once
            return self.tell({"batch": record.id})
        with self._journal.transaction():  # a quote is used up by jobs that are there, or not at all
            jobs = self._new(record, message)
            self._journal.save(*jobs, batch=record)
        self._tell(record, jobs)
        self._work_on(record, jobs)
        return {}

    def _new(self, record: BatchRecord, message: Message) -> list[Job]:
        """The jobs of a message that the journal has not yet."""
        jobs, typical, policy = [], dict[str, float](), Policy.at(self._journal.folder)
        for entry in message["jobs"]:
            if self._journal.get(entry["job"]):
                continue  # it has the id of its key, and another process was first
            common = message.get("request", {})
            asked = {**entry, "request": {**common, **entry["request"]}}
            job = new_job(asked, self._clock.now(), policy, self._keys())
            job.batch, job.item = record.id, entry["item"]
            if job.provider not in typical:
                typical[job.provider] = typical_seconds(self._journal, job.provider)
            job.typical = typical[job.provider]
            jobs.append(job)
        redeem_quotes.redeem(self._journal, message.get("quote", ""), jobs, record.id)
        return jobs

    def correct(self, message: Message) -> Message:
        """The batch's table says something else now: rows that are new, and those that are gone, which wait as
        cancelled; nothing goes on by that.
        """
        record = self._record(message["batch"])
        changed = BatchRecord.from_dict({**record.to_dict(), **message["changes"]})
        jobs = self._journal.jobs_of(record.id)
        self._check_ours(jobs, "Correct it there, or end that.")
        if any(job.id in self._jobs.by_id for job in jobs):
            raise InvalidInput("This batch is being worked on, so its table cannot change.", "Wait for it, or stop it.")
        gone, items = set(changed.settings.get("without", ())), message["items"]
        for job in jobs:
            job.item = items.get(job.id, job.item)
            if job.id in gone and job.state in FREE_TO_CANCEL:
                job.enter(State.CANCELLED, self._clock.now())
                job.note = f"Its row is not in the table any more. {_cost_so_far(job)}"
        with self._journal.transaction():
            new = self._new(changed, message)
            for job in new:
                job.enter(State.CANCELLED, self._clock.now())  # until the batch goes on
            self._journal.save(*jobs, *new, batch=changed)
        self._tell(changed, [*jobs, *new])
        return {}

    def stop(self, message: Message) -> Message:
        """Nothing more is submitted. What the service has taken is finished; the rest is cancelled, for free."""
        record = self._record(message["batch"])
        record.stopped = True
        waiting = self._jobs.slots.waiting(record.id)
        jobs = self._journal.jobs_of(record.id)
        self._check_ours(jobs, "Stop it there, or end that.")
        going = {job.id for job in jobs if job.id in self._jobs.by_id} - waiting
        ended = [job for job in jobs if job.state in FREE_TO_CANCEL and job.id not in going]
        for job in ended:
            job.enter(State.CANCELLED, self._clock.now())
            job.note = f"The batch was stopped. {_cost_so_far(job)}"
        self._write(record, ended, end=True)
        self._halted[record.id].set()
        self._jobs.slots.clear(record.id)
        for active in (self._jobs.by_id[job] for job in going):
            active.halted = self._halted[record.id]
            if active.unwanted and self._jobs.take_back(active.job.id):
                self._jobs.wake(active)
        return {}

    def go_on(self, message: Message) -> Message | None:
        """Take up all that is not done and that costs nothing which was paid before; answers how many those are."""
        record = self._record(message["batch"])
        changes = message.get("changes", {})
        if record.damaged and "budget" not in changes:
            raise InvalidInput(record.damaged, "Continue it with a budget, or say that it has none.")
        changed = BatchRecord.from_dict({**record.to_dict(), **changes, "stopped": False, "damaged": ""})
        changed.check()
        jobs = self._journal.jobs_of(record.id)
        ending = next((job.id for job in jobs if job.state in _ENDED and job.id in self._jobs.stepping), None)
        if ending:  # it is known to have ended, by a step that is not quite over: when that is, this is done
            self._jobs.wait_for_step(ending, message)
            return None
        self._check_ours(jobs, "Continue it there, or end that.")
        gone = {*self._jobs.by_id, *record.settings.get("without", ())}
        again = [job for job in jobs if job.id not in gone and self._revived(job)]
        # These have failed this very moment, and their steps are not put away yet.
        late = [job for job in jobs if job.id in self._jobs.stepping and job.state is State.FAILED]
        late = [job for job in late if not job.retry_pays]
        self._write(changed, again)
        self._halted[record.id].clear()
        for job in late:
            self._jobs.wait_for_step(job.id, {"do": "retry", "job": job.id})
        self._work_on(changed, again)
        self.call(self._jobs.slots.reopened(record.id))
        return {"again": len(again) + len(late)}

    def tell(self, message: Message) -> Message:
        """Say all that is known of a batch: its jobs as events, then the batch itself as the answer."""
        record = self._record(message["batch"])
        for job in self._journal.jobs_of(record.id):
            active = self._jobs.by_id.get(job.id)
            self._events.snapshot(self._jobs.told(active.job if active else job))
        for job_id in record.settings.get("also", {}):
            if other := self._journal.get(job_id):
                self._events.snapshot(self._jobs.told(other))
        return {"batch": record.to_dict()}

    def newest(self, message: Message) -> Message:
        """The newest batches, without their jobs."""
        return {"batches": [record.to_dict() for record in self._journal.batches(message.get("limit", 50))]}

    # What the engine asks for

    def halted(self, batch: str) -> threading.Event:
        """The event that is set while nothing more of the batch may be submitted; a fresh one for no batch."""
        if not batch:
            return threading.Event()
        if batch not in self._halted:
            record = self._journal.batch(batch)
            if record and record.stopped:
                self._halted[batch].set()
        return self._halted[batch]

    def stepped(self, job: Job) -> None:
        """A job has taken a step: whoever has its turn now goes, or stops where going on makes no sense."""
        if not job.batch:
            return
        if job.state is State.FAILED and job.error and job.error["code"] in _OF_ALL:
            self._fail_waiting(job, job.error)
        self.call(self._jobs.slots.stepped(job))

    def _fail_waiting(self, job: Job, error: ErrorTexts) -> None:
        """Those that wait for their turn at the same service fail with it."""
        waiting = self._jobs.slots.waiting(job.batch, job.provider)
        others = [Job.from_dict(self._jobs.by_id[one].job.to_dict()) for one in waiting]
        for other in others:
            other.enter(State.FAILED, self._clock.now())
            other.error = {**error, "cost": _cost_so_far(other)}
        with suppress(JournalUnusable):  # then the next in the line finds out for itself
            self._write(None, others, end=True)
            self._jobs.slots.clear(job.batch, job.provider)

    def call(self, jobs: Iterable[str]) -> None:
        """Let jobs go whose turn it is."""
        for job in jobs:
            if active := self._jobs.by_id.get(job):
                self._jobs.wake(active)

    def _record(self, batch: str) -> BatchRecord:
        """As it stands in the journal: another Blender may have changed its budget."""
        record = self._journal.batch(batch)
        if record is None:
            raise JobNotFound("There is no such batch in the history.", "Look at the batches there are.")
        return record

    def _check_ours(self, jobs: list[Job], remedy: str) -> None:
        if not all(self._journal.may_touch(job) for job in jobs):
            raise WorkedOnElsewhere("This batch is being worked on by another Blender.", remedy)

    def _revived(self, job: Job) -> bool:
        """Bring a job that ended back to where it can go on for free; False where there is nothing to do."""
        if job.under_way:
            return True  # left by an engine that is no more, and not taken over by itself
        files = kept_files.forget_failed(job)
        if job.state not in _ENDED or job.retry_pays:
            return files
        retry_and_choose.revive(ActiveJob(job), self._clock.now())
        return True

    def _write(self, record: BatchRecord | None, jobs: list[Job], *, end: bool = False) -> None:
        self._journal.save(*jobs, batch=record)
        if end:
            for job in jobs:
                self._jobs.by_id.pop(job.id, None)
        self._tell(record, jobs)

    def _tell(self, record: BatchRecord | None, jobs: list[Job]) -> None:
        if record:
            self._events.batch(record)
        for job in jobs:
            self._events.job(job)

    def _work_on(self, record: BatchRecord, jobs: list[Job]) -> None:
        # Who is at the service takes its place first.
        for job in sorted(jobs, key=lambda job: job.state is State.QUEUED):
            self._jobs.wake(ActiveJob(job, halted=self._halted[record.id]))


def _cost_so_far(job: Job) -> str:
    """What a job has cost whose model is not ordered yet: pictures to choose from may be paid for."""
    return _NOTHING_PAID if job.costs.free else paid_so_far(job)

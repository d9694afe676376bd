"""What the engine does on each command of the host. Runs on the engine's main thread."""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, fields

from ..audit.audit import REFUSALS, Audit
from ..errors import InvalidInput, Neural4DError
from ..model.job import Job
from ..policy.policy import Policy
from ..protocol import unit_of
from ..steps.active_job import ActiveJob
from ..steps.context import Context, Timing
from ..store.history import History
from . import redeem_quotes
from .batches import Batches
from .connections import Connections
from .events import Events
from .free_questions import FreeQuestions
from .job_commands import JobCommands
from .new_jobs import new_job, typical_seconds, user
from .outbox import Message
from .scheduling.active_jobs import ActiveJobs
from .scheduling.thread_pools import ThreadPools
from .take_over import TakeOver

#: Seconds that a job of an agent's is shown where nobody has asked for it.
_A_DAY = 86_400.0
#: What is asked of all jobs there are: those that an engine which is no more has left are among them.
_OF_ALL_JOBS = {"list", "batch", "continue_batch"}


@dataclass
class Commands:
    """The commands of protocol.py, by name.

    Args:
        measure: tells how much the data folder takes; on any thread. audit: is told of what is refused.
    """

    context: Context
    jobs: ActiveJobs
    batches: Batches
    connections: Connections
    events: Events
    history: History
    pools: ThreadPools
    take_over: TakeOver
    measure: Callable[[], None]
    audit: Audit

    def __post_init__(self) -> None:
        of_job = JobCommands(self.context, self.jobs, self.events, self.history, self.pools, self.audit)
        free = FreeQuestions(self.context, self.history, self.events, self.pools)
        self._by_name: dict[str, Callable[[Message], Message | None]] = {
            "configure": self._configure,
            "quote": functools.partial(redeem_quotes.quote, self.context.journal),
            "submit": self._submit,
            "submit_many": self.batches.submit,
            "stop_batch": self.batches.stop,
            "continue_batch": self.batches.go_on,
            "correct_batch": self.batches.correct,
            "batch": self.batches.tell,
            "batches": self.batches.newest,
            "cancel": of_job.cancel,
            "retry": of_job.retry,
            "choose": of_job.choose,
            "approve": of_job.approve,
            "decline": of_job.decline,
            "prepare": of_job.prepare,
            "save": of_job.save,
            "prepared": of_job.prepared,
            "placed": of_job.placed,
            "retarget": of_job.retarget,
            "dismiss": of_job.dismiss,
            "asset": of_job.asset,
            "delete": of_job.delete,
            "balance": free.balance,
            "test_key": free.balance,
            "account": free.account,
            "boxes": free.boxes,
            "draw_pictures": free.draw_pictures,
            "list": self._list,
            "find": self._find,
            "agents_jobs": self._agents_jobs,
            "follow": self._follow,
            "history": self._history,
            "audit": self._audit,
            "totals": self._totals,
            "noticed": self._noticed,
        }

    def obey(self, message: Message) -> None:
        """Carry out a command and answer it; one for a job whose step is running waits for that."""
        name, job = message.get("do", ""), message.get("job", "")
        if job in self.jobs.stepping:
            if name == "cancel":
                self.jobs.by_id[job].cancelled.set()
            if not (name == "cancel" and self.jobs.take_back(job)):
                self.jobs.wait_for_step(job, message)
                return
        self.events.carry_out(message, functools.partial(self._obey, name, message))

    def _obey(self, name: str, message: Message) -> Message | None:
        if name not in self._by_name:
            raise InvalidInput(f"The engine knows no command {name!r}.")
        if name in _OF_ALL_JOBS:
            self.take_over.now()
        try:
            return self._by_name[name](message)
        except REFUSALS as error:
            self._note_refusal(message, error)
            raise

    def _note_refusal(self, message: Message, error: Neural4DError) -> None:
        """Of what names a request, or a job that is there."""
        asked = next(iter(message.get("jobs", ())), message)
        job = self.context.journal.get(asked["job"]) if "job" in asked and "request" not in asked else None
        service, request = (job.provider, job.request) if job else (asked.get("provider", ""), asked.get("request", {}))
        if service:
            self.audit.refused(error, asked.get("job", ""), service, request, user())

    def _audit(self, message: Message) -> Message:
        with suppress(OSError):
            self.audit.write()
        return {"audit": self.audit.told(message.get("limit", 50))}

    def _configure(self, message: Message) -> Message:
        first = not self.connections.services
        self.context.preparers.argv = message["preparer"]
        self.context.preparers.strict = bool(message.get("strict"))
        self.context.host_imports = bool(message.get("imports"))
        self.connections.configure(message["services"], bool(message["online"]))
        known = {f.name for f in fields(Timing)}
        self.context.timing = Timing(**{k: v for k, v in message.get("timing", {}).items() if k in known})
        if (points := message.get("agent_allowances")) is not None:
            self.context.journal.set_agent_allowances(points)
        newly, self.take_over.wanted = not self.take_over.wanted, bool(message.get("adopt", True))
        if first or newly:
            self.take_over.soon()
        if first:
            self.pools.run("ask", "", self.measure)
        return {}

    def _submit(self, message: Message) -> Message:
        policy, keys = Policy.at(self.context.folder), self.connections.keys()
        job = new_job(message, self.context.clock.now(), policy, keys)
        if known := self.context.journal.get(job.id):  # whoever sends it has not heard that it was taken in
            self.events.snapshot(self.jobs.told(known))
            return {}
        if deleted := self.context.journal.cost_of_deleted(job.id):
            points, estimated = deleted
            paid = f"{points} {unit_of(job.provider)} were paid before." if points else "Nothing more was paid."
            paid = f"About {paid}" if points and estimated else paid
            raise InvalidInput("This job was deleted.", "Generate it anew.", cost=paid)
        job.typical = typical_seconds(self.context.journal, job.provider)
        with self.context.journal.transaction():  # a quote is used up by a job that is there, or not at all
            redeem_quotes.redeem(self.context.journal, message.get("quote", ""), [job], job.id)
            self.context.journal.save(job)
        self.context.publish(job)
        self.jobs.wake(ActiveJob(job))
        return {}

    def _list(self, message: Message) -> Message:
        """The newest jobs, less those that another Blender window is working on."""
        newest = self.context.journal.newest(message.get("limit", 200))
        unwritten = {id: active.job for id, active in self.jobs.by_id.items() if active.unwritten}
        return {"jobs": [self._told(unwritten.get(job.id, job)) for job in newest if self._is_ours(job)]}

    def _agents_jobs(self, _message: Message) -> Message:
        since = self.context.clock.now() - _A_DAY
        return {"jobs": [self.jobs.told(job) for job in self.history.of_agents(since)]}

    def _history(self, message: Message) -> Message:
        names = ("text", "provider", "states", "since", "until", "limit", "offset")
        jobs, total = self.history.search(**{name: message[name] for name in names if name in message})
        return {"jobs": jobs, "total": total}

    def _totals(self, _message: Message) -> Message:
        return {"totals": self.history.totals()}

    def _find(self, message: Message) -> Message:
        active = self.jobs.by_id.get(message["job"])
        job = active.job if active else self.context.journal.get(message["job"])
        return {"jobs": [self._told(job)] if job and self._is_ours(job) else []}

    def _told(self, job: Job) -> Message:
        """One that this engine is about to go on with is not left, though another one still waits for its answer."""
        return job.to_dict() if self._is_ours(job) and self.take_over.takes(job) else self.jobs.told(job)

    def _is_ours(self, job: Job) -> bool:
        """Now, or as soon as the engine of a Blender that was quit has its answer."""
        return self.context.journal.may_touch(job) or self.context.journal.will_be_free(job)

    def _follow(self, message: Message) -> Message:
        """What an engine wrote and could not tell any more is told by the next one."""
        known: dict[str, int] = message["jobs"]
        self.take_over.followed |= known.keys()
        self.take_over.soon()
        jobs = {job_id: self.context.journal.get(job_id) for job_id in known}
        changed = [self._told(job) for job in jobs.values() if job and job.revision != known[job.id]]
        return {"jobs": changed, "gone": [job_id for job_id, job in jobs.items() if not job]}

    def _noticed(self, _message: Message) -> Message:
        self.context.journal.forget_notices()
        return {}

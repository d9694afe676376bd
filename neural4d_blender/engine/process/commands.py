"""What the engine does on each command of the host. Runs on the engine's main thread."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import asdict, dataclass, fields

from ..errors import InvalidInput, JournalDamaged, Neural4DError, TransportError
from ..http.transport import backoff
from ..steps.active_job import ActiveJob
from ..steps.context import Context, Timing
from ..store.history import History
from .active_jobs import ActiveJobs
from .batches import Batches
from .connections import Connections
from .events import Events
from .job_commands import JobCommands
from .new_jobs import new_job, typical_seconds
from .outbox import Message
from .take_over import TakeOver
from .thread_pools import ThreadPools

#: What is asked of all jobs there are: those that an engine which is no more has left are among them.
_OF_ALL_JOBS = {"list", "batch", "continue_batch"}


@dataclass
class Commands:
    """The commands of protocol.py, by name.

    Args:
        measure: tells how much the data folder takes; on any thread.
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

    def __post_init__(self) -> None:
        of_job = JobCommands(self.context, self.jobs, self.events, self.history, self.pools)
        self._by_name: dict[str, Callable[[Message], Message | None]] = {
            "configure": self._configure,
            "submit": self._submit,
            "submit_many": self.batches.submit,
            "stop_batch": self.batches.stop,
            "continue_batch": self.batches.go_on,
            "batch": self.batches.tell,
            "batches": self.batches.newest,
            "cancel": of_job.cancel,
            "retry": of_job.retry,
            "choose": of_job.choose,
            "prepare": of_job.prepare,
            "save": of_job.save,
            "prepared": of_job.prepared,
            "placed": of_job.placed,
            "retarget": of_job.retarget,
            "dismiss": of_job.dismiss,
            "asset": of_job.asset,
            "delete": of_job.delete,
            "balance": self._balance,
            "test_key": self._balance,
            "list": self._list,
            "find": self._find,
            "follow": self._follow,
            "history": self._history,
            "totals": self._totals,
            "noticed": self._noticed,
        }

    def obey(self, message: Message) -> None:
        """Carry out a command and answer it; one for a job whose step is running waits for that."""
        name, job = message.get("do", ""), message.get("job", "")
        if job in self.jobs.stepping:
            if name == "cancel":
                self.jobs.by_id[job].cancelled.set()
            self.jobs.wait_for_step(job, message)
            return
        try:
            if name not in self._by_name:
                raise InvalidInput(f"The engine knows no command {message.get('do')!r}.")
            if name in _OF_ALL_JOBS:
                self.take_over.now()
            answer = self._by_name[name](message)
        except JournalDamaged:  # nobody else is told of it: whoever waits is told by the next engine
            raise
        except Neural4DError as error:
            self.events.answer(message, error.to_dict())
        except Exception as error:  # a bug of ours must not end the engine, and every job with it
            traceback.print_exc()  # for engine.log
            what = f"An internal error stopped the command {name!r} ({type(error).__name__})."
            self.events.answer(message, Neural4DError(what, "Report this text, and engine.log.").to_dict())
        else:
            if answer is not None:
                self.events.answer(message, **answer)

    def _configure(self, message: Message) -> Message:
        first = not self.connections.services
        self.context.preparers.argv = message["preparer"]
        self.context.host_imports = bool(message.get("imports"))
        self.connections.configure(message["services"], bool(message["online"]))
        known = {f.name for f in fields(Timing)}
        self.context.timing = Timing(**{k: v for k, v in message.get("timing", {}).items() if k in known})
        newly, self.take_over.wanted = not self.take_over.wanted, bool(message.get("adopt", True))
        if first or newly:
            self.take_over.soon()
        if first:
            self.pools.run("ask", self.measure)
        return {}

    def _submit(self, message: Message) -> Message:
        job = new_job(message, self.context.clock.now())
        if known := self.context.journal.get(job.id):  # whoever sends it has not heard that it was taken in
            self.context.publish(known)
            return {}
        job.typical = typical_seconds(self.context.journal, job.provider)
        self.context.save(job)
        self.jobs.wake(ActiveJob(job))
        return {}

    def _list(self, message: Message) -> Message:
        """The newest jobs, less those that another Blender window is working on."""
        newest = self.context.journal.newest(message.get("limit", 200))
        return {"jobs": [job.to_dict() for job in newest if self.context.journal.may_touch(job)]}

    def _history(self, message: Message) -> Message:
        names = ("text", "provider", "states", "since", "until", "limit", "offset")
        jobs, total = self.history.search(**{name: message[name] for name in names if name in message})
        return {"jobs": jobs, "total": total}

    def _totals(self, _message: Message) -> Message:
        return {"totals": self.history.totals()}

    def _find(self, message: Message) -> Message:
        found = self.jobs.by_id.get(message["job"])
        job = found.job if found else self.context.journal.get(message["job"])
        return {"jobs": [job.to_dict()] if job and self.context.journal.may_touch(job) else []}

    def _follow(self, message: Message) -> Message:
        """What an engine wrote and could not tell any more is told by the next one."""
        known: dict[str, int] = message["jobs"]
        self.take_over.followed |= known.keys()
        self.take_over.soon()
        jobs = {job_id: self.context.journal.get(job_id) for job_id in known}
        changed = [job.to_dict() for job in jobs.values() if job and job.revision != known[job.id]]
        return {"jobs": changed, "gone": [job_id for job_id, job in jobs.items() if not job]}

    def _noticed(self, _message: Message) -> Message:
        self.context.journal.forget_notices()
        return {}

    def _balance(self, message: Message) -> None:
        """Answered later: the request runs on a worker thread."""
        self.pools.run("ask", self._read_balance, message)

    def _read_balance(self, message: Message) -> None:
        error: Neural4DError | None = None
        for attempt in range(3):
            try:
                service = self.connections.provider(message["provider"])
                balance = service.balance() if message["do"] == "balance" else service.test_key()
            except TransportError as trouble:
                error = trouble
                wait = backoff(attempt, self.context.timing.backoff, chance=self.context.system.chance)
                if self.context.clock.wait(self.context.stopping, wait):
                    break
            except Neural4DError as refusal:
                error = refusal
                break
            else:
                if balance is not None:
                    self.events.balance(message["provider"], balance)
                self.events.answer(message, balance=asdict(balance) if balance else None)
                return
        self.events.answer(message, error.to_dict() if error else None)

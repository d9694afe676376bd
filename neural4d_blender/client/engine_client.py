"""The engine process as its user sees it: commands go out, events come in, the newest of each is kept.

Standard library and the engine's ``protocol`` only. Starts no thread and never waits; any thread may use it. The
engine is started by the first command and again when it ended on its own; the journal sees to it that nothing is lost
or paid twice.
"""

from __future__ import annotations

import threading
import time
import uuid
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from ..engine import protocol
from ..engine.protocol import BatchRecord, EngineStopped, ErrorTexts, JobFailed, Neural4DError, State
from .engine_process import EngineProcess
from .environment_variables import Settings
from .jobs import snapshots
from .jobs.job_target import Target
from .jobs.latest_state import Message, Told
from .jobs.new_jobs import NewJob, message_of, snapshots_of
from .jobs.replies import Answer
from .locked import alone

Answered = Callable[[Answer], None]

#: Seconds that one look at the pipe may take: a user's window waits meanwhile.
_AT_A_TIME = 0.004
#: An engine that dies more often than this within a minute, or cannot start, is started again a minute later.
_RESTARTS, _MINUTE = 3, 60.0


class Bridge(Told):
    """Owns the engine process, and knows what it has told.

    Args:
        settings: what the engine is told; asked anew whenever something is sent.

    Attributes:
        timing: seconds and counts handed to the engine; empty except in tests.
        adopting: whether the engine goes on with the unfinished jobs of engines that are no more; nobody does unasked.
    """

    def __init__(self, settings: Settings) -> None:
        super().__init__(self.send)
        self.settings = settings
        self.timing: dict[str, float] = {}
        self.adopting = False
        #: Whoever uses the pipe, or changes what is known by it. What is done with it takes no longer than moments.
        self.lock = threading.RLock()
        self._process: EngineProcess | None = None
        self._unread: deque[bytes] = deque()
        self._answers: dict[str, Answered] = {}
        self._configured: Message = {}
        self._deaths: list[float] = []
        #: When it is to be started again by itself (monotonic), None where it is not.
        self._again_at: float | None = None
        self._last_words: ErrorTexts | None = None
        #: Jobs that the engine has not taken in: nobody but this process knows of them.
        self._refused: set[str] = set()
        #: Jobs of which an engine that died may have heard, with what sends them once more.
        self._unsure: dict[str, Callable[[], None]] = {}

    @property
    def running(self) -> bool:
        """An engine process is there."""
        return self._process is not None

    @property
    def ending(self) -> Neural4DError:
        """Why the engine is not there any more: what it said itself, if anything."""
        if self._last_words:
            return JobFailed.from_dict(self._last_words)
        return EngineStopped("The engine process ended unexpectedly; its log is engine.log in the folder for files.")

    @property
    def busy(self) -> bool:
        """Something is under way: a job that the engine works on, or an answer that is awaited."""
        return bool(self._answers) or bool(self.jobs.under_way)

    @alone
    def send(self, do: str, answer: Answered | None = None, **values: Any) -> None:
        """Send a command, starting the engine if need be.

        Args:
            do: the command's name; see engine.protocol for the names and their values.
            answer: called from :meth:`drain` with the answer, whose ``error`` is None when all is well.
        """
        if do == "retry" and values["job"] in self._refused:  # it stands in no journal
            job = self.jobs[values["job"]]
            self.submit(job.id, job.provider, job.request, job.target, answer)
            return
        self._start()
        self.configure()
        # Always awaited: the clock may not stop before the engine has done what it was told.
        tag = uuid.uuid4().hex
        self._answers[tag] = answer or (lambda _: None)
        self._write({"do": do, **values, "tag": tag})

    @alone
    def submit(
        self, job_id: str, provider: str, request: protocol.Request, target: Target, answer: Answered | None = None
    ) -> None:
        """Send a job. It is in ``jobs`` from now on, as queued, though the engine's own word comes later."""
        self._refused.discard(job_id)
        now = time.time()
        job = protocol.Job(job_id, provider, request.to_dict(), dict(target), created=now, entered=now)
        job.delivery.native = protocol.makes(provider, request)
        self.jobs[job_id] = snapshots.Job.of(job)
        self.revision += 1

        def answered(told: Answer) -> None:
            if _may_have_heard(told.error):
                self._unsure[job_id] = lambda: self.submit(job_id, provider, request, target, answer)
                return
            if told.error:
                self._refused.add(job_id)
                self._refuse(job_id, told.error)
            if answer:
                answer(told)

        try:
            self.send("submit", answered, job=job_id, provider=provider, request=job.request, target=target)
        except EngineStopped as error:
            self._refused.add(job_id)
            self._refuse(job_id, error.to_dict())
            raise

    @alone
    def submit_many(self, batch: BatchRecord, jobs: Sequence[NewJob]) -> None:
        """Send a batch. Its jobs are in ``jobs`` from now on, as queued."""
        self.batches[batch.id] = batch
        for new in snapshots_of(batch.id, jobs):
            self.jobs[new.id] = new
        self.revision += 1

        def refused(answer: Answer) -> None:
            if _may_have_heard(answer.error):
                self._unsure[jobs[0].id] = lambda: self.submit_many(batch, jobs)
            elif answer.error:
                for job in jobs:
                    self._refuse(job.id, answer.error)

        try:
            self.send("submit_many", refused, batch=batch.to_dict(), **message_of(jobs))
        except EngineStopped as error:
            for job in jobs:
                self._refuse(job.id, error.to_dict())
            raise

    def _refuse(self, job_id: str, error: ErrorTexts) -> None:
        told: ErrorTexts = {**error, "cost": error["cost"] or "Nothing was sent and nothing was paid."}
        job = replace(self.jobs[job_id], state=State.FAILED, under_way=False, entered=time.time(), error=told)
        self.jobs[job_id] = job

    def _follow(self) -> None:
        """Have a new engine go on with what the last one has left, and tell what that one wrote and never told.

        What it was told and has not answered is sent again where it stands in no journal.
        """
        known = {job.id: job.revision for job in self.jobs.under_way.values()}
        unsure = list(self._unsure)

        def followed(told: Answer) -> None:
            if told.error:
                return  # that engine died too: the next one is asked
            for job in told.jobs:
                self.jobs[job.id] = job
            for job_id in (job_id for job_id in told.gone if known[job_id]):  # it was there
                what, cost = "The job was deleted, or this is another history.", "What it has cost is not known here."
                lost = protocol.InvalidInput(what, "See the history.", cost=cost)
                job = replace(self.jobs[job_id], state=State.FAILED, under_way=False, error=lost.to_dict())
                self.jobs[job_id] = job
            for job_id, send_again in [(job_id, self._unsure.pop(job_id)) for job_id in unsure]:
                if job_id in told.gone:
                    send_again()

        if known:
            self.send("follow", followed, jobs=known)

    @alone
    def configure(self) -> None:
        """Tell a running engine what the user has set, if that changed."""
        wanted: Message = {
            "do": "configure",
            "services": self.settings.services(),
            "online": self.settings.online(),
            "preparer": self.settings.preparer(),
            "imports": self.settings.imports(),
            "strict": self.settings.strict(),
            "agent_allowances": self.settings.agent_allowances(),
            "timing": self.timing,
            "adopt": self.adopting,
        }
        if self.running and wanted != self._configured:
            self._configured = wanted
            self._write(wanted)

    @alone
    def drain(self) -> bool:
        """Take in the events that have arrived; True where anything changed.

        Takes microseconds when nothing did, and leaves the rest for the next call when very much did.
        """
        if self._again_at is not None and time.monotonic() > self._again_at:
            self._revive()
        if (process := self._process) is None:
            return False
        before = self.revision
        process.writer.write()
        self._unread += process.reader.lines()
        ends = time.perf_counter() + _AT_A_TIME
        while self._unread and time.perf_counter() < ends:
            try:
                event = protocol.decode(self._unread.popleft())
            except ValueError:
                continue
            self._take(event)
        if process.reader.closed and not self._unread:
            self._died()
        return self.revision != before

    @alone
    def stop(self) -> None:
        """Close the pipe, at once: the engine ends by itself, when what may be paid is answered and written down."""
        # It takes in all that it was told before it ends, and the next engine may be one of another data folder.
        self._answers.clear()
        self._unsure.clear()
        self._again_at = None
        self._end()

    def _end(self) -> None:
        process, self._process = self._process, None
        self._configured = {}
        self._unread.clear()
        self.to_prepare.clear()  # whoever asked for it is no more
        if process:
            process.end()

    def _start(self) -> None:
        if self._process is None:
            self._last_words = self._again_at = None
            self._process = EngineProcess(self.settings.data_dir(), self.settings.search_path())
            self._follow()

    def _write(self, message: Message) -> None:
        if self._process:
            self._process.writer.write(protocol.encode(message))

    def _take(self, event: Message) -> None:
        super()._take(event)
        match event.get("event"):
            case "ended":
                self._last_words = event["error"]
            case "answer":
                answer = self._answers.pop(event.get("tag") or "", None)
                if answer:
                    answer(Answer.read(event))

    def _died(self) -> None:
        """The engine ended on its own: whoever waits is told, and unfinished jobs go on in a new one."""
        self.revision += 1
        self._end()
        told = self._last_words or self.ending.to_dict()
        waiting, self._answers = self._answers, {}
        for answer in waiting.values():
            answer(Answer(error=told))
        now = time.monotonic()
        self._deaths = [at for at in self._deaths if now - at < _MINUTE] + [now]
        if not self.jobs.under_way:
            return
        if len(self._deaths) <= _RESTARTS and not self._last_words:
            self._revive()
        else:
            self._stand_still(told)

    def _revive(self) -> None:
        try:
            self._start()
            self.configure()
        except EngineStopped as error:
            self._last_words = error.to_dict()
            self._stand_still(self._last_words)

    def _stand_still(self, told: ErrorTexts) -> None:
        """There is no engine for the jobs, and why; what is missing may come back."""
        self._again_at = time.monotonic() + _MINUTE
        self.revision += 1
        for job in list(self.jobs.under_way.values()):
            self.jobs[job.id] = replace(job, note=f"{told['what']} {told['remedy']}")


def _may_have_heard(error: ErrorTexts | None) -> bool:
    """The engine died before it answered: whatever it was told may stand in the journal, and be paid."""
    return error is not None and error["code"] == EngineStopped.__name__

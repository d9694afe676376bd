"""The engine process: reads commands from its pipe, steps the jobs on a few threads, writes events.

The main thread owns the schedule; each step of a job runs on a worker thread and never two steps of
one job at once. When the pipe closes the process lets a submission that is on its way be answered,
then ends: everything else goes on from the journal at the next start.
"""

from __future__ import annotations

import argparse
import heapq
import itertools
import os
import queue
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, BinaryIO

from . import protocol
from .errors import InvalidInput, JobNotFound, KeyMissing, Neural4DError, OnlineAccessOff, TransportError
from .jobs import FREE_TO_CANCEL, Job, State, VariantState
from .journal import Journal
from .providers import PROVIDERS
from .providers.base import Balance, Provider
from .request import Request
from .runner import Live, Runner, Timing
from .transport import Transport, backoff

#: Jobs that are stepped at the same moment; the others wait for a thread, not for a whole job.
_WORKERS = 16
#: At the end: seconds that requests on their way are given to be answered.
_GRACE = 5.0

Message = dict[str, Any]


class Engine:
    """Everything of one engine process.

    Args:
        data_dir: the data folder (journal, downloads, prepared models).
        source: where commands come from. sink: where events go.
    """

    def __init__(self, data_dir: Path, source: BinaryIO, sink: BinaryIO) -> None:
        self.source, self.sink = source, sink
        self.inbox: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self.stopping = threading.Event()
        self.journal = Journal(data_dir)
        self.runner = Runner(
            self.journal,
            self.provider,
            self.publish,
            self.balance_changed,
            self.prices_changed,
            self.stopping,
            data_dir,
        )
        self.services: dict[str, dict[str, str]] = {}
        self.online = False
        self.providers: dict[str, Provider] = {}
        self.live: dict[str, Live] = {}
        self.stepping: set[str] = set()
        #: Commands for a job whose step is running: a job is never changed by two threads.
        self.waiting: dict[str, list[Message]] = {}
        self.schedule: list[tuple[float, int, str]] = []
        self.pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="step")
        self._order = itertools.count()
        self._writing = threading.Lock()

    # Events

    def send(self, message: Message) -> None:
        """Write one event; a host that is gone is noticed by the reader, not here."""
        with self._writing:
            try:
                self.sink.write(protocol.encode(message))
                self.sink.flush()
            except (OSError, ValueError):
                self.stopping.set()

    def publish(self, job: Job) -> None:
        """Tell the host what a job is like now."""
        self.send({"event": "job", "job": job.to_dict()})

    def balance_changed(self, provider: str, balance: Balance) -> None:
        """Tell the host a balance that was just read."""
        self.send({"event": "balance", "provider": provider, "balance": asdict(balance), "at": time.time()})

    def prices_changed(self) -> None:
        """Tell the host what operations really cost."""
        self.send({"event": "prices", "prices": self.journal.prices()})

    def provider(self, name: str) -> Provider:
        """The service, ready to be called; OnlineAccessOff, KeyMissing or InvalidInput where it cannot be."""
        if not self.online:
            raise OnlineAccessOff("Blender's online access is off, so nothing was sent.")
        if name not in self.providers:
            declared = protocol.declaration(name)
            service = self.services.get(name, {})
            if not service.get("key"):
                raise KeyMissing(f"No key is set for {declared.name}.")
            self.providers[name] = PROVIDERS[name](
                Transport(declared.name, service.get("url") or declared.url, service["key"])
            )
        return self.providers[name]

    # The loop

    def run(self) -> None:
        """Work until the pipe closes."""
        threading.Thread(target=self._read, name="pipe", daemon=True).start()
        self.send({"event": "hello", "pid": os.getpid(), "prices": self.journal.prices()})
        while not self.stopping.is_set():
            timeout = max(0.0, self.schedule[0][0] - time.monotonic()) if self.schedule else None
            try:
                act = self.inbox.get(timeout=timeout)
                if act is None:
                    break
                act()
            except queue.Empty:
                pass
            self._start_due_steps()
        self.stopping.set()
        self.pool.shutdown(wait=False, cancel_futures=True)
        self._let_requests_finish()
        self.journal.close()

    def _read(self) -> None:
        for line in iter(self.source.readline, b""):
            try:
                message = protocol.decode(line)
            except ValueError:
                continue
            self.inbox.put(lambda message=message: self._obey(message))  # type: ignore[misc]
        self.inbox.put(None)

    def _let_requests_finish(self) -> None:
        ends = time.monotonic() + _GRACE
        while self.stepping and time.monotonic() < ends:
            try:
                act = self.inbox.get(timeout=ends - time.monotonic())
            except queue.Empty:
                break
            if act is not None:
                act()

    def _start_due_steps(self) -> None:
        now = time.monotonic()
        while self.schedule and self.schedule[0][0] <= now:
            _, _, job_id = heapq.heappop(self.schedule)
            live = self.live.get(job_id)
            if live is None or job_id in self.stepping:
                continue
            self.stepping.add(job_id)
            self.pool.submit(self._step, live)

    def _step(self, live: Live) -> None:
        delay = self.runner.step(live)
        self.inbox.put(lambda: self._stepped(live, delay))

    def _stepped(self, live: Live, delay: float | None) -> None:
        self.stepping.discard(live.job.id)
        if delay is not None:
            self._wake(live, delay)
        elif not live.job.under_way:
            del self.live[live.job.id]
            if not self.stopping.is_set():
                self.pool.submit(self._measure)
        for message in self.waiting.pop(live.job.id, []):
            self._obey(message)

    def _wake(self, live: Live, delay: float = 0.0) -> None:
        self.live[live.job.id] = live
        heapq.heappush(self.schedule, (time.monotonic() + delay, next(self._order), live.job.id))

    # Commands

    def _obey(self, message: Message) -> None:
        do = {
            "configure": self._configure,
            "submit": self._submit,
            "cancel": self._cancel,
            "retry": self._retry,
            "prepare": self._prepare,
            "placed": self._placed,
            "retarget": self._retarget,
            "dismiss": self._dismiss,
            "balance": self._balance,
            "list": self._list,
        }.get(message.get("do", ""))
        if message.get("job") in self.stepping:
            if message["do"] == "cancel":
                self.live[message["job"]].cancelled.set()
            self.waiting.setdefault(message["job"], []).append(message)
            return
        try:
            if do is None:
                raise InvalidInput(f"The engine knows no command {message.get('do')!r}.")
            answer = do(message)
        except Neural4DError as error:
            self._answer(message, error)
        else:
            if answer is not None:
                self._answer(message, **answer)

    def _answer(self, message: Message, error: Neural4DError | None = None, **values: Any) -> None:
        if "tag" in message or error is not None:
            told = error.to_dict() if error else None
            self.send(
                {"event": "answer", "tag": message.get("tag"), "job": message.get("job"), "error": told, **values}
            )

    def _configure(self, message: Message) -> Message:
        first = not self.runner.preparer
        if message["services"] != self.services:
            self.services = message["services"]
            self.providers = {}
        self.online = bool(message["online"])
        self.runner.preparer = message["preparer"]
        known = {f.name for f in fields(Timing)}
        self.runner.timing = Timing(**{k: v for k, v in message.get("timing", {}).items() if k in known})
        if first:
            self._take_over()
            self.pool.submit(self._measure)
        return {}

    def _take_over(self) -> None:
        """Go on with jobs that an engine which is no more has left."""
        for job in self.journal.take_over():
            self._wake(Live(job))
            self.publish(job)

    def _measure(self) -> None:
        files = (path.stat().st_size for path in self.journal.folder.rglob("*") if path.is_file())
        with suppress(OSError):
            self.send({"event": "usage", "bytes": sum(files)})

    def _submit(self, message: Message) -> Message:
        declared = protocol.declaration(message["provider"])
        request = Request.from_dict(message["request"])
        request.check(declared)
        job = Job(message["job"], declared.id, request.to_dict(), target=message.get("target", {}))
        job.typical = self._typical_seconds(declared.id)
        self.runner.save(job)
        self._wake(Live(job))
        return {}

    def _typical_seconds(self, provider: str) -> float:
        took = [
            job.seconds["generating"]
            for job in self.journal.newest(20)
            if job.provider == provider and job.state in (State.READY, State.PLACED) and "generating" in job.seconds
        ]
        return sum(took) / len(took) if took else Job.typical

    def _held(self, message: Message) -> Live:
        live = self.live.get(message["job"])
        if live is None:
            job = self.journal.get(message["job"])
            if job is None:
                raise JobNotFound("There is no such job in the journal.", "Look at the job list for those there are.")
            if not self.journal.may_touch(job):
                raise InvalidInput("This job is being worked on by another Blender window.", "Use that window for it.")
            live = Live(job)
        return live

    def _cancel(self, message: Message) -> Message:
        live = self._held(message)
        if live.job.under_way or live.job.state in FREE_TO_CANCEL:
            live.cancelled.set()
            self._wake(live)
        return {}

    def _retry(self, message: Message) -> Message:
        live = self._held(message)
        if live.job.state not in (State.FAILED, State.CANCELLED):
            raise InvalidInput(
                "Only a failed or cancelled job can be tried again.", "Wait for the job, or cancel it first."
            )
        self.runner.retry(live)
        self._wake(live)
        return {}

    def _prepare(self, message: Message) -> Message:
        live = self._held(message)
        wanted = next((v for v in live.job.variants if v.index == message["variant"]), None)
        if wanted is None or wanted.state is VariantState.FAILED:
            there_are = [v.index for v in live.job.variants if v.state is not VariantState.FAILED]
            raise InvalidInput(
                f"There is no variant {message['variant']}; there are {there_are}.", "Choose one of those."
            )
        self.runner.take(live, wanted)
        self._wake(live)
        return {}

    def _placed(self, message: Message) -> Message:
        live = self._held(message)
        live.job.target = message["target"]
        if live.job.state is State.READY:
            live.job.enter(State.PLACED)
        self.runner.save(live.job)
        return {}

    def _retarget(self, message: Message) -> Message:
        live = self._held(message)
        live.job.target = message["target"]
        self.runner.save(live.job)
        return {}

    def _dismiss(self, message: Message) -> Message:
        live = self._held(message)
        live.job.dismissed = True
        self.runner.save(live.job)
        return {}

    def _list(self, message: Message) -> Message:
        self._take_over()
        return {"jobs": [job.to_dict() for job in self.journal.newest(message.get("limit", 200))]}

    def _balance(self, message: Message) -> None:
        """Answered later: the request runs on a worker thread."""
        self.pool.submit(self._read_balance, message)

    def _read_balance(self, message: Message) -> None:
        error: Neural4DError | None = None
        for attempt in range(3):
            try:
                balance = self.provider(message["provider"]).balance()
            except TransportError as trouble:
                error = trouble
                if self.stopping.wait(backoff(attempt, self.runner.timing.backoff)):
                    break
            except Neural4DError as refusal:
                error = refusal
                break
            else:
                self.balance_changed(message["provider"], balance)
                self._answer(message, balance=asdict(balance))
                return
        self._answer(message, error)


def main() -> int:
    """Entry point of the process. Nothing but events may be printed to the pipe."""
    parser = argparse.ArgumentParser(description="The engine of the Neural4D extension; started by Blender.")
    parser.add_argument("--data-dir", required=True, type=Path)
    arguments = parser.parse_args()
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    Engine(arguments.data_dir, sys.stdin.buffer, sink).run()
    # Threads that wait for an answer (a hung service) must not keep the process alive.
    os._exit(0)

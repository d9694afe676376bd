"""The engine process: reads commands from its pipe, steps the jobs on a few threads, writes events.

The main thread owns the schedule; each step of a job runs on a worker thread and never two steps of
one job at once. When the pipe closes the process lets a submission that is on its way be answered,
then ends: everything else goes on from the journal at the next start.
"""

from __future__ import annotations

import argparse
import functools
import heapq
import itertools
import os
import queue
import sys
import threading
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, BinaryIO

from .. import protocol
from ..errors import JournalUnusable, KeyMissing, OnlineAccessOff
from ..http.rate_limit import RateLimiter
from ..http.transport import Transport
from ..model.job import Job, Variant
from ..model.server_facts import Server
from ..model.states import State
from ..services import PROVIDERS
from ..services.answers import Balance
from ..services.base import Provider
from ..steps import exchange_log
from ..steps.active_job import Live
from ..steps.next_step import Runner
from ..steps.spending import Purse
from ..store.history import History
from ..store.journal import Journal
from .batches import Batches
from .commands import Commands, Message
from .outbox import Outbox
from .slots import Turns
from .thread_pools import Lanes, lane_of

#: At the end: seconds that requests on their way are given to be answered.
_GRACE = 5.0
#: Seconds until a journal that could not be written is tried again.
_LOOK_AGAIN = 2.0
#: Steps in these states ask for something or fetch it: what is cut off costs nothing but asking again.
_ASKING = {State.GENERATING, State.UNKNOWN, State.DOWNLOADING}


class Engine:
    """Everything of one engine process.

    Args:
        data_dir: the data folder (journal, downloads, prepared models).
        source: where commands come from. sink: where events go.
    """

    def __init__(self, data_dir: Path, source: BinaryIO, sink: BinaryIO) -> None:
        self.source = source
        self.inbox: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self.stopping = threading.Event()
        self.outbox = Outbox(sink)
        self.journal = Journal(data_dir)
        self.history = History(self.journal)
        purse = Purse(self.journal, self.balance_changed, self.prices_changed)
        self.runner = Runner(self.journal, self.provider, self.publish, purse, self.ask_host, self.stopping, data_dir)
        self.batches = Batches(self)
        self.turns = Turns(self.batches.limit)
        self.commands = Commands(self)
        self.services: dict[str, dict[str, str]] = {}
        self.online = False
        self.adopting = True
        self.providers: dict[str, Provider] = {}
        self._making = threading.Lock()
        self.live: dict[str, Live] = {}
        #: The step that each job is taking.
        self.stepping: dict[str, Future[object]] = {}
        #: Commands for a job whose step is running: a job is never changed by two threads.
        self.waiting: dict[str, list[Message]] = {}
        self.schedule: list[tuple[float, int, str]] = []
        self.lanes = Lanes()
        self._order = itertools.count()

    # Events

    def send(self, message: Message) -> None:
        """Say something to the host, which may take its time to listen."""
        self.outbox.put(message)

    def publish(self, job: Job) -> None:
        """Tell the host what a job is like now."""
        self.send({"event": "job", "job": job.to_dict()})

    def ask_host(self, job: Job, variant: Variant, values: dict[str, Any]) -> None:
        """Have the host prepare a variant; it answers with the command ``prepared``."""
        self.send({"event": "prepare", "job": job.id, "variant": variant.index, "values": values})

    def balance_changed(self, provider: str, balance: Balance) -> None:
        """Tell the host a balance that was just read."""
        self.send({"event": "balance", "provider": provider, "balance": asdict(balance), "at": time.time()})

    def prices_changed(self) -> None:
        """Tell the host what operations really cost."""
        self.send({"event": "prices", "prices": self.journal.prices(), "spent": self.journal.spent()})

    def server_changed(self, server: Server) -> None:
        """Tell the host what is known of a service's server now."""
        self.send({"event": "server", "provider": server.provider, "facts": dict(server.facts)})

    def provider(self, name: str) -> Provider:
        """The service, ready to be called; OnlineAccessOff, KeyMissing or InvalidInput where it cannot be."""
        if not self.online:
            raise OnlineAccessOff("Blender's online access is off, so nothing was sent.")
        with self._making:  # one for all threads: what it learns of a service's limits is for all
            return self.providers.get(name) or self._make_provider(name)

    def _make_provider(self, name: str) -> Provider:
        """The service with its key; KeyMissing or InvalidInput where it cannot be."""
        declared = protocol.declaration(name)
        service = self.services.get(name, {})
        if not service.get("key"):
            raise KeyMissing(f"No key is set for {declared.name}.")
        url = service.get("url") or declared.url
        server = Server(name, url, self.journal, self.server_changed)
        transport = Transport(
            declared.name,
            url,
            service["key"],
            key_header=declared.key_header,
            key_field=declared.key_field,
            others=declared.other_urls if url.rstrip("/") == declared.url else (),
            limiter=RateLimiter(server, lambda: self.runner.timing.minute),
            observer=functools.partial(exchange_log.observe, server),
        )
        self.providers[name] = PROVIDERS[name](transport, server)
        return self.providers[name]

    # The loop and its schedule

    def run(self) -> None:
        """Work until the pipe closes."""
        threading.Thread(target=self._read, name="pipe", daemon=True).start()
        self.send({"event": "hello", "pid": os.getpid()})
        self.prices_changed()
        while not self.stopping.is_set():
            timeout = max(0.0, self.schedule[0][0] - time.monotonic()) if self.schedule else None
            try:
                act = self.inbox.get(timeout=timeout)
                if act is None:
                    break
                act()
            except queue.Empty:
                pass
            except JournalUnusable:  # a full disk, say: each job goes on by itself as soon as it can be written
                traceback.print_exc()
            self._start_due_steps()
        self.stopping.set()
        self.lanes.close()
        self._let_requests_finish()
        self.runner.preparers.close()
        self.journal.close()
        self.outbox.flush(_GRACE)

    def _read(self) -> None:
        for line in iter(self.source.readline, b""):
            try:
                message = protocol.decode(line)
            except ValueError:
                continue
            self.inbox.put(lambda message=message: self.commands.obey(message))  # type: ignore[misc]
        self.inbox.put(None)

    def _let_requests_finish(self) -> None:
        ends = time.monotonic() + _GRACE
        while self._must_not_be_cut_off() and time.monotonic() < ends:
            try:
                act = self.inbox.get(timeout=ends - time.monotonic())
            except queue.Empty:
                break
            if act is not None:
                act()

    def _must_not_be_cut_off(self) -> bool:
        """A step that may be paying, or that has a background Blender to end; questions can be asked again."""
        under_way = (job for job, step in self.stepping.items() if not step.cancelled())
        return any(self.live[job].job.state not in _ASKING for job in under_way)

    def _start_due_steps(self) -> None:
        now = time.monotonic()
        while self.schedule and self.schedule[0][0] <= now:
            _, _, job_id = heapq.heappop(self.schedule)
            live = self.live.get(job_id)
            if live is None or job_id in self.stepping:
                continue
            self.stepping[job_id] = self.lanes.run(lane_of(live.job), self._step, live)

    def _step(self, live: Live) -> None:
        delay = self.runner.step(live)
        if not live.job.expects_preparing:
            self.runner.preparers.forget(live.job.id)
        self.inbox.put(lambda: self._stepped(live, delay))

    def _stepped(self, live: Live, delay: float | None) -> None:
        self.stepping.pop(live.job.id, None)
        self.batches.stepped(live.job)
        if delay is not None:
            self.wake(live, delay)
        elif not live.job.under_way:
            del self.live[live.job.id]
            if not self.stopping.is_set():
                self.lanes.run("ask", self.measure, live.job.id)
        for message in self.waiting.pop(live.job.id, []):
            self.commands.obey(message)

    def wake(self, live: Live, delay: float = 0.0) -> None:
        """Take the job's next step after so many seconds, or when it is its turn."""
        self.live[live.job.id] = live
        if not self.turns.may_go(live):
            return
        heapq.heappush(self.schedule, (time.monotonic() + delay, next(self._order), live.job.id))

    def measure(self, job: str = "") -> None:
        """Tell the host how much the data folder takes, now that a job's files have changed.

        Args:
            job: the job; all that were never measured where it is empty.
        """
        with suppress(OSError, JournalUnusable):  # the engine may be ending meanwhile
            if job:
                self.history.measure(job)
            else:
                self.history.measure_unknown()
            self.send({"event": "usage", "bytes": self.history.usage()})

    def take_over(self) -> None:
        """Go on with jobs that an engine which is no more has left, unless the host wants none of them.

        Where there is no Blender to prepare a model with, only with those that want none.
        """
        jobs = self.journal.take_over(self._can_finish) if self.adopting else []
        # Of a batch, those that are at the service take their places before others are let go.
        for job in sorted(jobs, key=lambda job: job.state is State.QUEUED):
            self.wake(Live(job, halted=self.batches.halted(job.batch)))
            self.publish(job)

    def take_over_soon(self) -> None:
        """The same now, or as soon as the journal can be written."""
        try:
            self.take_over()
        except JournalUnusable:
            again = threading.Timer(_LOOK_AGAIN, self.inbox.put, [self.take_over_soon])
            again.daemon = True
            again.start()

    def _can_finish(self, job: Job) -> bool:
        return bool(self.runner.preparers.argv or job.request.get("keep_in"))


def main() -> int:
    """Entry point of the process. Nothing but events may be printed to the pipe."""
    parser = argparse.ArgumentParser(description="The engine of the Neural4D extension; started by Blender.")
    parser.add_argument("--data-dir", required=True, type=Path)
    arguments = parser.parse_args()
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        engine = Engine(arguments.data_dir, sys.stdin.buffer, sink)
    except JournalUnusable as error:
        traceback.print_exc()  # for engine.log
        sink.write(protocol.encode({"event": "ended", "error": error.to_dict()}))
        sink.close()
        return 1
    try:
        engine.run()
    except JournalUnusable as error:  # damage that was not met before
        traceback.print_exc()
        engine.send({"event": "ended", "error": error.to_dict()})
        engine.outbox.flush(_GRACE)
        os._exit(1)
    # Threads that wait for an answer (a hung service) must not keep the process alive.
    os._exit(0)

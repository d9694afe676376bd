"""The engine process: reads commands from its pipe, steps the jobs on a few threads, writes events.

The main thread owns the schedule; each step of a job runs on a worker thread and never two steps of
one job at once. When the pipe closes the process lets a submission that is on its way be answered,
then ends: everything else goes on from the journal at the next start.
"""

from __future__ import annotations

import argparse
import functools
import os
import queue
import sys
import threading
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from .. import protocol
from ..blenders.pool import Preparers
from ..errors import JournalDamaged, JournalUnusable
from ..files.download import download
from ..steps import next_step
from ..steps.active_job import ActiveJob
from ..steps.context import Context
from ..steps.spending import Spending
from ..store.history import History
from ..store.journal import Journal
from ..system import SYSTEM, System
from . import batches
from .active_jobs import ActiveJobs
from .commands import Commands
from .concurrency_limit import ConcurrencyLimit
from .connections import Connections
from .events import Events
from .outbox import Outbox
from .schedule import Schedule
from .take_over import TakeOver
from .thread_pools import ThreadPools

#: At the end: seconds that requests on their way are given to be answered.
_GRACE = 5.0


class Engine:
    """Everything of one engine process.

    Args:
        data_dir: the data folder (journal, downloads, prepared models).
        source: where commands come from. sink: where events go.
        system: the computer.
    """

    def __init__(self, data_dir: Path, source: BinaryIO, sink: BinaryIO, system: System = SYSTEM) -> None:
        self.source = source
        self.system = system
        self.inbox: queue.Queue[Callable[[], None] | None] = queue.Queue()
        self.stopping = threading.Event()
        self.outbox = Outbox(sink, system)
        self.journal = Journal(data_dir, system)
        self.history = History(self.journal)
        self.events = Events(self.outbox, self.journal, system.clock)
        self.connections = Connections(self.journal, self.events.server, lambda: self.context.timing.minute, system)
        self.context = Context(
            self.journal,
            self.connections.provider,
            self.events.job,
            Spending(self.journal, self.events.balance, self.events.prices, system.clock),
            self.events.prepare,
            self.stopping,
            data_dir,
            system,
            Preparers(system),
            functools.partial(download, system=system),
        )
        self.schedule = Schedule(system.clock)
        self.pools = ThreadPools(system)
        slots = ConcurrencyLimit(functools.partial(batches.limit, self.journal))
        self.jobs = ActiveJobs(self.journal, self.schedule, slots, self.pools, self._step)
        self.batches = batches.Batches(self.journal, self.jobs, self.events, system.clock)
        self.commands = Commands(
            self.context,
            self.jobs,
            self.batches,
            self.connections,
            self.events,
            self.history,
            self.pools,
            TakeOver(self.context, self.jobs, self.schedule, self.batches.halted),
            self.measure,
        )

    def run(self) -> None:
        """Work until the pipe closes."""
        self.system.start_thread("pipe", self._read)
        self.events.send({"event": "hello", "pid": os.getpid()})
        self.events.notices()
        self.events.prices()
        damaged: JournalDamaged | None = None
        while not self.stopping.is_set():
            try:
                act = self.system.clock.take(self.inbox, self.schedule.wait())
                if act is None:
                    break
                act()
            except queue.Empty:
                pass
            except JournalDamaged as error:  # the next engine, which the host starts at once, makes it whole
                damaged = error
                break
            except JournalUnusable:  # a full disk, say: each job goes on by itself as soon as it can be written
                traceback.print_exc()
            self.schedule.run_due()
        self.stopping.set()
        self.pools.close()
        self._let_requests_finish()
        self.context.preparers.close()
        self.journal.close()
        self.outbox.flush(_GRACE)
        if damaged:
            raise damaged

    def _read(self) -> None:
        for line in iter(self.source.readline, b""):
            try:
                message = protocol.decode(line)
            except ValueError:
                continue
            self.inbox.put(functools.partial(self.commands.obey, message))
        self.inbox.put(None)

    def _let_requests_finish(self) -> None:
        clock = self.system.clock
        ends = clock.monotonic() + _GRACE
        while self.jobs.must_not_be_cut_off() and clock.monotonic() < ends:
            try:
                act = clock.take(self.inbox, ends - clock.monotonic())
            except queue.Empty:
                break
            if act is not None:
                with suppress(JournalDamaged):  # what comes now is in the jobs' copies
                    act()

    def _step(self, active: ActiveJob) -> None:
        try:
            delay = next_step.step(self.context, active)
        except JournalDamaged as error:
            self.inbox.put(functools.partial(self._end_with, active, error))
            return
        if not active.job.expects_preparing:
            self.context.preparers.forget(active.job.id)
        self.inbox.put(lambda: self._stepped(active, delay))

    def _stepped(self, active: ActiveJob, delay: float | None) -> None:
        self.jobs.stepping.pop(active.job.id, None)
        self.batches.stepped(active.job)
        if delay is not None:
            self.jobs.wake(active, delay)
        elif not active.job.under_way:
            del self.jobs.by_id[active.job.id]
            if not self.stopping.is_set():
                self.pools.run("ask", self.measure, active.job.id)
        for message in self.jobs.waiting.pop(active.job.id, []):
            self.commands.obey(message)

    def _end_with(self, active: ActiveJob, error: JournalDamaged) -> None:
        self.jobs.stepping.pop(active.job.id, None)
        raise error

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
            self.events.usage(self.history.usage())


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
    except JournalUnusable as error:
        traceback.print_exc()
        if not isinstance(error, JournalDamaged):
            engine.events.send({"event": "ended", "error": error.to_dict()})
        engine.outbox.flush(_GRACE)
        os._exit(1)
    # Threads that wait for an answer (a hung service) must not keep the process alive.
    os._exit(0)

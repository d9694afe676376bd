"""The engine process: reads commands from its pipe, steps the jobs on a few threads, writes events.

The main thread owns the schedule; each step of a job runs on a worker thread and never two steps of
one job at once. When the pipe closes, or the process is told to end, all jobs are let go of but those that may be
paying: the process stays until their answers are in the journal, and nobody waits for it. Everything else goes on at
the next start, or in whichever engine takes it over.
"""

from __future__ import annotations

import argparse
import functools
import os
import queue
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from .. import protocol
from ..audit.audit import Audit
from ..blenders.blender_pool import Preparers
from ..errors import JournalDamaged, JournalUnusable, Neural4DError, WorkedOnElsewhere
from ..files.download import download
from ..model.job import Job
from ..spending.spending import Spending
from ..steps import next_step
from ..steps.active_job import ActiveJob
from ..steps.context import Context
from ..steps.failure_texts import unforeseen
from ..store.history import History
from ..store.journal import Journal
from ..system import SYSTEM, System
from . import batches
from .commands import Commands
from .connections import Connections
from .events import Events
from .outbox import Outbox
from .scheduling.active_jobs import ActiveJobs
from .scheduling.concurrency_limit import ConcurrencyLimit
from .scheduling.schedule import Schedule
from .scheduling.thread_pools import ThreadPools
from .take_over import TakeOver

#: At the end: seconds that a host which still listens is given to hear the last words.
_GRACE = 5.0
#: Each request has its own, much shorter time; should a disk stay full for so many seconds, the rest is not written.
_LONGEST = 3600.0
#: Seconds between two attempts to write what could not be written; to write the audit.
_AGAIN, _AUDIT_AGAIN = 1.0, 30.0


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
        self._damaged: JournalDamaged | None = None
        self._audit_waits = False
        self.inbox: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        self.stopping = threading.Event()
        self.outbox = Outbox(sink, system)
        self.journal = Journal(data_dir, system)
        self.history = History(self.journal)
        self.events = Events(self.outbox, self.journal, system)
        self.connections = Connections(self.journal, self.events.server, lambda: self.context.timing.minute, system)
        self.context = Context(
            self.journal,
            self.connections.provider,
            self.events.job,
            Spending(self.journal, self.events.balance, self.events.prices, system.clock, self.stopping),
            self.events.prepare,
            self.stopping,
            data_dir,
            system,
            Preparers(system, data_dir / "preparing"),
            functools.partial(download, system=system),
        )
        self.audit = Audit(self.journal, self.context.spending.paying.__contains__, self.connections.keys)
        self.schedule = Schedule(system.clock)
        self.pools = ThreadPools(system)
        slots = ConcurrencyLimit(functools.partial(batches.limit, self.journal), self.journal.choosing)
        self.jobs = ActiveJobs(self.journal, self.schedule, slots, self.pools, self.context.spending, self._step)
        self.batches = batches.Batches(self.journal, self.jobs, self.events, system.clock, self.connections.keys)
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
            self.audit,
        )

    def run(self) -> None:
        """Work until the pipe closes, or :meth:`end` is called; JournalUnusable where the journal turns out damaged."""
        self.system.start_thread("pipe", self._read)
        self.events.send({"event": "hello", "pid": os.getpid()})
        self.events.notices()
        self.events.prices()
        while self._do_next(self.schedule.wait()):
            pass
        self.stopping.set()
        self.pools.close()
        self._finish()
        self.context.preparers.close()
        with suppress(OSError, Neural4DError):  # the next engine writes it
            self.audit.write()
        with suppress(JournalUnusable):
            self.journal.close()
        if self._damaged:
            raise self._damaged

    def end(self) -> None:
        """Have it end; may be called at any moment, by a signal too."""
        self.inbox.put(None)

    def _do_next(self, seconds: float | None) -> bool:
        """What comes within that time, and what is due then; False at the end."""
        act: Callable[[], None] | None = self.schedule.run_due
        with suppress(queue.Empty):
            act = self.system.clock.take(self.inbox, seconds)
        for one in (act, self.schedule.run_due):
            if one is None:
                return False
            try:
                one()
            except JournalDamaged as error:  # the next engine, which the host starts at once, makes it whole
                self._damaged = error
                return False
            except Exception as error:  # a full disk, or a bug of ours: the others go on
                self.system.log(error)
        self._write_audit()
        return True

    def _read(self) -> None:
        try:
            for line in iter(self.source.readline, b""):
                with suppress(ValueError, RecursionError, MemoryError):
                    self.inbox.put(functools.partial(self.commands.obey, protocol.decode(line)))
        finally:
            self.end()

    def _write_audit(self) -> None:
        """On a thread: the file may be on a slow drive. What cannot be written now stays in the journal."""
        if not self.audit.due or self._audit_waits or self.stopping.is_set():
            return
        self._audit_waits = True

        def go_on() -> None:
            self._audit_waits = False

        def write() -> None:
            seconds = 0.0
            try:
                self.audit.write()
            except (OSError, Neural4DError) as error:
                self.system.log(error)
                seconds = _AUDIT_AGAIN
            self.inbox.put(lambda: self.schedule.later(seconds, go_on))

        self.pools.run("ask", "", write)

    def _finish(self) -> None:
        """Stay until what may be paid is answered, and written down. All else is let go of at once."""
        clock = self.system.clock
        ends = clock.monotonic() + _LONGEST
        listens = True
        while clock.monotonic() < ends:  # what was cancelled meanwhile is due too
            left = self.jobs.unfinished()
            with suppress(Neural4DError):
                self.journal.let_go(but=left)
                for active in [one for one in self.jobs.by_id.values() if one.unwritten]:
                    next_step.write(self.context, active)
            if listens:  # a host that told nobody to end starts another engine
                listens = False
                self.outbox.close(_GRACE)
            if self._damaged:  # what comes to its jobs now is in their copies
                left &= self.jobs.stepping.keys()
            if not left and not self.context.preparers.running:
                break
            self._do_next(min(_AGAIN, ends - clock.monotonic()))

    def _step(self, active: ActiveJob) -> None:
        delay: float | None = None
        try:
            delay = next_step.step(self.context, active)
            if not active.job.expects_preparing:
                self.context.preparers.forget(active.job.id)
        except JournalDamaged as error:
            self.inbox.put(functools.partial(_end_with, error))
        except WorkedOnElsewhere as error:  # another engine has taken the job
            self.system.log(error)
            active.lost = True
        except Exception as error:  # what could not even be told is tried again
            self.system.log(error)
            delay = self.context.timing.slowest
        finally:
            self.inbox.put(lambda: self._stepped(active, delay))

    def _stepped(self, active: ActiveJob, delay: float | None) -> None:
        self.jobs.stepping.pop(active.job.id, None)
        self._tell_batches(active.job)
        if delay is not None:
            self.jobs.wake(active, delay)
        elif active.lost or not active.job.under_way:
            del self.jobs.by_id[active.job.id]
            if not self.stopping.is_set():
                self.pools.run("ask", "", self.measure, active.job.id)
        for message in self.jobs.waiting.pop(active.job.id, []):
            self.commands.obey(message)
        self.jobs.next_turn(active.job.provider)

    def _tell_batches(self, job: Job) -> None:
        try:
            self.batches.stepped(job)
        except JournalUnusable:  # a full disk, say: those that wait for their turn go as soon as it can be read
            self.schedule.later(_AGAIN, functools.partial(self._tell_batches, job))
        except Exception as error:  # what else the step has brought counts all the same
            self.system.log(error)

    def measure(self, job: str = "") -> None:
        """Tell the host how much the data folder takes, now that a job's files have changed.

        Args:
            job: the job; all that were never measured where it is empty, and what confines background Blenders here.
        """
        with suppress(OSError, JournalUnusable):  # the engine may be ending meanwhile
            if job:
                self.history.measure(job)
            else:
                self.history.measure_unknown()
                self.events.sandbox(self.context.preparers.holds())
            self.events.usage(self.history.usage())


def _end_with(error: JournalDamaged) -> None:
    """On the main thread."""
    raise error


def main() -> int:
    """Entry point of the process. Nothing but events may be printed to the pipe."""
    parser = argparse.ArgumentParser(description="The engine of the Neural4D extension; started by Blender.")
    parser.add_argument("--data-dir", required=True, type=Path)
    arguments = parser.parse_args()
    sink = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    over = threading.Event()
    code = 0
    try:
        engine = Engine(arguments.data_dir, sys.stdin.buffer, sink)
        SYSTEM.when_told_to_end(engine.end, over)
        engine.run()
    except Exception as error:
        SYSTEM.log(error)
        told = error if isinstance(error, JournalUnusable) else unforeseen(error, "the engine")
        with suppress(OSError, ValueError):
            if not isinstance(error, JournalDamaged):  # the next engine tells of that
                sink.write(protocol.encode({"event": "ended", "error": told.to_dict()}))
                sink.flush()
        code = 1
    over.set()
    # Threads that wait for an answer (a hung service) must not keep the process alive.
    os._exit(code)

"""A batch as a script sees it: how far it is, what came of it, and what can be done with it.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import os
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ..client.jobs.snapshots import Job
from ..client.request_reply import LOOK, ask, check_going
from ..engine.protocol import BatchRecord, InvalidInput, State
from .host_without_blender import Host
from .reports import report_files as reports
from .table.argument_types import checked

#: A budget, or a number at once, that is to stay as it was.
AS_BEFORE: Any = object()


@dataclass(frozen=True)
class Progress:
    """How far a batch is.

    Attributes:
        total: items (of this shard). waiting: not sent yet. working: on their way.
        done: in the scene, or on disk. failed, stopped: ended without a model; ``resume`` takes up what it can.
        unsent: the budget did not cover them; ``resume(budget=...)`` goes on.
        points: what was spent so far.
    """

    total: int
    waiting: int
    working: int
    done: int
    failed: int
    stopped: int
    points: int
    unsent: int = 0

    def __str__(self) -> str:
        parts = [f"{self.done} of {self.total} done"]
        parts += [
            f"{count} {what}"
            for what in ("working", "waiting", "failed", "unsent", "stopped")
            if (count := getattr(self, what))
        ]
        return f"{', '.join(parts)}; {self.points} points"


class Batch:
    """Many jobs that were asked for together, in the order of their input.

    All that it tells is as of the last look at the engine; nothing waits but :meth:`wait`, :meth:`resume`,
    :meth:`retry` and :meth:`stop`, and those three for moments. Made by ``batch`` and ``resume``.

    Attributes:
        id: what ``resume`` takes; also in every report.
        on_progress: called with (batch, job) whenever a job has come to another state; on the main thread, from
            ``wait`` or, in a window, while Blender is idle.
    """

    def __init__(
        self, host: Host, record: BatchRecord, jobs: Iterable[str], on_progress: OnProgress | None = None
    ) -> None:
        self.id = record.id
        self.on_progress = on_progress
        self._host = host
        self._bridge = host.bridge
        self._bridge.batches.setdefault(record.id, record)
        self._jobs = list(jobs)
        #: Jobs that rows were before the batch, by their keys, with their places.
        self._also: dict[str, int] = record.settings.get("also", {})
        #: State and points of each job, whether these are estimated, and all of that together: a look at thousands of
        #: jobs costs nothing.
        self._known: dict[str, tuple[str, int, bool]] = {}
        self._counts: Counter[str] = Counter()
        self._points = self._estimated = 0
        #: Jobs that are not settled, and those of them that may be: the engine has nothing to do for them.
        self._open, self._ended = set(self._jobs), set[str]()
        for job in self._jobs:
            self._take_in(self._bridge.jobs[job])
        for watched in (self.id, *self._also):
            self._bridge.jobs.watch(watched, self._changed)

    def __repr__(self) -> str:
        return f"<Batch {self.id[:8]} {self.progress}>"

    def __len__(self) -> int:
        return len(self._jobs)

    @property
    def record(self) -> BatchRecord:
        """What the journal knows of it beside its jobs."""
        return self._bridge.batches[self.id]

    def jobs(self) -> list[Job]:
        """What is known of its jobs, in the order of the input."""
        return [self._bridge.jobs[job] for job in self._jobs]

    @property
    def results(self) -> list[Any]:
        """The jobs, in the order of the input."""
        return [self._host.job(job) for job in self._jobs]

    @property
    def name(self) -> str:
        """What it was made of: the file's name."""
        return self.record.name

    @property
    def budget(self) -> int | None:
        """Points that all of it may cost together; None: no limit."""
        return self.record.budget

    @property
    def cost(self) -> int:
        """Points that were spent so far, as far as known."""
        return self._points

    @property
    def cost_estimated(self) -> bool:
        """What a part of it cost is not known, or whether something more was paid."""
        return self._estimated > 0

    @property
    def done(self) -> bool:
        """Nothing more happens by itself: each item is done, failed, stopped, or waits for somebody's choice."""
        settled = {job for job in self._ended if self._host.settled(self._bridge.jobs[job])}
        self._ended -= settled
        self._open -= settled
        return not self._open

    @property
    def progress(self) -> Progress:
        """How far it is."""
        counts, total = self._counts, len(self._jobs)
        done = counts[State.PLACED] + counts[State.READY]
        waiting, failed, stopped = counts[State.QUEUED], counts[State.FAILED], counts[State.CANCELLED]
        unsent = counts[reports.UNSENT]
        working = total - waiting - done - failed - stopped - unsent
        return Progress(total, waiting, working, done, failed, stopped, self._points, unsent)

    @checked
    def wait(self, timeout: float | None = None) -> Batch:
        """Work until nothing more happens by itself; returns the batch.

        In a window it is not needed: the models come while you go on working. What failed is in ``results`` and
        ``report``; it raises nothing here.

        Args:
            timeout: seconds; None waits as long as it takes.

        Raises:
            TimeoutError: the time is up; the batch goes on.
            EngineStopped, JobFailed: the engine ended and did not come back, or cannot start; ``resume`` goes on.
            JobInterrupted: jobs of it were interrupted, and nothing goes on with them; ``resume`` does.
        """
        for job in self._jobs:
            if self._bridge.jobs[job].left:
                check_going(self._bridge, job)
        ends = None if timeout is None else time.monotonic() + timeout
        while not self.done:
            if ends is not None and time.monotonic() > ends:
                raise TimeoutError(f"{self.progress} after {timeout:g} s; it goes on, ask again later.")
            if not self._host.pump():
                if not self._bridge.running:
                    raise self._bridge.ending
                time.sleep(LOOK)
        return self

    def stop(self) -> None:
        """Submit nothing more. What the service has taken is finished; the rest is free, and ``resume`` takes it up."""
        ask(self._bridge, "stop_batch", batch=self.id)
        self._host.wake()

    @checked
    def resume(self, *, budget: int | None = AS_BEFORE, concurrency: int = AS_BEFORE) -> int:
        """Go on with all that is not done, and pay nothing that was paid; returns how many items those are.

        For what was stopped, what the budget did not cover, what failed, as long as trying again is not paid
        again (for the others there is :meth:`retry`), and for models whose scene was lost: they come to the open one.

        Args:
            budget: points for all of it, what was spent included; None takes the limit away.
            concurrency: how many at once.

        Raises:
            JobFailed: the engine refused it; another Blender is working on it.
        """
        changes = {"budget": budget, "concurrency": concurrency}
        changes = {name: value for name, value in changes.items() if value is not AS_BEFORE}
        answer = ask(self._bridge, "continue_batch", batch=self.id, changes=changes)
        jobs = self.jobs()
        made = {job.id for job in jobs if job.state in (State.READY, State.PLACED)}
        made &= set(self._host.bring_here(jobs))
        self._open |= made
        self._ended |= made
        self._host.wake()
        return answer.again + len(made)

    @checked
    def retry(self, item: int) -> Any:
        """Try one item (0, 1, ...: as in ``results``) once more, and return its job.

        An item that the service took and could not make is sent, and paid, anew.

        Raises:
            InvalidInput: there is no such item. JobFailed: there is nothing of it to try again.
        """
        if not -len(self._jobs) <= item < len(self._jobs):
            raise InvalidInput(f"There is no item {item!r}; there are 0 to {len(self._jobs) - 1}.")
        job = self._jobs[item]
        ask(self._bridge, "retry", job=job)
        self._open.add(job)
        self._host.wake()
        return self._host.job(job)

    @checked
    def report(self, path: str | os.PathLike[str]) -> Path:
        """Write what became of each item to a .csv or .json, at any time; returns the file.

        One line an item: number, input, name, service, state, points, seconds, width, depth and height in
        millimetres, faces, files, error, and the ids that ``resume`` and ``merge_reports`` need.

        Raises:
            InvalidInput: another ending. Neural4DError: it cannot be written.
        """
        return reports.write(self.lines(), path)

    def lines(self) -> list[reports.Line]:
        """The lines of the report."""
        jobs = [replace(job, error=self._host.trouble(job) or job.error) for job in self.jobs()]
        placed = [replace(job, item=self._also.get(job.id, job.item)) for job in jobs]
        return [reports.line(job, self.record, self._bridge.servers) for job in placed]

    def _take_in(self, job: Job) -> str:
        """Note a job's new snapshot; returns the state it was in before."""
        before, points, estimated = self._known.get(job.id, ("", 0, False))
        state = reports.UNSENT if reports.is_unsent(job) else job.state
        self._known[job.id] = (state, job.cost or 0, job.cost_estimated)
        self._counts[before] -= 1
        self._counts[state] += 1
        self._points += (job.cost or 0) - points
        self._estimated += job.cost_estimated - estimated
        if job.under_way:
            self._open.add(job.id)
            self._ended.discard(job.id)
        else:
            self._ended |= {job.id} & self._open
        return before

    def _changed(self, job: Job) -> None:
        before = self._take_in(job)
        if before != job.state and self.on_progress:
            try:
                self.on_progress(self, self._host.job(job.id))
            except Exception:  # somebody else's mistake must not keep the models from arriving
                traceback.print_exc(file=sys.stderr)


OnProgress = Callable[[Batch, Any], object]

"""Threads that are no threads: greenlets of one real thread, of which the seed says who goes on, on a clock of its own.

May import greenlet. Time stands still while anybody can go on, and jumps to the next moment that somebody waits for.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import greenlet

Ready = Callable[[], bool]
#: Switches without any time passing: more than this is somebody who asks without end.
_BUSY = 20_000
#: Switches that a whole world may take: one that needs more does not come to rest.
_MOST = 15_000
NEVER = float("inf")


class Busy(Exception):
    """Somebody goes on and on."""


@dataclass(eq=False)
class Process:
    """What dies together: its threads, its files and what it holds locked.

    Attributes:
        on_death: what the operating system does for it then.
    """

    name: str
    alive: bool = True
    held: dict[int, Any] = field(default_factory=dict)
    on_death: list[Callable[[], None]] = field(default_factory=list)


@dataclass(eq=False)
class Task:
    """A thread: it goes on when it is ready, or due.

    Attributes:
        own: the values of thread-local objects.
    """

    name: str
    process: Process
    run: greenlet.greenlet
    ready: Ready | None = None
    due: float = 0.0
    own: dict[int, dict[str, Any]] = field(default_factory=dict)


class Scheduler:
    """All tasks of one world.

    Args:
        chance: says who goes on.
    """

    def __init__(self, chance: random.Random) -> None:
        self.now = 0.0
        self.chance = chance
        self.current: Task | None = None
        self.crashes: list[tuple[Process, BaseException]] = []
        self.switches = 0
        self._tasks: list[Task] = []
        self._all: list[greenlet.greenlet] = []
        self._at = (0.0, 0)
        self._closing = False
        self._main = greenlet.getcurrent()

    def spawn(self, process: Process, name: str, work: Callable[[], None]) -> None:
        """Have a new thread of the process do the work."""
        task: Task

        def begin() -> None:
            self._work(task, work)

        task = Task(name, process, greenlet.greenlet(begin, self._main))
        if process.alive and not self._closing:
            self._tasks.append(task)
            self._all.append(task.run)

    def _work(self, task: Task, work: Callable[[], None]) -> None:
        try:
            work()
        except greenlet.GreenletExit:
            pass
        except BaseException as error:
            if not self._closing:
                self.crashes.append((task.process, error))
        if task in self._tasks:
            self._tasks.remove(task)

    def block(self, ready: Ready | None, seconds: float | None = None) -> None:
        """Let others go on until it is ready, or so many seconds have passed."""
        if self._closing:
            raise greenlet.GreenletExit
        task = self.current
        if task is None:
            raise RuntimeError("nobody is there who could go on instead")
        task.ready, task.due = ready, NEVER if seconds is None else self.now + max(0.0, seconds)
        self._main.switch()

    def breathe(self) -> None:
        """Let others go on first, if that is how it falls out."""
        self.block(None, 0.0)

    @property
    def process(self) -> Process:
        """Whose code runs."""
        return self.current.process if self.current else _NOBODY

    def kill(self, process: Process) -> None:
        """The process is no more, from this very moment on: what it was doing is not done any further."""
        if not process.alive:
            return
        process.alive = False
        self._tasks = [task for task in self._tasks if task.process is not process]
        for act in reversed(process.on_death):
            act()
        if self.current and self.current.process is process:
            self._main.switch()

    def run(self, until: float, over: Ready = lambda: False) -> None:
        """Let everybody go on until that time, or until it is over.

        Raises:
            Busy: somebody asks without end.
        """
        while not over():
            now = self.now
            able = [task for task in self._tasks if task.due <= now or (task.ready is not None and task.ready())]
            if not able:
                due = min((task.due for task in self._tasks), default=NEVER)
                if due > until:
                    self.now = max(now, until) if until < NEVER else now
                    return
                self.now = due
                continue
            task = able[int(self.chance.random() * len(able))] if len(able) > 1 else able[0]
            self._go(task)

    def _go(self, task: Task) -> None:
        at, count = self._at
        self._at = (self.now, count + 1 if at == self.now else 0)
        self.switches += 1
        if count > _BUSY or self.switches > _MOST:
            raise Busy(f"{task.name} of {task.process.name}")
        task.due = NEVER
        self.current = task
        try:
            task.run.switch()
        finally:
            self.current = None

    def close(self) -> None:
        """End everything, dead processes too; what is done meanwhile has no effect on anything that is looked at."""
        self._closing = True
        self._tasks = []
        for run in self._all:
            if run and not run.dead:
                with contextlib.suppress(BaseException):  # whatever the clearing up of a dead process runs into
                    run.throw(greenlet.GreenletExit)
        self._all = []


_NOBODY = Process("nobody")
#: The world that runs now; there is one at a time.
CURRENT = Scheduler(random.Random(0))


def use(scheduler: Scheduler) -> None:
    """From now on that one counts."""
    global CURRENT
    CURRENT = scheduler


def current() -> Scheduler:
    """The one that counts now."""
    return CURRENT

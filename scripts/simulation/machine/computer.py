"""The computer that an engine runs on: the engine's own `System`, with nothing real behind it but the files.

What the engine does that can be the last thing it does goes through `World.edge`: there it may die.
"""

from __future__ import annotations

import json
import os
import queue
import random
import subprocess
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

from neural4d_blender.engine.clock import Clock
from neural4d_blender.engine.steps import exchange_log
from neural4d_blender.engine.system import System

from .scheduler import Process

if TYPE_CHECKING:
    from ..world import World

_T = TypeVar("_T")


class WorldClock(Clock):
    """The world's time, as this computer shows it."""

    def __init__(self, world: World) -> None:
        self._world = world

    def now(self) -> float:
        return self._world.wall()

    def monotonic(self) -> float:
        return self._world.scheduler.now

    def sleep(self, seconds: float) -> None:
        self._world.scheduler.block(None, seconds)

    def wait(self, event: Any, seconds: float) -> bool:
        return bool(event.wait(seconds))

    def take(self, inbox: queue.SimpleQueue[_T], seconds: float | None) -> _T:
        if inbox.empty():
            self._world.scheduler.block(lambda: not inbox.empty(), seconds)
        return inbox.get_nowait()


class Pool(Executor):
    """A pool of threads, each started when it is needed."""

    def __init__(self, world: World, process: Process, name: str, threads: int) -> None:
        self._world, self._process, self._name, self._threads = world, process, name, threads
        self._waiting: deque[Callable[[], None]] = deque()
        self._futures: deque[Future[Any]] = deque()
        self._idle = self._started = 0
        self._closed = False

    def submit(self, work: Callable[..., Any], /, *arguments: Any, **named: Any) -> Future[Any]:
        if self._closed:
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[Any] = Future()

        def act() -> None:
            if not future.set_running_or_notify_cancel():
                return
            try:
                future.set_result(work(*arguments, **named))
            except Exception as error:
                future.set_exception(error)
                self._world.scheduler.crashes.append((self._process, error))

        self._waiting.append(act)
        self._futures.append(future)
        if len(self._waiting) > self._idle and self._started < self._threads:
            self._started += 1
            self._world.scheduler.spawn(self._process, f"{self._name}-{self._started}", self._work)
        return future

    def _work(self) -> None:
        while not self._closed:
            if self._waiting:
                self._futures.popleft()
                self._waiting.popleft()()
                continue
            self._idle += 1
            self._world.scheduler.block(lambda: bool(self._waiting) or self._closed)
            self._idle -= 1

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        self._closed = True
        if cancel_futures:
            for future in self._futures:
                future.cancel()


class Blender:
    """A background Blender: a process that takes one job from its input, and writes facts in its time.

    How it ends says the plan: well, with a crash, never, or not at all because it cannot be started.
    """

    def __init__(self, world: World, log: IO[bytes], seconds: float, ends: str) -> None:
        self.stdin: Blender | None = self
        self._world, self._log, self._seconds, self._ends = world, log, seconds, ends
        self._said = b""
        self._code: int | None = None
        self._due = float("inf")
        self._job: dict[str, Any] = {}

    # its input

    def write(self, data: bytes) -> int:
        self._said += data
        if b"\n" in self._said and not self._job:
            self._job = json.loads(Path(os.fsdecode(self._said.split(b"\n")[0])).read_text(encoding="utf-8"))
            os.write(self._log.fileno(), b"neural4d: ready\n")
            self._due = self._world.scheduler.now + self._seconds
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        if not self._job:
            self._code = 0

    # the process

    def poll(self) -> int | None:
        if self._code is None and self._world.scheduler.now >= self._due and self._ends != "hang":
            self._end()
        return self._code

    def _end(self) -> None:
        self._code = 11 if self._ends == "crash" else 0
        if self._ends == "crash":
            return
        Path(self._job["output"]).write_bytes(b"BLENDER-v402" + self._job["source"].encode())
        facts = {"ok": True, "root": self._job["name"], "triangles": 1, "dimensions_mm": [1.0, 2.0, 3.0]}
        if self._ends == "broken":
            facts = {"ok": False, "code": "BrokenModel", "what": "There is nothing in it.", "remedy": ""}
        Path(self._job["facts"]).write_text(json.dumps(facts), encoding="utf-8")

    def wait(self, timeout: float | None = None) -> int:
        if self.poll() is None:
            self._world.scheduler.block(lambda: self.poll() is not None, timeout)
        if (code := self.poll()) is None:
            raise subprocess.TimeoutExpired("blender", timeout or 0.0)
        return code

    def kill(self) -> None:
        if self._code is None:
            self._code = -9


class Computer(System):
    """What one engine process takes from the computer."""

    def __init__(self, world: World, process: Process, chance: random.Random) -> None:
        super().__init__(WorldClock(world), chance)
        self._world, self._process = world, process

    def start_thread(self, name: str, work: Callable[[], None]) -> None:
        active = getattr(exchange_log._thread, "active", None)

        def act() -> None:
            if active:  # by which the network knows whose request it is
                exchange_log._thread.active = active
            work()

        self._world.scheduler.spawn(self._process, name, act)

    def thread_pool(self, name: str, threads: int) -> Executor:
        return Pool(self._world, self._process, name, threads)

    def start_process(
        self, arguments: Sequence[str], *, log: IO[bytes], environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        seconds, ends = self._world.blender()
        if ends == "absent":
            raise FileNotFoundError(2, "No such file or directory")
        return Blender(self._world, log, seconds, ends)  # type: ignore[return-value]

    def replace(self, source: Path, target: Path) -> None:
        self._world.edge("rename")
        self._world.disk.check()
        os.replace(source, target)
        self._world.edge("renamed")

"""The whole engine (commands, batches, turns, steps, journal) in the test's own thread, on a clock of the test's."""

from __future__ import annotations

import io
import queue
import random
from collections.abc import Callable
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.process.connections import Connections
from neural4d_blender.engine.process.main_loop import Engine
from neural4d_blender.engine.system import System
from tests.support.one_thread import Atelier, NoBlender, StoppedClock, World
from tests.support.simulator_client import picture


class AtOnce(Executor):
    """Work is done when it is handed in."""

    def submit(self, work: Any, /, *arguments: Any, **named: Any) -> Future[Any]:
        future: Future[Any] = Future()
        try:
            future.set_result(work(*arguments, **named))
        except Exception as error:
            future.set_exception(error)
        return future


class OneThread(System):
    """A computer with one thread, in which pipes are neither read nor written."""

    def start_thread(self, name: str, work: Callable[[], None]) -> None: ...

    def thread_pool(self, name: str, threads: int) -> Executor:
        return AtOnce()


class Desk:
    """An engine, and whoever gives it commands.

    Args:
        before: the engine that was there before, which has ended.

    Attributes:
        told: each event. jobs: the newest snapshot of each job.
    """

    def __init__(self, folder: Path, before: Desk | None = None, *, adopt: bool = True) -> None:
        self.clock = before.clock if before else StoppedClock()
        self.service = before.service if before else Atelier(self.clock)
        chance = before.system.chance if before else random.Random(1)
        self.system = OneThread(self.clock, chance)
        self.folder = folder
        self.engine = Engine(folder, io.BytesIO(), io.BytesIO(), self.system)
        self.told: list[dict[str, Any]] = []
        self.jobs: dict[str, dict[str, Any]] = {}
        self.engine.events.send = self._hear
        context = self.engine.context
        self.world = World.__new__(World)
        self.world.downloads, self.world.broken, self.world.preview = [], _Nothing(), picture((8, 8))
        context.provider = self._provider
        context.preparers = self.engine.context.preparers = NoBlender(self.system)
        context.download = self.world._download
        self.engine.commands.connections.provider = self._provider  # type: ignore[method-assign]
        with self.engine.journal.reading() as db:
            db.execute("PRAGMA synchronous=OFF")  # no power cut comes here
        self.offline: Exception | None = None
        self.closed = False
        services = {"neural4d": {"url": "https://127.0.0.1", "key": "k"}}
        self.ask("configure", preparer=["blender"], services=services, online=True, adopt=adopt)

    def _provider(self, _: str) -> Atelier:
        if self.offline:
            raise self.offline
        return self.service

    def _hear(self, event: dict[str, Any]) -> None:
        self.told.append(event)
        if event["event"] == "job":
            self.jobs[event["job"]["id"]] = event["job"]

    def ask(self, do: str, **values: Any) -> dict[str, Any]:
        """Give a command; its answer, or what it ended with."""
        before = len(self.told)
        self.engine.commands.obey({"do": do, "tag": "t", **values})
        for _ in range(50):
            answer = next((event for event in self.told[before:] if event["event"] == "answer"), None)
            if answer:
                return answer
            self.turn()
        raise AssertionError(f"{do} is not answered")

    def submit(self, job_id: str, **request: Any) -> dict[str, Any]:
        return self.ask("submit", job=job_id, provider="neural4d", request={"prompt": "a bird", **request})

    def batch(self, count: int, *, batch: str = "b", request: dict[str, Any] | None = None, **record: Any) -> Any:
        """A batch of so many items."""
        jobs = [
            {"job": f"{batch}{n}", "provider": "neural4d", "item": n, "request": {"prompt": f"{n}", **(request or {})}}
            for n in range(count)
        ]
        return self.ask("submit_many", batch={"id": batch, "size": count, **record}, jobs=jobs)

    def turn(self) -> bool:
        """What the main loop does once; time passes to the next thing where nothing is to be done. False at rest."""
        try:
            act = self.engine.inbox.get_nowait()
        except queue.Empty:
            wait = self.engine.schedule.wait()
            if wait is None:
                return False
            self.clock.sleep(wait)
        else:
            if act:
                act()
        self.engine.schedule.run_due()
        return True

    def until(self, reached: Callable[[], object], turns: int = 5000) -> None:
        for _ in range(turns):
            if reached():
                return
            assert self.turn(), "at rest"
        raise AssertionError("not reached")

    def rest(self, turns: int = 20_000) -> None:
        """Go on until nothing is left to be done."""
        for _ in range(turns):
            if not self.turn():
                return
        raise AssertionError("never at rest")

    def states(self, *jobs: str) -> list[str]:
        return [self.jobs[job]["state"] for job in jobs or sorted(self.jobs)]

    def written(self, job: str) -> Job:
        found = self.engine.journal.get(job)
        assert found is not None
        return found

    def close(self) -> None:
        """End it, unless it has ended; closing twice does nothing."""
        if not self.closed:
            self.closed = True
            self.engine.journal.close()

    def again(self, *, adopt: bool = True) -> Desk:
        """The next engine, after this one has ended."""
        self.close()
        self.clock.began = 5.0 - self.clock.passed
        return Desk(self.folder, self, adopt=adopt)


class Offline(Desk):
    """The engine's own services, where nothing may be sent and no key is set."""

    def __init__(self, folder: Path, before: Desk | None = None) -> None:
        super().__init__(folder, before)
        self.ask("configure", preparer=["blender"], services={}, online=False)
        self.engine.context.download = None  # type: ignore[assignment]
        self.engine.context.preparers.expect = lambda _: None  # type: ignore[method-assign]

    def _provider(self, name: str) -> Any:
        return Connections.provider(self.engine.connections, name)


class _Nothing:
    """No download is broken."""

    def __bool__(self) -> bool:
        return False

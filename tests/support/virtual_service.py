"""A made-up service and an engine's steps on it, on a clock that stands still but for what the steps wait for.

Its ledger is what counts. What it answers to each request that pays is a list of the test's: None for what the
document says, an error for anything else; ``Acted`` around an error means that it has acted and charged before that.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.blenders.blender_pool import JobFile, Preparers
from neural4d_blender.engine.errors import KeyRejected, Neural4DError, ServiceDown
from neural4d_blender.engine.model.declaration import Declaration, Feature, Quote
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.server_facts import BOOKS, Server
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.services.base import Provider
from neural4d_blender.engine.services.results import Balance, Conversion, Outcome, Poll, Submission, Trace, part, whole
from neural4d_blender.engine.spending.spending import Spending
from neural4d_blender.engine.steps import next_step
from neural4d_blender.engine.steps.active_job import ActiveJob
from neural4d_blender.engine.steps.context import Context
from neural4d_blender.engine.store.journal import Journal
from neural4d_blender.engine.system import System
from tests.support.glb_files import glb, triangle
from tests.support.one_thread import Alone
from tests.support.simulator_client import picture


class Killed(BaseException):
    """The engine dies here."""


@dataclass
class Acted:
    """What comes after the service has acted; None for no answer at all."""

    error: BaseException


class Http:
    """Calls are let through."""

    def check_pace(self, *, paid: bool) -> None: ...

    def slow_down(self, seconds: float | None, *, paid: bool) -> float:
        return 60.0 if seconds is None else seconds


class VirtualService(Provider):
    """Models at 30 points, conversions at 10, by whole millimetres.

    Args:
        lag: seconds until the balance shows a purchase. tells: whether it tells a balance.
    """

    declaration = Declaration(
        *("neural4d", "Virtual", "https://127.0.0.1", "URL", "KEY"),
        frozenset({Feature.TEXT, Feature.BALANCE, Feature.FILE_SIZE}),
        *(("GLB", "STL"), "", "", ""),
    )

    def __init__(self, system: System, *, lag: float = 0.0, tells: bool = True) -> None:
        super().__init__(Http(), Server("neural4d"), system)  # type: ignore[arg-type]
        self.lag, self.tells = lag, tells
        self.ledger: list[tuple[float, str, float]] = []
        self.price, self.left = 30.0, 1000.0
        #: To the next requests that pay, and the next questions for the balance.
        self.answers: list[Acted | BaseException | None] = []
        self.balances: list[BaseException | None] = []
        self.told: int | None = None
        self.sent = 0
        self.key_is_good = True
        self.shows: Callable[[], Trace | None] = lambda: None
        self.before_conversion: Callable[[], None] = lambda: None
        self.converted: set[str] = set()

    @classmethod
    def lacks(cls, feature: Feature, facts: Mapping[str, str]) -> str:
        return "It does not tell." if feature is Feature.BALANCE and facts.get("balance told") == "no" else ""

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        return [Quote("text", 30)]

    @classmethod
    def conversion_quote(cls) -> Quote:
        return Quote("conversion", 10)

    @classmethod
    def documents(cls, error: Neural4DError) -> bool:
        return bool(error.answer.get("documented"))

    def balance(self) -> Balance:
        trouble = self.balances.pop(0) if self.balances else None
        if trouble:
            raise trouble
        if not self.key_is_good:
            raise KeyRejected("Not this key.")
        since = self.system.clock.now() - self.lag
        left = self.left - sum(points for at, _, points in self.ledger if at <= since)
        return Balance(whole(left) or 0, part=part(left))

    def test_key(self) -> None:
        if not self.key_is_good:
            raise KeyRejected("Not this key.")

    def look_for(self, request: Request, tickets: Sequence[str], since: float, pictures: bool) -> Trace | None:
        return self.shows()

    def _charge(self, what: str, points: float, key: str = "") -> None:
        answer = self.answers.pop(0) if self.answers else None
        self.sent += 1
        if isinstance(answer, BaseException):
            raise answer
        self.converted.add(key)
        if points:
            self.ledger.append((self.system.clock.now(), what, points))
        if isinstance(answer, Acted):
            raise answer.error

    def submit(self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = "") -> Submission:
        self._charge("text", self.price)
        return Submission([f"model {self.sent}"], points=self.told)

    def poll(self, uuid: str, expect_done: bool) -> Poll:
        return Poll(Outcome.DONE, model_url="https://x/one.glb")

    def convert(self, uuid: str, format: str, size_mm: float | None) -> Conversion:
        self.before_conversion()
        key = f"{uuid} {format} {size_mm}"
        self._charge("conversion", 0 if key in self.converted else 10, key)
        return Conversion("https://x/one.stl")


class NoBlender(Preparers):
    """Says at once what a background Blender would say in its time."""

    def run(self, job: JobFile, log_file: Path, limit: float, stopped: Callable[[], bool]) -> int:
        values = json.loads(job.path.read_text())
        Path(values["output"]).touch()
        Path(values["facts"]).write_text(json.dumps({"ok": True, "triangles": 1}))
        return 0


def download(url: str, path: Path, *, check: Callable[[Path], object] = lambda _: None, **_: Any) -> int:
    known = {".glb": glb(triangle()), ".jpg": picture((8, 8))}
    path.write_bytes(known.get(Path(url).suffix) or b"solid nothing\n" + b" " * 300)
    check(path)
    return path.stat().st_size


class Steps:
    """An engine's steps, without its process: a journal in a folder, and the service.

    Args:
        books: fact of the server, see server_facts. beside: another engine, of the same computer and service.
    """

    def __init__(
        self, folder: Path, *, lag: float = 0.0, tells: bool = True, books: str = "", beside: Steps | None = None
    ) -> None:
        self.folder, self.system = folder, beside.system if beside else Alone()
        self.service = beside.service if beside else VirtualService(self.system, lag=lag, tells=tells)
        self.service.server.note(BOOKS, books)
        self.service.server.note("balance told", "" if tells else "no")
        if not tells:
            self.service.balances = [ServiceDown("It tells none.")] * 1000
        self.start()

    def start(self) -> None:
        """An engine begins on the folder."""
        self.journal = Journal(self.folder, self.system)
        self.spending = Spending(self.journal, lambda *_: None, lambda: None, self.system.clock)
        self.context = Context(
            *(self.journal, lambda _: self.service, lambda _: None, self.spending, lambda *_: None),
            *(threading.Event(), self.folder, self.system),
            preparers=NoBlender(self.system),
            download=download,
        )

    def restart(self) -> None:
        """The engine has died, and another one takes its jobs over."""
        self.close()
        self.start()

    def close(self) -> None:
        """Give the journal's files back."""
        self.journal._db.close()
        self.journal._alive.close()

    def job(self, name: str = "1", **request: Any) -> ActiveJob:
        now = self.system.clock.now()
        job = Job(name, "neural4d", Request(prompt="a bird", **request).to_dict(), created=now, entered=now)
        self.context.save(job)
        return ActiveJob(job)

    def again(self, name: str = "1") -> ActiveJob:
        """The job as the journal has it."""
        taken = {job.id: job for job in self.journal.take_over()}
        job = taken.get(name) or self.journal.get(name)
        assert job
        return ActiveJob(job)

    def run(self, active: ActiveJob, *until: State) -> float:
        """Take steps until there are no more, or a state is reached; returns the seconds that took."""
        clock, began = self.system.clock, self.system.clock.now()
        for _ in range(1000):
            delay = next_step.step(self.context, active)
            if delay is None or active.job.state in until:
                return clock.now() - began
            clock.sleep(delay)
        raise AssertionError(f"still {active.job.state} after {clock.now() - began} s")

    @property
    def paid(self) -> list[str]:
        return [what for _, what, _ in self.service.ledger]


@pytest.fixture
def begin(tmp_path: Path) -> Iterator[Callable[..., Steps]]:
    """Makes :class:`Steps`, by its arguments but the folder."""
    made: list[Steps] = []

    def make(folder: Path = tmp_path, **how: Any) -> Steps:
        made.append(Steps(folder, **how))
        return made[-1]

    yield make
    for steps in made:
        steps.close()


def refused(
    kind: type[Neural4DError], status: int, *, documented: bool = False, wait: float | None = None
) -> Neural4DError:
    """The answer of a gateway with that status, or of the service itself."""
    error = kind(f"It is not to be (HTTP {status}).")
    error.http, error.by_api, error.answer = status, documented, {"documented": True} if documented else {}
    if wait is not None:
        error.retry_after = wait  # type: ignore[attr-defined]
        error.noted = True  # type: ignore[attr-defined]
    return error

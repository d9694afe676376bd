"""A job that is taken from step to step in the test's own thread, on a clock that passes when the test says so.

The service is made up here, and answers what the test has put down; journal, money and steps are the real ones.
"""

from __future__ import annotations

import json
import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

from neural4d_blender.engine.blenders.blender_pool import JobFile, Preparers
from neural4d_blender.engine.clock import Clock
from neural4d_blender.engine.errors import Neural4DError
from neural4d_blender.engine.model.declaration import Declaration, Feature, Quote
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.services.base import Provider
from neural4d_blender.engine.services.results import Balance, Conversion, Cutout, Outcome, Poll, Submission, Trace
from neural4d_blender.engine.spending.spending import Spending
from neural4d_blender.engine.steps import next_step
from neural4d_blender.engine.steps.active_job import ActiveJob
from neural4d_blender.engine.steps.context import Context
from neural4d_blender.engine.store.journal import Journal
from neural4d_blender.engine.system import System
from tests.support.glb_files import glb, triangle
from tests.support.simulator_client import picture

#: Long ago, so that no time of the real clock can be taken for one of this.
BEGIN = 1_000_000.0
#: What the service charges for a model, a conversion, pictures, and a further stage.
TEXT, CONVERSION, PICTURES, STAGE = 60, 7, 20, 15


class StoppedClock(Clock):
    """Stands still, but for what the test adds. ``began`` is what a new process's own seconds begin at."""

    def __init__(self, began: float = 10.0) -> None:
        self.passed, self.began = 0.0, began

    def now(self) -> float:
        return BEGIN + self.passed

    def monotonic(self) -> float:
        return self.began + self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


class Alone(System):
    """A computer that starts nothing; what it draws by chance is the same each time."""

    def __init__(self, clock: Clock | None = None, chance: random.Random | None = None) -> None:
        super().__init__(clock or StoppedClock(), chance or random.Random(1))

    def start_thread(self, *_: Any) -> NoReturn:
        raise AssertionError("a thread was started")

    start_process = thread_pool = start_thread


class Http:
    """Calls are let through; ``slowed`` has the waits that the service has asked for in an answer of its own."""

    def __init__(self) -> None:
        self.slowed: list[float | None] = []

    def check_pace(self, *, paid: bool) -> None: ...

    def slow_down(self, seconds: float | None, *, paid: bool) -> float:
        self.slowed.append(seconds)
        return seconds or 60.0


class Atelier(Provider):
    """A service with a balance.

    Attributes:
        points: the balance. told: whether it can be read.
        answers: to submissions and orders, in their order: an error is raised, after it was charged where ``charges``
            says so; where there is none, the job is taken and charged.
        polls: in their order; the last one stays. traces, conversions: likewise; None where there is none.
        asked: each call by name. bought: the points of each purchase.
        submitted: the tickets of each submission.
    """

    declaration = Declaration(
        *("neural4d", "Made-Up", "https://127.0.0.1", "URL", "KEY"),
        frozenset({Feature.TEXT, Feature.BALANCE, Feature.VARIANTS, Feature.FILE_SIZE, Feature.PICTURE}),
        *(("GLB", "STL", "OBJ"), "", "", ""),
        max_variants=4,
    )

    def __init__(self, clock: StoppedClock) -> None:
        self.calls = Http()
        super().__init__(self.calls)  # type: ignore[arg-type]
        self.clock = clock
        self.points, self.told, self.takes_ids, self.charges = 1000, True, True, True
        self.answers: deque[Neural4DError | Submission | None] = deque()
        self.polls: deque[Poll | Neural4DError] = deque([done("one")])
        self.traces: deque[Trace | None] = deque()
        self.conversions: deque[Conversion | Neural4DError] = deque()
        self.choices: deque[list[Cutout] | Neural4DError] = deque()
        self.asked: list[str] = []
        self.bought: list[int] = []
        self.submitted: list[list[str]] = []
        self.stages: list[str] = []

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        pictures = [Quote("pictures", PICTURES)] if request.picture_first else []
        converts = [Quote("conversion", CONVERSION)] if request.format != "GLB" else []
        return [*pictures, Quote("text", TEXT * request.variants), *converts]

    @classmethod
    def conversion_quote(cls) -> Quote:
        return Quote("conversion", CONVERSION)

    @classmethod
    def order_quote(cls, order: str) -> Quote:
        return Quote(order, STAGE)

    def balance(self) -> Balance:
        self.asked.append("balance")
        if not self.told:
            raise Neural4DError("The balance is not told.")
        return Balance(self.points)

    def tickets(self, request: Request, job_id: str) -> list[str]:
        return [f"{job_id}-{len(self.submitted)}-{number}" for number in range(request.variants)] * self.takes_ids

    def submit(self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = "") -> Submission:
        self.submitted.append(list(tickets))
        taken = self._answer("submit", TEXT * request.variants)
        return taken or Submission(list(tickets) or [str(number) for number in range(request.variants)])

    def order_pictures(self, request: Request) -> Submission:
        return self._answer("order_pictures", PICTURES) or Submission(["picture"])

    def pictures(self, ids: Sequence[str]) -> list[Cutout]:
        self.asked.append("pictures")
        return _next(self.choices) or []

    def order(self, uuid: str, order: str, request: Request, choice: str, dimensions: object) -> str:
        self.stages.append(order)
        self._answer("order", STAGE)
        return ""

    def look_for(self, request: Request, tickets: Sequence[str], since: float, pictures: bool) -> Trace | None:
        self.asked.append("look_for")
        return _next(self.traces)

    def poll(self, uuid: str, expect_done: bool) -> Poll:
        self.asked.append("poll")
        found = _next(self.polls)
        assert found is not None
        return found

    def convert(self, uuid: str, format: str, size_mm: float | None) -> Conversion:
        self.asked.append(f"convert {format} {size_mm}")
        if len(self.conversions) == 0:
            self._charge(CONVERSION)
        return _next(self.conversions) or Conversion(f"https://x/{format}-{size_mm}.{format.lower()}")

    def _answer(self, call: str, price: int) -> Submission | None:
        self.asked.append(call)
        answer = self.answers.popleft() if self.answers else None
        if self.charges:
            self._charge(price)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def _charge(self, price: int) -> None:
        self.points -= price
        self.bought.append(price)


def _next(answers: deque[Any]) -> Any:
    """The next one; the last one stays. An error is raised."""
    answer = answers.popleft() if len(answers) > 1 else answers[0] if answers else None
    if isinstance(answer, Exception):
        raise answer
    return answer


def done(uuid: str, **more: Any) -> Poll:
    return Poll(Outcome.DONE, model_url=f"https://x/{uuid}.glb", **more)


def waits(progress: float | None = None, **more: Any) -> Poll:
    return Poll(Outcome.GENERATING, progress, **more)


class NoBlender(Preparers):
    """Says at once what a background Blender would say in its time."""

    def run(self, job: JobFile, log_file: Path, limit: float, stopped: Callable[[], bool]) -> int:
        values = json.loads(job.path.read_text())
        Path(values["output"]).write_bytes(b"BLENDER")
        Path(values["facts"]).write_text(json.dumps({"ok": True, "triangles": 1}))
        return 0


class World:
    """An engine without threads, on a data folder.

    Args:
        folder: the data folder. before: the engine before this one.

    Attributes:
        downloads: from which address each file came; ``broken`` is raised instead of the next ones. preview: what a
            .jpg is.
        told: each state and note that was told, in their order.
    """

    def __init__(self, folder: Path, *, before: World | None = None) -> None:
        self.clock = before.clock if before else StoppedClock()
        self.system = Alone(self.clock, before.system.chance if before else None)
        self.folder = folder
        self.journal = Journal(folder, self.system)
        with self.journal.reading() as db:
            db.execute("PRAGMA synchronous=OFF")  # no power cut comes here
        self.provider = before.provider if before else Atelier(self.clock)
        self.spending = Spending(self.journal, lambda *_: None, lambda: None, self.clock)
        self.told: list[tuple[str, str]] = []
        self.downloads: list[str] = []
        self.preview = picture((8, 8))
        self.broken: deque[Neural4DError | None] = deque()
        self.later: World | None = None
        self.context = Context(
            self.journal,
            lambda _: self.provider,
            lambda job: self.told.append((job.state, job.note)),
            self.spending,
            lambda *_: None,
            threading.Event(),
            folder,
            self.system,
            preparers=NoBlender(self.system),
            download=self._download,
        )

    def job(self, job_id: str = "1", *, batch: str = "", **request: Any) -> ActiveJob:
        """A queued job."""
        asked = Request(**{"prompt": "a bird", **request}).to_dict()
        job = Job(job_id, "neural4d", asked, created=self.clock.now(), entered=self.clock.now(), batch=batch)
        self.context.save(job)
        return ActiveJob(job)

    def step(self, active: ActiveJob) -> float | None:
        """One step; the clock goes on by what it asks to wait."""
        delay = next_step.step(self.context, active)
        assert delay is None or delay >= 0.0
        self.clock.sleep(delay or 0.0)
        return delay

    def until(self, active: ActiveJob, *states: State, steps: int = 2000) -> Job:
        """Go on until the job is in one of these states, or at rest where none is named."""
        for _ in range(steps):
            delay = self.step(active)
            if active.job.state in states or (delay is None and not states):
                return active.job
            assert delay is not None, f"at rest as {active.job.state}: {active.job.error}"
        raise AssertionError(f"still {active.job.state} after {steps} steps: {active.job.note}")

    def close(self) -> None:
        """End this engine, and those that came after it."""
        if self.later:
            self.later.close()
        else:
            self.journal.close()

    def again(self) -> World:
        """The next engine, after this one has ended; the service is the same, the process's own seconds begin anew."""
        self.journal.close()
        self.clock.began = 5.0 - self.clock.passed
        self.later = World(self.folder, before=self)
        return self.later

    def taken_over(self) -> list[ActiveJob]:
        """The jobs that an engine before has left."""
        return [ActiveJob(job) for job in self.journal.take_over()]

    def _download(self, url: str, path: Path, *, check: Callable[[Path], object] = len, **_: Any) -> int:
        self.downloads.append(url)
        error = self.broken.popleft() if self.broken else None
        if error:
            raise error
        path.parent.mkdir(parents=True, exist_ok=True)
        known = {".glb": glb(triangle()), ".jpg": self.preview}
        path.write_bytes(known.get(path.suffix) or b"solid a\n facet " + url.encode())
        if check is not len:
            check(path)
        return path.stat().st_size

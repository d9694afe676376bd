"""Holds that a job goes all its way on a clock, files and background Blenders of the test's own: no thread runs."""

from __future__ import annotations

import json
import random
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NoReturn

import pytest

from neural4d_blender.engine.blenders.pool import Preparers
from neural4d_blender.engine.errors import ServiceUnreachable
from neural4d_blender.engine.http.transport import retry_after
from neural4d_blender.engine.model.declaration import Declaration, Feature, Quote
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.services.answers import Outcome, Poll, Submission
from neural4d_blender.engine.services.base import Provider
from neural4d_blender.engine.services.neural4d.provider import Neural4D
from neural4d_blender.engine.steps import next_step
from neural4d_blender.engine.steps.active_job import ActiveJob
from neural4d_blender.engine.steps.context import Context
from neural4d_blender.engine.steps.spending import Spending
from neural4d_blender.engine.store.journal import Journal
from neural4d_blender.engine.system import Clock, System
from tests.support.glb_files import glb, triangle

#: Long ago, so that no time of the real clock can be taken for one of this.
BEGIN = 1_000_000.0
#: Seconds that the made-up service takes.
TAKES = 300.0


class OtherClock(Clock):
    """Stands still, but for what the test adds."""

    def __init__(self) -> None:
        self.passed = 0.0

    def now(self) -> float:
        return BEGIN + self.passed

    def monotonic(self) -> float:
        return 10.0 + self.passed

    def sleep(self, seconds: float) -> None:
        self.passed += seconds


class Alone(System):
    """A computer that starts nothing."""

    def __init__(self) -> None:
        super().__init__(OtherClock(), random.Random(1))

    def start_thread(self, *_: Any) -> NoReturn:
        raise AssertionError("a thread was started")

    start_process = thread_pool = start_thread


class Http:
    """Calls are let through."""

    def check_pace(self, *, paid: bool) -> None: ...


class MadeUp(Provider):
    """Takes a job when it can be reached, and makes it in TAKES seconds."""

    declaration = Declaration(
        *("made-up", "Made-Up", "https://127.0.0.1", "URL", "KEY", frozenset({Feature.TEXT}), ("GLB",)), "", "", ""
    )

    def __init__(self, clock: Clock, *, there: bool) -> None:
        super().__init__(Http())  # type: ignore[arg-type]
        self.clock, self.there = clock, there
        self.done_at = 0.0
        self.polls = 0

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        return [Quote("text", 5)]

    def submit(self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = "") -> Submission:
        if not self.there:
            raise ServiceUnreachable("Nobody is there.")
        self.done_at = self.clock.now() + TAKES
        return Submission(["one"])

    def poll(self, uuid: str, expect_done: bool) -> Poll:
        self.polls += 1
        done = self.clock.now() >= self.done_at
        return Poll(Outcome.DONE, model_url="https://x/one.glb") if done else Poll(Outcome.GENERATING)


class NoBlender(Preparers):
    """Says at once what a background Blender would say in its time."""

    def run(self, job_file: Path, log_file: Path, limit: float, stopped: Callable[[], bool]) -> int:
        Path(json.loads(job_file.read_text())["facts"]).write_text(json.dumps({"ok": True, "triangles": 1}))
        return 0


def download(url: str, path: Path, *, check: Callable[[Path], object], **_: Any) -> int:
    path.write_bytes(glb(triangle()))
    check(path)
    return path.stat().st_size


def run(folder: Path, *, there: bool) -> tuple[Job, MadeUp, Journal, float]:
    """The job at its end, the service, the journal, and the seconds that all of it took by the test's clock."""
    system = Alone()
    clock = system.clock
    journal = Journal(folder, system)
    provider = MadeUp(clock, there=there)
    spending = Spending(journal, lambda *_: None, lambda: None, clock)
    context = Context(
        *(journal, lambda _: provider, lambda _: None, spending, lambda *_: None, threading.Event(), folder, system),
        preparers=NoBlender(system),
        download=download,
    )
    job = Job("1", "made-up", Request(prompt="a bird").to_dict(), created=clock.now(), entered=clock.now())
    context.save(job)
    active = ActiveJob(job)
    for _ in range(1000):
        delay = next_step.step(context, active)
        if delay is None:
            return job, provider, journal, clock.now() - BEGIN
        clock.sleep(delay)
    pytest.fail(f"still {job.state} after {clock.now() - BEGIN} s")


def test_a_job_is_made_in_no_time(tmp_path: Path) -> None:
    began = time.monotonic()
    job, provider, journal, took = run(tmp_path, there=True)
    assert (job.state, job.error, job.costs.total) == (State.READY, None, 5)
    assert Path(job.variants[0].model).is_file()
    assert TAKES <= took < TAKES + 20
    assert TAKES / 15 < provider.polls < TAKES
    states = [State.QUEUED, State.SUBMITTING, State.GENERATING, State.DOWNLOADING, State.PREPARING_MODEL, State.READY]
    transitions = journal.transitions("1")
    journal.close()
    assert [state for state, _ in transitions] == states
    assert all(BEGIN <= at <= BEGIN + took for _, at in transitions)
    assert job.seconds["generating"] == pytest.approx(TAKES, abs=20)
    assert time.monotonic() - began < 10


def test_a_job_fails_in_no_time(tmp_path: Path) -> None:
    job, provider, journal, took = run(tmp_path, there=False)
    journal.close()
    assert (job.state, provider.polls, job.costs.total) == (State.FAILED, 0, None)
    assert (job.error or {})["code"] == "ServiceUnreachable"
    # Five waits of 0.5, 1, 2, 4, 8 seconds, each between half of it and all.
    assert 7.75 <= took <= 15.5


def test_ids_for_a_service_are_drawn_by_the_systems_chance() -> None:
    drawn = [Neural4D(Http(), system=Alone()).tickets(Request("a bird", variants=2), "1") for _ in range(2)]  # type: ignore[arg-type]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 2


def test_a_date_to_wait_for_is_held_against_the_other_clock() -> None:
    assert retry_after("Mon, 12 Jan 1970 13:47:10 GMT", BEGIN) == 30.0
    assert retry_after("Mon, 12 Jan 1970 13:47:10 GMT", BEGIN + 60) == 0.0

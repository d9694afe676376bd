"""Holds that a job goes all its way on a clock, files and background Blenders of the test's own: no thread runs."""

from __future__ import annotations

import json
import math
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.blenders.blender_pool import JobFile, Preparers
from neural4d_blender.engine.clock import Clock
from neural4d_blender.engine.errors import HeldBack, ServiceBusy, ServiceDown, ServiceUnreachable
from neural4d_blender.engine.http.retries import retry_after
from neural4d_blender.engine.model.declaration import Declaration, Feature, Quote
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.states import State, WaitsFor
from neural4d_blender.engine.services.base import Provider
from neural4d_blender.engine.services.neural4d.provider import Neural4D
from neural4d_blender.engine.services.results import Outcome, Poll, Submission
from neural4d_blender.engine.spending.spending import Spending
from neural4d_blender.engine.steps import next_step, retry_or_fail
from neural4d_blender.engine.steps.active_job import ActiveJob
from neural4d_blender.engine.steps.context import Context
from neural4d_blender.engine.store.journal import Journal
from tests.support.glb_files import glb, triangle
from tests.support.one_thread import BEGIN, Alone
from tests.support.simulator_client import picture

#: Seconds that the made-up service takes.
TAKES = 300.0


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
        self.done_at, self.down_until = 0.0, -math.inf  # a clock may be set to before the epoch
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
        if self.clock.now() < self.down_until:
            raise ServiceDown("It is down.")
        done = self.clock.now() >= self.done_at
        return Poll(Outcome.DONE, model_url="https://x/one.glb") if done else Poll(Outcome.GENERATING)


class NoBlender(Preparers):
    """Says at once what a background Blender would say in its time."""

    def run(self, job: JobFile, log_file: Path, limit: float, stopped: Callable[[], bool]) -> int:
        values = json.loads(job.path.read_text())
        Path(values["output"]).touch()
        Path(values["facts"]).write_text(json.dumps({"ok": True, "triangles": 1}))
        return 0


def download(url: str, path: Path, *, check: Callable[[Path], object], **_: Any) -> int:
    path.write_bytes(picture((8, 8)) if url.endswith("jpg") else glb(triangle()))
    check(path)
    return path.stat().st_size


def context_in(folder: Path, *, there: bool) -> tuple[Context, MadeUp]:
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
    return context, provider


def new_job(context: Context) -> ActiveJob:
    clock = context.clock
    job = Job("1", "made-up", Request(prompt="a bird").to_dict(), created=clock.now(), entered=clock.now())
    context.save(job)
    return ActiveJob(job)


def run(folder: Path, *, there: bool) -> tuple[Job, MadeUp, Journal, float]:
    """The job at its end, the service, the journal, and the seconds that all of it took by the test's clock."""
    context, provider = context_in(folder, there=there)
    active, clock = new_job(context), context.clock
    job = active.job
    for _ in range(1000):
        delay = next_step.step(context, active)
        if delay is None:
            return job, provider, context.journal, clock.now() - BEGIN
        clock.sleep(delay)
    pytest.fail(f"still {job.state} after {clock.now() - BEGIN} s")


def test_a_job_is_made_in_no_time(tmp_path: Path) -> None:
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


def test_a_job_fails_in_no_time(tmp_path: Path) -> None:
    job, provider, journal, took = run(tmp_path, there=False)
    journal.close()
    assert (job.state, provider.polls, job.costs.total) == (State.FAILED, 0, None)
    assert (job.error or {})["code"] == "ServiceUnreachable"
    # Five waits of 0.5, 1, 2, 4, 8 seconds, each between half of it and all.
    assert 7.75 <= took <= 15.5


def test_why_a_job_stands_still_is_told_with_until_when(tmp_path: Path) -> None:
    context, provider = context_in(tmp_path, there=True)
    active, clock = new_job(context), context.clock
    job = active.job
    next_step.step(context, active)
    assert (job.state, job.waits_for, job.until) == (State.GENERATING, WaitsFor.NOTHING, 0.0)
    provider.down_until = clock.now() + TAKES
    clock.sleep(TAKES / 2)
    next_step.step(context, active)
    assert (job.waits_for, job.until > clock.now()) == (WaitsFor.OUTAGE, True)
    clock.sleep(TAKES / 2)
    next_step.step(context, active)
    assert (job.state, job.waits_for, job.until) == (State.GENERATING, WaitsFor.NOTHING, 0.0)
    for error, why in (
        (ServiceBusy("Three at a time.", retry_after=7.0, noted=True, other_job=True), WaitsFor.OTHER_JOB),
        (HeldBack("Whether another one was paid ...", other_job=True), WaitsFor.OTHER_JOB),
        (HeldBack("It asks to slow down.", retry_after=7.0, noted=True), WaitsFor.PACE),
    ):
        wait = retry_or_fail.slow_down(context, active, error)
        assert (job.waits_for, job.until) == (why, clock.now() + (wait or 0.0))
        told = context.journal.get("1")
        assert told
        assert (told.waits_for, told.until, told.note) == (job.waits_for, job.until, job.note)
    context.journal.close()


def test_ids_for_a_service_are_drawn_by_the_systems_chance() -> None:
    drawn = [Neural4D(Http(), system=Alone()).tickets(Request("a bird", variants=2), "1") for _ in range(2)]  # type: ignore[arg-type]
    assert drawn[0] == drawn[1]
    assert len(set(drawn[0])) == 2


def test_a_date_to_wait_for_is_held_against_the_other_clock() -> None:
    assert retry_after("Mon, 12 Jan 1970 13:47:10 GMT", BEGIN) == 30.0
    assert retry_after("Mon, 12 Jan 1970 13:47:10 GMT", BEGIN + 60) == 0.0

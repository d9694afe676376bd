"""What the engine says while nobody listens: nothing waits, nothing gets lost but what has become old."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.process.outbox import Outbox
from neural4d_blender.engine.process.scheduling.concurrency_limit import ConcurrencyLimit
from neural4d_blender.engine.steps.active_job import ActiveJob


class Pipe:
    """A pipe that holds 64 kB, as the engine's does."""

    def __init__(self) -> None:
        reader, writer = os.pipe()
        self.reader, self.writer = os.fdopen(reader, "rb"), os.fdopen(writer, "wb")

    def lines(self, count: int) -> list[dict[str, Any]]:
        return [json.loads(self.reader.readline()) for _ in range(count)]


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    for end in (made.reader, made.writer):
        with contextlib.suppress(OSError):  # that nobody reads is a broken pipe, and an invalid argument on Windows
            end.close()


def snapshot(job: int, number: int) -> dict[str, Any]:
    return {"event": "job", "job": {"id": str(job), "number": number, "padding": "x" * 2000}}


def test_a_listener_that_sleeps_gets_the_newest_of_each_job_and_every_answer(pipe: Pipe) -> None:
    outbox = Outbox(pipe.writer)
    for number in range(100):
        for job in range(200):
            outbox.put(snapshot(job, number))
        outbox.put({"event": "answer", "tag": number})
    outbox.put({"event": "answer", "tag": "last"})
    told = []
    while not told or told[-1].get("tag") != "last":
        told += pipe.lines(1)
    newest = {line["job"]["id"]: line["job"]["number"] for line in told if line["event"] == "job"}
    assert newest == {str(job): 99 for job in range(200)}
    assert [line["tag"] for line in told if line["event"] == "answer"] == [*range(100), "last"]
    assert len(told) < 1000  # of 20,000
    for job in range(200):
        numbers = [line["job"]["number"] for line in told if line["event"] == "job" and line["job"]["id"] == str(job)]
        assert numbers == sorted(numbers)


def test_a_listener_that_keeps_up_sees_each_change(pipe: Pipe) -> None:
    outbox = Outbox(pipe.writer)
    for number in range(50):
        outbox.put(snapshot(1, number))
    assert [line["job"]["number"] for line in pipe.lines(50)] == list(range(50))
    outbox.flush(10.0)


def test_nobody_there_is_waited_for_never(pipe: Pipe) -> None:
    outbox = Outbox(pipe.writer)
    pipe.reader.close()
    for number in range(200):
        outbox.put(snapshot(number, number))
    for _ in range(2):
        outbox.flush(3600.0)  # pytest's limit would come before
        outbox.put(snapshot(1, 1))


def test_what_is_no_text_arrives_all_the_same(pipe: Pipe) -> None:
    outbox = Outbox(pipe.writer)
    outbox.put({"event": "usage", "path": "/home/\udce4/chair", "said": "half \ud83d", "whole": "\U0001f600"})
    (told,) = pipe.lines(1)
    assert told == {"event": "usage", "path": "/home/\udce4/chair", "said": "half \ufffd", "whole": "\U0001f600"}


@pytest.mark.parametrize("odd", [object(), {(1, 2): 3}, pytest.param(None, id="deep")])
def test_a_message_that_cannot_be_sent_costs_that_message(pipe: Pipe, odd: object) -> None:
    if odd is None:
        odd = []
        for _ in range(100_000):
            odd = [odd]
    outbox = Outbox(pipe.writer)
    outbox.put({"event": "answer", "tag": 7, "path": odd})
    outbox.put(snapshot(1, 1))
    answer, job = pipe.lines(2)
    assert answer["tag"] == 7
    assert "could not be sent" in answer["error"]["what"]
    assert job["job"]["number"] == 1


def job(item: int, state: State = State.QUEUED, provider: str = "neural4d") -> ActiveJob:
    made = Job(f"{provider}{item}", provider, {}, batch="b", item=item)
    made.state = state
    return ActiveJob(made)


def test_turns_are_by_service_and_in_the_order_of_the_input(tmp_path: Path) -> None:
    slots = ConcurrencyLimit(lambda batch: 2)
    first, second = job(7), job(8)
    assert slots.may_go(first)
    assert slots.may_go(second)
    assert not any(slots.may_go(job(item)) for item in (9, 3, 5))
    assert slots.may_go(job(1, provider="csm"))
    assert slots.stepped(first.job) == []  # still queued: it waits for a second try, and keeps its place
    first.job.state = State.SUBMITTING
    assert slots.stepped(first.job) == []
    first.job.state = State.DOWNLOADING
    assert slots.stepped(first.job) == ["neural4d3"]
    assert slots.may_go(job(3))
    assert slots.stepped(first.job) == []
    assert slots.waiting("b") == slots.waiting("b", "neural4d") == {"neural4d5", "neural4d9"}
    assert slots.waiting("b", "csm") == set()
    slots.clear("b", "csm")
    assert len(slots.waiting("b")) == 2
    slots.clear("b")
    assert slots.waiting("b") == set()

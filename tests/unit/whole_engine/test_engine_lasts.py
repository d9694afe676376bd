"""What goes wrong in the engine itself costs what it was about, and never the engine, a job, or somebody's waiting."""

from __future__ import annotations

import errno
import json
import sys
from collections.abc import Iterator
from contextlib import nullcontext, suppress
from pathlib import Path
from typing import Any, NoReturn

import pytest

from neural4d_blender.engine.errors import JournalUnusable, UnexpectedAnswer
from neural4d_blender.engine.http.transport import Transport
from neural4d_blender.engine.process import job_commands
from neural4d_blender.engine.steps import next_step
from neural4d_blender.engine.system import SYSTEM
from scripts.simulator.launcher import Simulator
from tests.unit.engine.test_deadlines import request, server
from tests.unit.whole_engine.test_engine_jobs import paid, sim
from tests.unit.whole_engine.test_quitting import Here, here, submitted, until

__all__ = ["sim"]

FULL = OSError(errno.ENOSPC, "No space left on device")


@pytest.fixture
def engine(sim: Simulator, tmp_path: Path) -> Iterator[Here]:
    with here(tmp_path, sim.api_url, sim) as made:
        yield made
        made._pipe.close()
        made.end()


def events(engine: Here) -> list[dict[str, Any]]:
    sink: Any = engine.engine.outbox._sink
    return [json.loads(line) for line in sink.getvalue().splitlines()]


def answer(engine: Here, do: str, **values: Any) -> dict[str, Any]:
    engine.send(do, tag=do, **values)
    found: list[dict[str, Any]] = []
    until(lambda: found.extend(event for event in events(engine) if event.get("tag") == do) or found)
    return found[0]


def kept(engine: Here, tmp_path: Path) -> None:
    """A job goes all its way."""
    job = submitted(engine, keep_in=str(tmp_path / "kept"))
    until(lambda: (found := engine.engine.journal.get(job)) and found.state == "ready" and not found.under_way)


def once(monkeypatch: pytest.MonkeyPatch, where: Any, name: str, error: BaseException, after: int = 0) -> None:
    """The function fails once, when it has been called so often."""
    real, calls = getattr(where, name), iter(range(10**9))

    def call(*arguments: Any, **named: Any) -> Any:
        if next(calls) == after:
            raise error
        return real(*arguments, **named)

    monkeypatch.setattr(where, name, call)


def fails(*_: Any, **__: Any) -> NoReturn:
    raise FULL


@pytest.mark.parametrize("error", [KeyError("x"), FULL, MemoryError(), JournalUnusable("The disk is full.")])
def test_an_error_on_the_main_thread(engine: Here, tmp_path: Path, error: Exception) -> None:
    def act() -> NoReturn:
        raise error

    engine.engine.inbox.put(act)
    engine.engine.inbox.put(lambda: engine.engine.schedule.later(0.0, act))
    kept(engine, tmp_path)


@pytest.mark.parametrize("error", [MemoryError(), ValueError("a bug")])
def test_a_step_that_ends_in_an_error_is_taken_again(
    sim: Simulator, engine: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    once(monkeypatch, next_step, "step", error, after=2)
    kept(engine, tmp_path)
    assert paid(sim) == [60]


def test_no_thread_can_be_had(sim: Simulator, engine: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As the executor has it: what was to run stands in its line all the same, and may run later."""
    from concurrent.futures import ThreadPoolExecutor

    real, hungry = ThreadPoolExecutor._adjust_thread_count, [None]  # type: ignore[attr-defined]

    def start(pool: Any) -> None:
        if hungry and "submit" in pool._thread_name_prefix:
            hungry.pop()
            raise RuntimeError("can't start new thread")
        real(pool)

    monkeypatch.setattr(ThreadPoolExecutor, "_adjust_thread_count", start)
    kept(engine, tmp_path)
    assert not hungry
    assert paid(sim) == [60]


def test_a_batch_that_cannot_be_read_for_a_moment(
    engine: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of a batch that wait for their turn get it."""
    requests = {"prompt": "a bird", "keep_in": str(tmp_path / "kept")}
    jobs = [{"job": f"job-{n}", "provider": "neural4d", "request": requests, "item": n} for n in range(3)]
    once(monkeypatch, engine.engine.batches, "stepped", JournalUnusable("The disk is full."), after=1)
    assert answer(engine, "submit_many", batch={"id": "b", "size": 3, "concurrency": 1}, jobs=jobs)["error"] is None
    until(lambda: all(job.state == "ready" for job in engine.engine.journal.jobs_of("b")))


@pytest.mark.parametrize(
    ("error", "code"), [(FULL, "DiskUnusable"), (MemoryError(), "OutOfMemory"), (KeyError("x"), "Neural4DError")]
)
def test_a_command_that_is_answered_later_is_answered(
    engine: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, code: str
) -> None:
    kept(engine, tmp_path)
    once(monkeypatch, job_commands, "write_asset", error)
    job = "00000000-0000-4000-8000-000000000000"
    assert answer(engine, "asset", job=job, folder="/library", variant=0)["error"]["code"] == code
    once(monkeypatch, engine.engine.context, "provider", error)
    assert answer(engine, "balance", provider="neural4d")["error"]["code"] == code


def test_a_log_that_cannot_be_written(engine: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Full:
        write = flush = staticmethod(fails)

    monkeypatch.setattr(sys, "stderr", Full())
    SYSTEM.log(KeyError("x"))
    engine.engine.events.send({"event": "nothing", "value": {1, 2}})  # no JSON: that is logged
    assert answer(engine, "find")["error"]["code"] == "Neural4DError"  # and so is that
    kept(engine, tmp_path)


def test_an_exchange_log_and_a_preview_that_cannot_be_written(
    sim: Simulator, engine: Here, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real = Path.write_text

    def write(self: Path, *arguments: Any, **named: Any) -> Any:
        return fails() if "exchanges" in self.name else real(self, *arguments, **named)

    opened = Path.open

    def open_file(self: Path, *arguments: Any, **named: Any) -> Any:
        return fails() if self.name.endswith(".jpg.part") else opened(self, *arguments, **named)

    monkeypatch.setattr(Path, "write_text", write)
    monkeypatch.setattr(Path, "open", open_file)
    kept(engine, tmp_path)
    assert paid(sim) == [60]


@pytest.mark.parametrize("depth", [100, 330, 900, 5000, 200_000])
@pytest.mark.parametrize("paid_for", [False, True])
def test_json_that_is_nested_deeply(depth: int, paid_for: bool) -> None:
    nested = b'{"a":' * depth + b"1" + b"}" * depth
    content = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n" % len(nested) + nested

    def serve(connection: Any) -> None:
        request(connection)
        connection.sendall(content)

    with server(serve) as url:
        transport = Transport("Service", url, "key", observer=lambda _: None)
        with suppress(UnexpectedAnswer) if depth > 200 else nullcontext():
            assert "a" in transport.call("/x", {"prompt": "a long prompt"}, paid=paid_for)

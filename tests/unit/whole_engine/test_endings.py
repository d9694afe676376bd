"""Full disks, little memory, clocks that are set, sleep, kills, files that are gone: own words, and no job is lost.

All of it on the test's own clock, without a thread: see test_other_clock.py.
"""

from __future__ import annotations

import errno
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.blenders.shared_names import name_of_file
from neural4d_blender.engine.errors import BrokenModel, JournalDamaged, JournalUnusable
from neural4d_blender.engine.files.archive import unpack
from neural4d_blender.engine.model.job import Job
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.model.states import State
from neural4d_blender.engine.services.results import Outcome, Poll
from neural4d_blender.engine.spending.spending import Spending
from neural4d_blender.engine.steps import next_step, retry_and_choose
from neural4d_blender.engine.steps.active_job import ActiveJob
from neural4d_blender.engine.steps.context import Context
from neural4d_blender.engine.store.journal import Journal
from tests.support.one_thread import Alone, StoppedClock
from tests.unit.engine.test_other_clock import MadeUp, NoBlender, download

HOUR = 3600.0
FULL = OSError(errno.ENOSPC, "No space left on device")


class Killed(BaseException):
    """The engine is no more."""


class SetClock(StoppedClock):
    """One that is set now and then."""

    shift = 0.0

    def now(self) -> float:
        return super().now() + self.shift


class Computer(Alone):
    """It may be killed right after it has given a file in this folder its name."""

    kills_in = ""

    def __init__(self) -> None:
        super().__init__()
        self.clock: SetClock = SetClock()

    def replace(self, source: Path, target: Path) -> None:
        super().replace(source, target)
        if self.kills_in and self.kills_in in str(target):
            raise Killed


class Service(MadeUp):
    """Shows a model only to who asks for it, with a picture."""

    fails: list[BaseException] = []
    takes = 300.0

    def submit(self, *arguments: Any, **named: Any) -> Any:
        made = super().submit(*arguments, **named)
        self.done_at = self.clock.now() + self.takes
        return made

    def poll(self, uuid: str, expect_done: bool) -> Poll:
        if self.fails:
            raise self.fails.pop(0)
        poll = super().poll(uuid, expect_done)
        if poll.outcome is Outcome.DONE and not expect_done:
            return Poll(Outcome.GENERATING)
        return replace(poll, preview_url="https://x/one.jpg" if poll.outcome is Outcome.DONE else "")


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The journals that a test has opened."""
    opened: list[Journal] = []
    begin = World._begin
    monkeypatch.setattr(World, "_begin", lambda world, job: (opened.append(world.journal), begin(world, job)))
    yield
    for journal in opened:
        with suppress(JournalUnusable, ValueError):
            journal.close()


class World:
    """A job, and all it takes; another engine goes on with it after :meth:`restart`."""

    def __init__(self, folder: Path, **request: Any) -> None:
        self.folder, self.system = folder, Computer()
        self.clock = self.system.clock
        self.service = Service(self.clock, there=True)
        self.service.fails = []
        self.journal = Journal(folder, self.system)
        now = self.clock.now()
        job = Job("1", "made-up", Request(prompt="a bird", **request).to_dict(), created=now, entered=now)
        self._begin(job)
        self.context.save(job)

    def _begin(self, job: Job) -> None:
        self.journal._db.execute("PRAGMA synchronous=OFF")  # no power is cut here
        spending = Spending(self.journal, lambda *_: None, lambda: None, self.clock)
        nothing: Callable[..., None] = lambda *_: None  # noqa: E731
        self.context = Context(
            *(self.journal, lambda _: self.service, nothing, spending, nothing, threading.Event(), self.folder),
            self.system,
            preparers=NoBlender(self.system),
            download=download_anything,
        )
        self.active = ActiveJob(job)

    def restart(self) -> None:
        self.journal.close()
        self.journal = Journal(self.folder, self.system)
        (job,) = self.journal.take_over()
        self._begin(job)

    @property
    def job(self) -> Job:
        return self.active.job

    def run(self, reached: Callable[[Job], object] = lambda _: False) -> Job:
        """Take steps until the job is there, or needs none any more."""
        for _ in range(5000):
            if reached(self.job):
                return self.job
            delay = next_step.step(self.context, self.active)
            if delay is None:
                return self.job
            self.clock.sleep(delay)
        pytest.fail(f"still {self.job.state}: {self.job.note}")

    def retry(self) -> Job:
        retry_and_choose.retry(self.context, self.active)
        return self.run()


def download_anything(url: str, path: Path, *, check: Any = lambda _: None, **named: Any) -> int:
    return download(url, path, check=check, **named)


def generating(job: Job) -> bool:
    return job.state is State.GENERATING


def polled(world: World) -> World:
    """The service has been asked about the model."""
    world.run(lambda _: world.service.polls > 1)
    return world


# Clocks


def test_who_slept_for_hours_asks_before_anything_is_given_up(tmp_path: Path) -> None:
    world = polled(World(tmp_path))
    world.clock.sleep(5 * HOUR)
    assert world.run().state is State.READY


def test_the_time_of_sleep_is_none_that_the_service_was_given(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.service.takes = 6 * HOUR
    polled(world).clock.sleep(5.5 * HOUR)
    assert world.run().state is State.READY


def test_a_job_that_is_never_done_is_given_up_after_an_hour_and_asked_for_once_more(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.service.takes = 99 * HOUR
    failed = world.run()
    assert (failed.state, (failed.error or {})["code"]) == (State.FAILED, "GenerationFailed")
    assert 1.0 <= world.clock.passed / HOUR < 1.1
    world.clock.sleep(100 * HOUR)
    assert world.retry().state is State.READY


@pytest.mark.parametrize("days", [-300, -1, 1, 300])
def test_a_clock_that_is_set_keeps_no_model_back(tmp_path: Path, days: int) -> None:
    world = World(tmp_path)
    world.run(generating)
    world.clock.shift = days * 24 * HOUR
    world.service.done_at += world.clock.shift
    done = world.run()
    assert (done.state, bool(done.variants[0].preview)) == (State.READY, True)
    assert world.clock.passed < HOUR
    assert 0 <= done.progress <= 1


def test_a_clock_that_is_set_back_when_the_model_is_ready_ends_in_no_busy_loop(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.run(lambda job: job.state is State.READY)
    world.clock.shift = -24 * HOUR
    assert world.run().variants[0].preview


# Disks and memory


def first(failing: Callable[..., Any], times: int, error: BaseException, fits: Callable[[Path], bool]) -> Any:
    """The method of Path, which fails so many times for a path that fits."""
    left = [times]

    def method(self: Path, *arguments: Any, **named: Any) -> Any:
        if fits(self) and left[0]:
            left[0] -= 1
            raise error
        return failing(self, *arguments, **named)

    return method


PLACES = [("mkdir", lambda path: path.name == "1"), ("write_text", lambda path: path.name == "v0.prepare.json")]


@pytest.mark.parametrize(("method", "fits"), PLACES, ids=["folder", "job file"])
def test_a_full_disk_is_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, fits: Any) -> None:
    world = World(tmp_path)
    monkeypatch.setattr(Path, method, first(getattr(Path, method), 20, FULL, fits))
    waiting = world.run(lambda job: "No space left" in job.note)
    assert waiting.under_way
    assert "internal" not in waiting.note
    assert not waiting.until, "the panel would say that the service is not available"
    done = world.run()
    assert (done.state, done.costs.total) == (State.READY, 5)


def test_what_was_not_paid_is_not_waited_for_that_long(tmp_path: Path) -> None:
    world = World(tmp_path, images=["x.png"])
    world.service.quotes = lambda _: (_ for _ in ()).throw(FULL)  # type: ignore[method-assign,assignment]
    failed = world.run()
    assert (failed.error or {})["code"] == "DiskUnusable"
    assert (failed.error or {})["cost"] == "Nothing was paid."
    assert "No space left" in (failed.error or {})["what"]


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (MemoryError(), "OutOfMemory"),
        (RuntimeError("can't start new thread"), "OutOfMemory"),
        (RecursionError(), "UnexpectedAnswer"),
    ],
)
def test_little_memory_and_deep_answers_have_their_own_words(tmp_path: Path, error: Exception, code: str) -> None:
    world = World(tmp_path)
    world.service.fails = [error]
    assert world.run().state is State.READY, "once is no reason to fail"
    world = World(tmp_path / "again")
    world.service.fails = [error] * 100
    failed = world.run()
    told = failed.error or {}
    assert (failed.state, told["code"]) == (State.FAILED, code)
    assert "internal" not in told["what"]
    assert "5 points were paid" in told["cost"]
    assert told["remedy"]
    assert told["kept"]
    world.service.fails = []
    assert world.retry().state is State.READY
    assert world.job.costs.total == 5


def test_a_data_folder_that_is_gone_and_comes_back(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    world = World(folder)
    polled(world)
    folder.rename(tmp_path / "away")
    waiting = world.run(lambda job: "cannot be used" in job.note)
    assert waiting.under_way
    assert not folder.exists(), "it is not made anew, or the old one could not come back"
    (tmp_path / "away").rename(folder)
    assert world.run().state is State.READY
    assert world.job.costs.total == 5
    assert "journal" not in world.job.note
    assert world.journal.notices() == [], "nothing was damaged"


def test_a_data_folder_that_comes_back_as_a_copy_is_worked_on_by_the_next_engine(tmp_path: Path) -> None:
    folder = tmp_path / "data"
    world = World(folder)
    polled(world)
    folder.rename(tmp_path / "away")
    assert "Bring the folder back" in world.run(lambda job: "cannot be used" in job.note).note
    shutil.copytree(tmp_path / "away", folder)  # from another drive, say
    with pytest.raises(JournalDamaged):
        world.run()
    world.restart()
    assert world.run().state is State.READY
    assert (world.job.costs.total, world.journal.notices()) == (5, [])


def test_a_download_that_a_virus_scanner_takes_away(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.run(lambda job: job.variants and job.variants[0].model)
    Path(world.job.variants[0].model).unlink()
    failed = world.run()
    assert failed.state is State.FAILED
    assert "virus scanner" in (failed.error or {})["what"]
    assert (failed.error or {})["kept"] == "The model stays at the service."
    assert world.retry().state is State.READY


# Files to keep


def test_a_file_to_keep_is_kept_once_when_a_kill_comes_between(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    world = World(tmp_path / "data", keep_in=str(kept))
    world.system.kills_in = str(kept)
    with pytest.raises(Killed):
        world.run()
    world.system.kills_in = ""
    world.restart()
    world.run()
    assert [file.name for file in kept.glob("*.glb")] == ["a bird.glb"]
    assert [(save.state, save.path) for save in world.job.delivery.saves] == [("saved", str(kept / "a bird.glb"))]


def test_a_kill_before_the_file_has_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The copy is there, and a file of somebody else's has taken the name meanwhile."""
    kept = tmp_path / "kept"
    world = World(tmp_path / "data", keep_in=str(kept))
    world.run(lambda job: job.delivery.saves)
    save = world.job.delivery.saves[0]
    save.path = str(kept / "a bird.glb")
    world.context.save(world.job)
    kept.mkdir()
    (kept / f"{save.id}.part").write_bytes(b"half of it")
    (kept / "a bird.glb").write_bytes(b"somebody's")
    world.restart()
    world.run()
    assert sorted(file.name for file in kept.glob("*.glb")) == ["a bird (2).glb", "a bird.glb"]
    assert (kept / "a bird.glb").read_bytes() == b"somebody's"
    assert (kept / "a bird (2).glb").read_bytes().startswith(b"glTF")


def test_a_name_that_a_folder_has_taken(tmp_path: Path) -> None:
    kept = tmp_path / "kept"
    (kept / "a bird.glb").mkdir(parents=True)
    world = World(tmp_path / "data", keep_in=str(kept))
    world.run()
    assert Path(world.job.delivery.saves[0].path).read_bytes().startswith(b"glTF")


@pytest.mark.parametrize("text", ["𠀀" * 200, "x" * 500, "é" * 300, "../" * 100, ". . .", ""])
def test_every_file_system_takes_the_name(tmp_path: Path, text: str) -> None:
    name = f"0001 {name_of_file(text)} 1234.5mm v4 (99).blend"
    assert len(name.encode()) <= 143
    (tmp_path / name).touch()


@pytest.mark.parametrize("names", [["a", "a/model.obj"], ["model.obj/b", "model.obj"]])
def test_an_archive_with_names_that_cannot_be(tmp_path: Path, names: list[str]) -> None:
    with zipfile.ZipFile(tmp_path / "x.zip", "w") as packed:
        for name in names:
            packed.writestr(name, "v 0 0 0")
    with pytest.raises(BrokenModel, match="name"):
        unpack(tmp_path / "x.zip", tmp_path / "out", ".obj")


# Locks


def test_the_lock_files_of_the_dead_are_removed(tmp_path: Path) -> None:
    import os
    import time

    dead = tmp_path / f"engine-{os.getpid()}-12345678.lock"  # its number is another process's now
    new = tmp_path / "engine-1-87654321.lock"
    for path in (dead, new):
        path.touch()
    os.utime(dead, (time.time() - 1e6, time.time() - 1e6))
    living = Journal(tmp_path)
    os.utime(tmp_path / f"engine-{living.owner}.lock", (time.time() - 1e6, time.time() - 1e6))
    Journal(tmp_path).close()
    assert (dead.exists(), new.exists()) == (False, True)
    assert (tmp_path / f"engine-{living.owner}.lock").exists()
    living.close()

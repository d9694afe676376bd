"""The background Blenders: started ahead, two at most, confined, and what is said of those that do not work."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.engine.blenders import prepared_file_hash
from neural4d_blender.engine.blenders.asset_library import write_asset
from neural4d_blender.engine.blenders.blender_pool import AT_ONCE, Preparers
from neural4d_blender.engine.blenders.job_file import job_values, run_in_blender
from neural4d_blender.engine.errors import CannotStart, ModelTooLarge, Neural4DError, PreparerFailed, UnsafeModel
from neural4d_blender.engine.files.download import Stopped
from neural4d_blender.engine.model.job import Job, Variant
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.system import System
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import EngineProcess
from tests.support.processes import alive
from tests.unit.whole_engine.test_engine_jobs import sim

__all__ = ["sim"]

STAND_IN = Path(__file__).resolve().parents[2] / "support" / "stand_in_preparer.py"
PROC = pytest.mark.skipif(sys.platform == "win32", reason="which processes run is read in /proc")
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has these limits")


class Recording(System):
    """The computer, which notes what was started."""

    def __init__(self) -> None:
        super().__init__()
        self.pids: list[int] = []

    def start_process(self, *arguments: Any, **more: Any) -> subprocess.Popen[bytes]:
        process = super().start_process(*arguments, **more)
        self.pids.append(process.pid)
        return process


@pytest.fixture
def preparers(tmp_path: Path) -> Iterator[Preparers]:
    """Their program is a file in tmp_path, by which they are known."""
    shutil.copy(STAND_IN, tmp_path)
    made = Preparers(Recording(), tmp_path / "preparing")
    made.argv = [sys.executable, str(tmp_path / STAND_IN.name)]
    yield made
    made.close()


def started(preparers: Preparers) -> list[int]:
    assert isinstance(preparers.system, Recording)
    return preparers.system.pids


def running(folder: Path) -> set[int]:
    """Those that an engine of its own has started, and that have not ended."""
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes().split(b"\0")
            is_one = (
                os.fsencode(folder / STAND_IN.name) in command
                and b"Z" not in (process / "stat").read_bytes().split()[2:3]
            )
            found |= {int(process.name)} if is_one else set()
    return found


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < ends, "waited 30 s"
        time.sleep(0.01)


def run(preparers: Preparers, folder: Path, behaviour: str = "", **limits: Any) -> dict[str, Any]:
    folder.mkdir(exist_ok=True)
    (folder / "model.glb").write_bytes(b"glTF and so on")
    if behaviour:
        preparers.argv = [*preparers.argv, behaviour]
    variant = Variant(0, "uuid", model=str(folder / "model.glb"))
    values = job_values(Request("a cute bird", size_mm=12.0), variant, folder)
    return run_in_blender(preparers, values, folder / "v0.prepare", **limits)


def test_the_preparer_is_told_what_was_downloaded(tmp_path: Path) -> None:
    """Of an archive all of the folder, whatever folder in it the model is in; else the one file and nothing else."""
    for model, download in (("v0/source/a.obj", "v0"), ("v0/a.obj", "v0"), ("v1.glb", "v1.glb")):
        values = job_values(Request("a cute bird"), Variant(0, "uuid", model=str(tmp_path / model)), tmp_path)
        assert values["download"] == str(tmp_path / download)
    elsewhere = tmp_path.parent / "moved" / "a.glb"
    values = job_values(Request("a cute bird"), Variant(0, "uuid", model=str(elsewhere)), tmp_path)
    assert values["download"] == str(elsewhere.parent)


def test_the_one_that_waits_is_the_one_that_works(preparers: Preparers, tmp_path: Path) -> None:
    preparers.expect("job")
    until(lambda: started(preparers))
    facts = run(preparers, tmp_path / "job")
    assert facts["root"] == "a cute bird"
    assert (tmp_path / "job" / "v0.blend").exists()
    assert len(started(preparers)) == 1


def test_no_more_wait_than_are_expected(preparers: Preparers, tmp_path: Path) -> None:
    for job in ("one", "one", "two", "three"):
        preparers.expect(job)
    until(lambda: len(started(preparers)) == AT_ONCE)
    preparers.forget("one")  # two and three are still to come
    assert all(alive(pid) for pid in started(preparers))
    preparers.forget("two")
    until(lambda: sum(alive(pid) for pid in started(preparers)) == 1)
    preparers.forget("three")
    until(lambda: not any(alive(pid) for pid in started(preparers)))
    assert len(started(preparers)) == AT_ONCE


def test_one_that_waits_for_a_slow_download_takes_the_first_job_there_is(preparers: Preparers, tmp_path: Path) -> None:
    preparers.expect("slow")
    preparers.expect("slower")
    until(lambda: len(started(preparers)) == AT_ONCE)
    run(preparers, tmp_path / "quick")
    assert len(started(preparers)) == AT_ONCE


def test_one_that_died_while_it_waited_is_replaced(preparers: Preparers, tmp_path: Path) -> None:
    preparers.expect("job")
    until(lambda: started(preparers))
    (pid,) = started(preparers)
    os.kill(pid, 9)
    until(lambda: not preparers._waiting[0].alive)
    assert run(preparers, tmp_path / "job")["ok"]


def test_two_at_once(preparers: Preparers, tmp_path: Path) -> None:
    give_up = threading.Event()
    ended: list[str] = []

    def work(name: str) -> None:
        with pytest.raises(Stopped):
            run(preparers, tmp_path / name, stopped=give_up.is_set)
        ended.append(name)

    preparers.argv = [*preparers.argv, "hang"]
    threads = [threading.Thread(target=work, args=(name,)) for name in ("a", "b", "c")]
    for thread in threads:
        thread.start()
    until(lambda: len(started(preparers)) == AT_ONCE)
    time.sleep(0.3)  # time for a third one to be started, if it were
    assert len(started(preparers)) == AT_ONCE
    give_up.set()
    for thread in threads:
        thread.join(30)
    assert sorted(ended) == ["a", "b", "c"]
    assert not any(alive(pid) for pid in started(preparers))


@pytest.mark.parametrize(
    ("behaviour", "kind", "said"),
    [
        ("crash", PreparerFailed, "no result"), ("hang", PreparerFailed, "0.5 s"), ("unable", CannotStart, "libGL"),
        ("growing", UnsafeModel, "modifiers or nodes"), ("grown", PreparerFailed, "no result"),
    ],
)  # fmt: skip
def test_what_goes_wrong_is_told(
    preparers: Preparers, tmp_path: Path, behaviour: str, kind: type[Neural4DError], said: str
) -> None:
    with pytest.raises(kind, match=said) as caught:
        run(preparers, tmp_path / "job", behaviour, limit=0.5 if behaviour == "hang" else 60)
    assert type(caught.value) is kind
    assert caught.value.remedy
    assert (tmp_path / "job" / "model.glb").exists()


def test_an_asset_is_not_made_of_another_file_than_was_prepared(preparers: Preparers, tmp_path: Path) -> None:
    """The library's own file would go past the check of what is placed."""
    run(preparers, tmp_path)
    prepared = tmp_path / "v0.blend"
    variant = Variant(0, "uuid", model=str(tmp_path / "model.glb"), blend=str(prepared))
    variant.facts = {"sha256": prepared_file_hash.digest_of(prepared), "stamp": prepared_file_hash.stamp_of(prepared)}
    job = Job("job", "neural4d", vars(Request("a cute bird")))
    wanted: Any = {"folder": str(tmp_path / "library"), "catalog": "", "name": "It", "description": "", "author": ""}
    wanted |= {"tags": [], "properties": {}}
    prepared.write_bytes(b"something else")
    write_asset(preparers, job, variant, wanted)
    assert prepared.read_bytes() == b"glTF and so "
    assert variant.facts["stamp"] == prepared_file_hash.stamp_of(prepared)


def test_a_prepared_file_that_is_gone_has_no_stamp_and_says_so(tmp_path: Path) -> None:
    with pytest.raises(PreparerFailed, match="is gone"):
        prepared_file_hash.sealed({"triangles": 1}, tmp_path / "v0.blend")
    (tmp_path / "v0.blend").touch()
    assert prepared_file_hash.sealed({"triangles": 1}, tmp_path / "v0.blend")["stamp"] == prepared_file_hash.stamp_of(
        tmp_path / "v0.blend"
    )


def test_a_program_that_is_not_there(preparers: Preparers, tmp_path: Path) -> None:
    preparers.argv = [str(tmp_path / "blender")]
    preparers.expect("job")
    with pytest.raises(CannotStart, match=r"[Nn]o such file|cannot find|File not found"):
        run(preparers, tmp_path / "job")


def test_no_secret_gets_in(preparers: Preparers, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("CSM_API_KEY", "XDG_TOKEN", "DATABASE_URL", "GITHUB_PAT", "https_proxy"):
        monkeypatch.setenv(name, "hush")
    told = run(preparers, tmp_path / "job", "secret")["environment"]
    assert "hush" not in json.dumps(told)
    assert told["PATH"] == os.environ["PATH"]
    # Windows' names are upper case, however they were written.
    assert {value for name, value in told.items() if name.lower() == "https_proxy"} == {"http://127.0.0.1:9"}


@PROC
def test_one_is_there_before_the_download_is(sim: Simulator, preparers: Preparers, tmp_path: Path) -> None:
    sim.set_fault(endpoint="file", fault="slow_drip", chunk=65536, delay=0.2)
    (tmp_path / "data").mkdir()
    with EngineProcess(tmp_path / "data", sim.api_url, sim.token, preparer=list(preparers.argv)) as engine:
        job = engine.submit(variants=2)
        until(lambda: running(tmp_path))
        first = running(tmp_path)
        seen = set(first)
        assert not list((tmp_path / "data").rglob("*.glb"))
        until(lambda: seen.update(running(tmp_path)) or not running(tmp_path))
        engine.wait(job, "ready")
        assert seen == first  # the other variant is fetched, and nobody asked for it in the scene


@PROC
def test_one_that_waits_in_vain_is_ended(sim: Simulator, preparers: Preparers, tmp_path: Path) -> None:
    sim.set_fault(endpoint="file", fault="http_503", times=None)
    (tmp_path / "data").mkdir()
    with EngineProcess(tmp_path / "data", sim.api_url, sim.token, preparer=list(preparers.argv)) as engine:
        job = engine.submit()
        engine.until(lambda: running(tmp_path) or None, "a background Blender")
        engine.wait(job, "failed")
        until(lambda: not running(tmp_path))


@PROC
def test_one_that_waits_ends_with_the_engine(sim: Simulator, preparers: Preparers, tmp_path: Path) -> None:
    sim.set_fault(endpoint="file", fault="slow_drip", chunk=4096, delay=0.2)
    (tmp_path / "data").mkdir()
    with EngineProcess(tmp_path / "data", sim.api_url, sim.token, preparer=list(preparers.argv)) as engine:
        engine.submit()
        engine.until(lambda: running(tmp_path) or None, "a background Blender")
        engine.kill()
        until(lambda: not running(tmp_path))


@LINUX
def test_more_memory_than_it_may_have(preparers: Preparers, tmp_path: Path) -> None:
    preparers.memory = 2**29
    with pytest.raises(ModelTooLarge, match="memory") as caught:
        run(preparers, tmp_path / "job", "greedy")
    assert "costs nothing" in caught.value.remedy
    preparers.memory = 2**32
    assert run(preparers, tmp_path / "job")["held"] == 2**30


@LINUX
def test_it_has_no_network(preparers: Preparers, tmp_path: Path) -> None:
    (tmp_path / "job").mkdir()
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(PreparerFailed, match="no result"):
        run(preparers, tmp_path / "job", f"online {server.getsockname()[1]}")
    assert "PermissionError" in (tmp_path / "job" / "v0.prepare.log").read_text()

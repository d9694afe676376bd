"""An engine that cannot start, or is gone: what the user is told, and that it goes on when what was missing is back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.client import engine_process
from neural4d_blender.client.engine_client import Bridge
from neural4d_blender.client.environment_variables import DATA_DIR_ENV, Environment
from neural4d_blender.client.jobs.new_jobs import NewJob
from neural4d_blender.engine.model.batch import BatchRecord
from neural4d_blender.engine.protocol import EngineStopped, Request
from scripts.simulator.launcher import Simulator
from tests.support.engine_process import TIMING
from tests.unit.whole_engine.test_engine_jobs import paid, sim

__all__ = ["sim"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def bridge(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bridge]:
    monkeypatch.setenv(DATA_DIR_ENV, str(folder))
    made = Bridge(Environment())
    made.timing = dict(TIMING)
    yield made
    made.stop()


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the engine's files, which is the one that is started."""
    copy = tmp_path / "engine"
    shutil.copytree(engine_process._ENGINE.parent, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(engine_process, "_ENGINE", copy / "__main__.py")
    return copy


@pytest.fixture
def reachable(sim: Simulator, monkeypatch: pytest.MonkeyPatch) -> None:
    """The environment names the stand-in for the service."""
    monkeypatch.setenv("NEURAL4D_API_URL", sim.api_url)
    monkeypatch.setenv("NEURAL4D_API_TOKEN", sim.token)


def submit(bridge: Bridge, tmp_path: Path) -> None:
    bridge.submit("a", "neural4d", Request("a bird", keep_in=str(tmp_path / "models")), {})


def submit_batch(bridge: Bridge, tmp_path: Path) -> None:
    job = NewJob("a", "neural4d", Request("a bird", keep_in=str(tmp_path / "models")), {}, 0)
    bridge.submit_many(BatchRecord("b", size=1, settings={"output": str(tmp_path)}), [job])


def drain(bridge: Bridge, *states: str) -> dict[str, str]:
    """Until the job is in one of the states; returns its error."""
    ends = time.monotonic() + 60
    while bridge.jobs["a"].state not in states:
        assert time.monotonic() < ends
        bridge.drain()
        time.sleep(0.01)
    return bridge.jobs["a"].error or {}


def missing_package(engine: Path) -> None:
    file = engine / "http" / "sessions.py"
    file.write_text(
        file.read_text("utf-8").replace("import requests\n", "import no_such_requests as requests\n"), "utf-8"
    )


def missing_file(engine: Path) -> None:
    (engine / "http" / "transport.py").unlink()


def damaged_file(engine: Path) -> None:
    file = engine / "spending" / "spending.py"
    file.write_bytes(file.read_bytes()[:1000] + b"(")


@pytest.mark.parametrize(
    ("harm", "words", "remedy"),
    [
        (missing_package, "lacks the Python package no_such_requests", "pip install no_such_requests"),
        (missing_file, "transport", "virus scanner"),
        (damaged_file, "damaged", "virus scanner"),
    ],
)
def test_what_the_engine_needs_is_missing(
    bridge: Bridge, engine: Path, tmp_path: Path, harm: Any, words: str, remedy: str
) -> None:
    harm(engine)
    submit(bridge, tmp_path)
    error = drain(bridge, "failed")
    assert (error["code"], error["cost"]) == ("EngineUnusable", "Nothing was sent and nothing was paid.")
    assert words in error["what"]
    assert remedy in error["remedy"]
    assert bridge.ending.remedy == error["remedy"]


def test_its_first_file_is_missing(bridge: Bridge, engine: Path, tmp_path: Path) -> None:
    (engine / "__main__.py").unlink()
    with pytest.raises(EngineStopped, match="is missing: a virus scanner"):
        submit(bridge, tmp_path)
    assert drain(bridge, "failed")["cost"] == "Nothing was sent and nothing was paid."


def test_a_program_that_cannot_be_run(bridge: Bridge, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_process.sys, "executable", str(tmp_path / "no-such-python"))
    with pytest.raises(EngineStopped, match="no-such-python could not be started") as told:
        submit(bridge, tmp_path)
    assert "Set NEURAL4D_PYTHON" in told.value.remedy
    monkeypatch.setattr(Environment, "search_path", lambda _: [])  # as in Blender
    with pytest.raises(EngineStopped, match="no-such-python could not be started") as told:
        submit(bridge, tmp_path)
    assert "Start Blender again" in told.value.remedy


@pytest.mark.parametrize("many", [False, True])
@pytest.mark.usefixtures("reachable")
def test_a_folder_that_is_not_there_and_then_is(
    sim: Simulator, bridge: Bridge, folder: Path, tmp_path: Path, many: bool
) -> None:
    folder.write_text("in the way")
    with pytest.raises(EngineStopped, match="folder for files") as told:
        (submit_batch if many else submit)(bridge, tmp_path)
    assert "choose another one" in told.value.remedy
    assert bridge.jobs["a"].state == "failed"
    assert not bridge.busy
    folder.unlink()
    if not many:
        bridge.send("retry", job="a")
        drain(bridge, "ready")
        assert paid(sim) == [60]


@pytest.mark.usefixtures("reachable")
def test_a_folder_that_goes_in_the_middle_of_a_job_and_comes_back(
    sim: Simulator, bridge: Bridge, folder: Path, tmp_path: Path
) -> None:
    """The engine dies, no other one can be started, and nobody presses anything."""
    sim.configure(job_seconds=600)
    submit(bridge, tmp_path)
    drain(bridge, "generating")
    process = bridge._process
    assert process is not None
    process.kill()
    process.wait()
    folder.rename(tmp_path / "away")
    folder.write_text("in the way")
    while "folder for files" not in bridge.jobs["a"].note:
        bridge.drain()
    folder.unlink()
    (tmp_path / "away").rename(folder)
    sim.configure(job_seconds=0)
    sim.finish_jobs()
    bridge._again_at = 0.0  # a minute is over
    drain(bridge, "ready")
    assert paid(sim) == [60]


@pytest.mark.usefixtures("reachable")
def test_an_engine_without_a_log_is_as_good(sim: Simulator, bridge: Bridge, folder: Path, tmp_path: Path) -> None:
    (folder / "engine.log").mkdir(parents=True)
    submit(bridge, tmp_path)
    drain(bridge, "ready")

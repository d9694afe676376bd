"""Quitting while something that may be paid is on its way: nobody waits, and the answer is not lost."""

from __future__ import annotations

import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.client.engine_client import Bridge
from neural4d_blender.client.environment_variables import DATA_DIR_ENV, Environment
from neural4d_blender.engine.clock import Clock
from neural4d_blender.engine.errors import JournalUnusable
from neural4d_blender.engine.model.request import Request
from neural4d_blender.engine.process.main_loop import Engine
from neural4d_blender.engine.protocol import encode
from neural4d_blender.engine.store.journal import Journal
from neural4d_blender.engine.system import System
from scripts.simulator.launcher import SERVICES, Simulator
from tests.support.engine_process import TIMING, EngineProcess
from tests.support.gate import Gate
from tests.unit.whole_engine.test_engine_images import picture
from tests.unit.whole_engine.test_engine_jobs import paid, sim

__all__ = ["picture", "sim"]

GENERATE = "generateModelWithText"
PICTURE = "https://via.placeholder.com/300/09f/fff.png"
OTHER = "00000000-0000-4000-8000-000000000000"


class Leaping(Clock):
    """The real time, and what the test adds to it."""

    added = 0.0

    def monotonic(self) -> float:
        return super().monotonic() + self.added


class Here:
    """An engine in this process, on a clock of the test's."""

    def __init__(self, folder: Path, url: str, sim: Simulator) -> None:
        read, write = os.pipe()
        self._pipe, self.clock = os.fdopen(write, "wb"), Leaping()
        self.engine = Engine(folder, os.fdopen(read, "rb"), io.BytesIO(), System(self.clock))
        self._thread = threading.Thread(target=self.engine.run, daemon=True)
        services = {name: {"url": url, "key": sim.keys[name]} for name in SERVICES}
        self.send("configure", services=services, online=True, preparer=[], timing={**TIMING, "slowest": 0.05})

    def send(self, do: str, **values: Any) -> None:
        self._pipe.write(encode({"do": do, **values}))
        self._pipe.flush()

    def quit(self) -> None:
        """Close the pipe, and let as much time go by as nobody would wait."""
        self._pipe.close()
        until(self.engine.stopping.is_set)
        self.clock.added += 100.0
        self.engine.inbox.put(lambda: None)  # has it look at its clock

    def end(self) -> None:
        self._thread.join(60)
        assert not self._thread.is_alive()

    def start(self) -> None:
        self._thread.start()


def until(found: Callable[[], object], seconds: float = 60.0) -> None:
    ends = time.monotonic() + seconds
    while not found():
        assert time.monotonic() < ends
        time.sleep(0.01)


@contextmanager
def here(folder: Path, url: str, sim: Simulator) -> Iterator[Here]:
    engine = Here(folder, url, sim)
    engine.start()
    yield engine


def submitted(engine: Any, job: str = OTHER, provider: str = "neural4d", **request: Any) -> str:
    engine.send("submit", job=job, provider=provider, request={"prompt": "a bird", "size_mm": 9.0, **request})
    return job


def written(folder: Path, job: str) -> dict[str, Any]:
    journal = Journal(folder)
    try:
        found = journal.get(job)
        assert found is not None
        return found.to_dict()
    finally:
        journal.close()


def test_a_submission_on_its_way_is_waited_for(sim: Simulator, tmp_path: Path) -> None:
    with Gate(sim.api_url, GENERATE) as gate, here(tmp_path, gate.url, sim) as engine:
        job = submitted(engine)
        gate.arrived.wait(60)
        engine.quit()
        threading.Timer(0.3, gate.open).start()
        engine.end()
        found = written(tmp_path, job)
    assert found["state"] == "generating"
    assert [variant["uuid"] for variant in found["variants"]]
    assert paid(sim) == [60]


def test_an_order_for_a_further_stage_too(sim: Simulator, tmp_path: Path) -> None:
    """It is paid for in a state in which questions are asked, which can be cut off."""
    sim.configure(csm_formats=["glb"])
    with Gate(sim.api_url, "get-3d/preview") as gate, here(tmp_path, gate.url, sim) as engine:
        job = submitted(engine, provider="csm", prompt="", images=[PICTURE])
        gate.arrived.wait(60)
        engine.quit()
        threading.Timer(0.3, gate.open).start()
        engine.end()
        found = written(tmp_path, job)
    assert not found["in_doubt"]
    assert [entry["operation"] for entry in found["spent"]] == ["session", "preview"]


def test_a_conversion_of_a_file_to_keep_too(sim: Simulator, tmp_path: Path) -> None:
    with Gate(sim.api_url, "convertToFormat") as gate, here(tmp_path, gate.url, sim) as engine:
        job = submitted(engine, keep_in=str(tmp_path / "kept"))
        until(lambda: (found := engine.engine.journal.get(job)) and found.state == "ready")
        engine.send("save", job=job, variant=0, format="GLB", folder=str(tmp_path / "kept"), size_mm=50.0)
        gate.arrived.wait(60)
        engine.quit()
        threading.Timer(0.3, gate.open).start()
        engine.end()
        found = written(tmp_path, job)
    # This simulator has no Blender to convert with: that is its answer, and it is noted.
    assert list(found["conversions"].values()) == ["failed"]


def test_the_answer_is_written_as_soon_as_there_is_room_for_it(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Gate(sim.api_url, GENERATE) as gate, here(tmp_path, gate.url, sim) as engine:
        job = submitted(engine)
        gate.arrived.wait(60)
        tried = []

        def full(*_: Any, **__: Any) -> None:
            tried.append(None)
            raise JournalUnusable("The disk is full.")

        monkeypatch.setattr(engine.engine.journal, "save", full)
        engine.quit()
        gate.open()
        until(lambda: len(tried) > 1)
        monkeypatch.undo()
        engine.end()
        assert written(tmp_path, job)["state"] == "generating"


@pytest.mark.parametrize("ending", ["SIGTERM", "SIGHUP", "SIGINT"])
def test_signals_end_it_the_same_way(sim: Simulator, tmp_path: Path, ending: str) -> None:
    with Gate(sim.api_url, GENERATE) as gate:
        engine = EngineProcess(tmp_path, gate.url, sim.keys)
        job = submitted(engine)
        gate.arrived.wait(60)
        engine.process.send_signal(getattr(signal, ending))
        until(lambda: not engine.reading.is_alive())  # the host is told that nobody listens to it any more
        assert engine.process.poll() is None
        gate.open()
        assert engine.process.wait(60) == 0
    assert written(tmp_path, job)["state"] == "generating"
    assert paid(sim) == [60]


def test_the_next_blender_takes_the_job_over_when_it_is_answered_and_not_before(sim: Simulator, tmp_path: Path) -> None:
    sim.configure(job_seconds=600, csm_formats=["glb"])
    with Gate(sim.api_url, GENERATE) as gate:
        first = EngineProcess(tmp_path, gate.url, sim.keys)
        free = submitted(first, "11111111-0000-4000-8000-000000000000", provider="csm", prompt="", images=[PICTURE])
        first.wait(free, "generating")
        held = submitted(first)
        gate.arrived.wait(60)
        assert first.process.stdin is not None
        first.process.stdin.close()
        with EngineProcess(tmp_path, sim.api_url, sim.keys) as second:
            second.wait(free, "generating")  # at once, whatever else the first one waits for
            second.until(lambda: not first.reading.is_alive() or None, "the first to let go")
            listed = {job["id"]: job for job in second.ask("list")["jobs"]}
            assert (listed[held]["state"], listed[held]["under_way"]) == ("submitting", True)
            assert second.ask("find", job=held)["jobs"]
            refused = second.ask("cancel", job=held)["error"]
            assert (refused["code"], "still waited for" in refused["what"]) == ("WorkedOnElsewhere", True)
            assert first.process.poll() is None
            gate.open()
            second.wait(held, "generating")
            assert first.process.wait(60) == 0
            sim.configure(job_seconds=0)
            sim.finish_jobs()
            second.wait(held, "ready")
            second.wait(free, "ready")
    assert paid(sim).count(60) == 1


def test_whoever_stops_the_engine_does_not_wait_for_it(
    sim: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Quitting Blender, switching the extension off, the end of a command, another folder for files."""
    sim.configure(job_seconds=600)
    with Gate(sim.api_url, GENERATE) as gate:
        monkeypatch.setenv(DATA_DIR_ENV, str(tmp_path))
        monkeypatch.setenv("NEURAL4D_API_URL", gate.url)
        monkeypatch.setenv("NEURAL4D_API_TOKEN", sim.token)
        bridge = Bridge(Environment())
        bridge.timing = dict(TIMING)
        bridge.submit(OTHER, "neural4d", Request("a bird", keep_in=str(tmp_path / "models")), {})
        while not gate.arrived.wait(0.02):
            bridge.drain()
        process = bridge._process
        assert process is not None
        bridge.stop()
        assert process.poll() is None
        bridge.send("totals")  # the extension is switched on again: the job is not lost from sight
        while bridge._answers:
            bridge.drain()
        assert bridge.jobs[OTHER].under_way
        gate.open()
        assert process.wait(60) == 0
        while bridge.jobs[OTHER].state != "generating":
            bridge.drain()
            time.sleep(0.02)
        bridge.stop()
    assert paid(sim) == [60]

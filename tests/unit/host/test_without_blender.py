"""The Python API without bpy: jobs whose models are files, on any thread and in event loops."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import neural4d_blender as neural4d
from neural4d_blender.batching import standalone
from neural4d_blender.batching.file_job import FileJob
from scripts.simulator.launcher import Simulator
from tests.support.command_line import at_home
from tests.support.simulator_client import Caller


@pytest.fixture
def sim(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    service.sim.configure(triangles=200, texture_size=16, balance=10_000)
    monkeypatch.setattr(standalone, "_host", None)
    standalone.host().bridge.timing = {"quickest": 0.05, "look_again": 0.05}
    yield at_home(service.sim, tmp_path, monkeypatch)
    standalone.host().bridge.stop()


def test_one_job_its_price_and_its_history(sim: Simulator) -> None:
    assert neural4d.estimate("a bird") == 60 or neural4d.estimate("a bird")
    seen: list[str] = []
    job = neural4d.generate("a bird", output="models", key="bird").on_change(lambda one: seen.append(one.state))
    assert job.wait(60).files[0].read_bytes().startswith(b"glTF")
    assert (seen[-1], job.cost, sim.spent) == ("ready", 60, 60)
    assert neural4d.generate("a bird", output="models", key="bird").id == job.id
    assert [one.id for one in neural4d.history("bird")] == [job.id]
    assert neural4d.history("bird")[0].wait(1).state == "ready"
    assert neural4d.balance().total == 10_000 - 60
    assert sim.spent == 60
    for wrong in ({"varaints": 3}, {"size_mm": "wide"}, {"provider": "nobody"}):
        with pytest.raises(neural4d.InvalidInput):
            neural4d.generate("a bird", output="models", **wrong)
        with pytest.raises(neural4d.InvalidInput):
            neural4d.estimate("a bird", **wrong)


def test_threads_and_event_loops_wait_side_by_side(sim: Simulator) -> None:
    def one(number: int) -> FileJob:
        return neural4d.generate(f"robot {number}", output="models").wait(60)

    with ThreadPoolExecutor(4) as pool:
        assert {job.state for job in pool.map(one, range(4))} == {"ready"}

    async def both() -> list[FileJob]:
        return list(await asyncio.gather(*(neural4d.generate(name, output="models") for name in ("a mug", "a cup"))))

    assert [job.state for job in asyncio.run(both())] == ["ready", "ready"]
    assert sim.spent == 6 * 60

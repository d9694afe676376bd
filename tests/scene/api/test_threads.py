"""Threads, callbacks and event loops: the scene is the main thread's alone, and waiting is everybody's."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender.api.jobs.job import Job
from scripts.simulator.launcher import Simulator
from tests.support.connected import connect

pytestmark = pytest.mark.one_blender


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(generation="2024", job_seconds=0.0, texture_size=16, triangles=200) as process:
        yield process


@pytest.fixture
def sim(
    simulator: Simulator, empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Simulator:
    return connect(simulator, tmp_path, monkeypatch)


def elsewhere(call: Callable[[], object]) -> object:
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(call).result(60)


def test_another_thread_waits_and_leaves_the_scene_alone(sim: Simulator) -> None:
    job = neural4d.generate("a bird")
    seen: list[tuple[str, bool]] = []
    job.on_change(lambda one: seen.append((one.state, threading.current_thread() is threading.main_thread())))
    for call in (lambda: job.wait(60), lambda: job.objects, lambda: neural4d.generate("a dog")):
        with pytest.raises(neural4d.WrongThread, match="main thread"):
            elsewhere(call)
    assert elsewhere(lambda: job.wait(60, place=False)) is job
    assert (job.state, job.error, len(bpy.data.objects), seen) == ("ready", None, 0, [])
    with pytest.raises(neural4d.WrongThread):
        elsewhere(job.place)
    assert job.state == "ready"
    job.wait(60)
    assert (job.state, len(job.objects), sim.spent) == ("placed", 1, 60)
    assert seen
    assert {on_main for _, on_main in seen} == {True}
    assert seen[-1][0] == "placed"


def test_jobs_are_awaited(sim: Simulator) -> None:
    async def both() -> list[Job]:
        return list(await asyncio.gather(neural4d.generate("a mug"), neural4d.generate("a cup")))

    assert [job.state for job in asyncio.run(both())] == ["placed", "placed"]
    sim.set_fault("generateModelWithText", "http_400", match="a jug")

    async def fails() -> None:
        await neural4d.generate("a jug")

    with pytest.raises(neural4d.JobFailed):
        asyncio.run(fails())

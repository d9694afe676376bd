"""The extension is switched off, or updated, while a request is out: Blender does not wait, and the model comes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest

import neural4d_blender as neural4d
from neural4d_blender import ui
from neural4d_blender.scene.finished_jobs import place_finished_models
from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator
from tests.support.connected import connect
from tests.support.gate import Gate


@pytest.fixture
def gate(
    empty_file: bpy.types.Scene, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[tuple[Simulator, Gate]]:
    with (
        Simulator(generation="2024", job_seconds=0.0, texture_size=64) as sim,
        Gate(sim.api_url, "generateModelWithText") as gate,
    ):
        connect(sim, tmp_path, monkeypatch)
        monkeypatch.setenv("NEURAL4D_API_URL", gate.url)
        yield sim, gate


@pytest.mark.both_ends
def test_blender_does_not_wait_and_the_model_still_comes(gate: tuple[Simulator, Gate]) -> None:
    sim, way = gate
    ui.register()
    job = neural4d.generate("a cute bird", size_mm=120)
    while not way.arrived.wait(0.02):
        place_finished_models.pump()
    process = bridge._process
    assert process is not None
    ui.unregister()
    assert process.poll() is None, "it was waited for, or ended"
    ui.register()
    assert job.id in [known.id for known in neural4d.jobs()]
    way.open()
    assert job.wait(timeout=120).state == "placed"
    assert sim.spent == 60
    assert process.wait(60) == 0
    ui.unregister()

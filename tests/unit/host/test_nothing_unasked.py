"""Nothing of what another process has left goes on before somebody asks for it: that may be paid."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import neural4d_blender as neural4d
from neural4d_blender.batching import standalone
from neural4d_blender.client.request_reply import ask
from scripts.simulator.launcher import ROOT, Simulator
from tests.support.simulator_client import Caller

KILLED = """
import os, sys, neural4d_blender as neural4d
from neural4d_blender.batching import standalone
standalone.host().bridge.timing = {"quickest": 0.05, "look_again": 0.05}
batch = neural4d.batch(["a bird", "a dog", "a cat"], output=sys.argv[1], concurrency=1)
while not batch.cost:
    standalone.host().pump()
standalone.host().bridge._process.kill()
os._exit(9)
"""


@pytest.fixture
def sim(service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """Of three jobs of an earlier process one is paid, and none is done."""
    service.sim.configure(triangles=200, texture_size=16, balance=10_000, job_seconds=600)
    for name, value in {**service.sim.environment, "NEURAL4D_DATA_DIR": str(tmp_path / "data")}.items():
        monkeypatch.setenv(name, value)
    ended = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path / "models")], cwd=ROOT, check=False)
    assert (ended.returncode, service.sim.spent) == (9, 60)
    monkeypatch.setattr(standalone, "_host", None)
    standalone.host().bridge.timing = {"quickest": 0.05, "look_again": 0.05}
    service.sim.configure(job_seconds=0)
    service.sim.finish_jobs()
    yield service.sim
    standalone.host().bridge.stop()


def test_who_asks_for_something_else_pays_for_nothing(sim: Simulator, tmp_path: Path) -> None:
    asked = len(sim.requests("generateModelWithText"))
    bridge = standalone.host().bridge
    assert ask(bridge, "balance", provider="neural4d").points.total
    told = ask(bridge, "list").jobs
    assert [job.left for job in told] == [True] * 3
    assert not any(job.under_way for job in told)
    neural4d.batch(["a mug"], output=str(tmp_path / "own")).wait(60)
    assert len(sim.requests("generateModelWithText")) == asked + 1
    assert sim.spent == 120


def test_a_batch_that_was_interrupted_says_so_and_goes_on_when_asked(sim: Simulator) -> None:
    (record,) = neural4d.batches()
    batch = standalone.start_batch.attach(standalone.host(), record.id)
    with pytest.raises(neural4d.JobInterrupted, match="interrupted"):
        batch.wait(60)
    assert sim.spent == 60
    assert neural4d.resume().wait(60).progress.done == 3
    assert sim.spent == 180

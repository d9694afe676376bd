"""Fixtures for tests on today's services: the stand-in, and an engine on it whose waits are moments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import TIMING, EngineProcess

#: The balance is watched for 20 times look_again.
QUICK = {**TIMING, "quickest": 0.02, "look_again": 0.03, "minute": 0.3}


@pytest.fixture(scope="module")
def simulator() -> Iterator[Simulator]:
    with Simulator(job_seconds=0.05, picture_seconds=0.05) as process:
        yield process


@pytest.fixture
def sim(simulator: Simulator) -> Simulator:
    """As it was at the start: no jobs, 1000 points."""
    simulator.reset()
    return simulator


@pytest.fixture
def engine(sim: Simulator, tmp_path: Path) -> Iterator[EngineProcess]:
    with EngineProcess(tmp_path, sim.api_url, sim.keys) as process:
        process.configure(sim.api_url, sim.keys, timing=QUICK)
        yield process


def points(sim: Simulator, provider: str = "neural4d") -> list[int]:
    """What was paid, operation by operation."""
    return [entry["points"] for entry in sim.ledger(provider) if entry["points"] > 0]

"""Fixtures of the unit tests: one stand-in service for all of them, fresh for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.simulator.launcher import Simulator
from tests.support.other_services import Others
from tests.support.simulator_client import Caller


@pytest.fixture(scope="session")
def simulator_process() -> Iterator[Simulator]:
    with Simulator(
        generation="2024", job_seconds=0.0, matting_seconds=0.0, conversion_seconds=0.0, texture_size=64
    ) as simulator:
        yield simulator


@pytest.fixture
def service(simulator_process: Simulator) -> Iterator[Caller]:
    """The stand-in as it was at the start: no jobs, 1000 points, nothing takes any time."""
    simulator_process.reset()
    yield Caller(simulator_process)
    assert simulator_process.stderr() == "", "the simulator itself had an error"


@pytest.fixture
def csm(service: Caller) -> Others:
    """Only GLB, so that a Blender on the machine changes nothing."""
    service.sim.configure(csm_formats=["glb"])
    return Others(service.sim)

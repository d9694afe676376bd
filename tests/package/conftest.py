"""The installed extension and a simulator for it. Runs in a bpy module and in a real Blender alike."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from types import ModuleType

import pytest

from scripts.simulator.launcher import Simulator
from tests.package.installing import extension


@pytest.fixture(scope="session")
def neural4d() -> ModuleType:
    """The extension under the name it has once it is installed."""
    return extension()


@pytest.fixture
def simulator(monkeypatch: pytest.MonkeyPatch) -> Iterator[Simulator]:
    """A fresh service, with the extension pointed at it.

    A Blender whose Python lacks the simulator's libraries is given one that runs outside.
    """
    outside = os.environ.get("NEURAL4D_TEST_SIMULATOR")
    simulator = Simulator(generation="2024", job_seconds=1.0, balance=1000)
    if outside:
        vars(simulator).update(json.loads(outside))
        simulator.reset()
    else:
        simulator.start()
    for name, value in simulator.environment.items():
        monkeypatch.setenv(name, value)
    yield simulator
    simulator.close()

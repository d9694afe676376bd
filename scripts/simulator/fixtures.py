"""Fixtures for pytest, which finds them by itself where the wheel is installed.

A test that asks for `neural4d_simulator` has the services' stand-in for itself: no key is needed, nothing is paid.

    def test_publish(neural4d_simulator, tmp_path):
        publish(tmp_path)  # uses the Python API, or starts the command line
        assert neural4d_simulator.spent == 30
        assert len(neural4d_simulator.requests("generateModelWithText")) == 1

May import pytest and, unlike all else here, neural4d_blender.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from . import Simulator

#: Nothing takes any time, and the models are small.
QUICK = {
    "job_seconds": 0.0,
    "matting_seconds": 0.0,
    "picture_seconds": 0.0,
    "conversion_seconds": 0.0,
    "triangles": 200,
    "texture_size": 16,
}


@pytest.fixture(scope="session")
def neural4d_settings() -> dict[str, Any]:
    """The stand-in's settings; to have others, define a fixture of this name in your conftest.py."""
    return dict(QUICK)


@pytest.fixture(scope="session")
def _neural4d_process(neural4d_settings: dict[str, Any]) -> Iterator[Simulator]:
    with Simulator(**neural4d_settings) as simulator:
        yield simulator


@pytest.fixture
def neural4d_simulator(
    _neural4d_process: Simulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Simulator]:
    """The stand-in, as it was at the start, with its addresses and keys in the environment.

    The history and all files are in a folder of the test's own, and the engine ends with the test.
    """
    _neural4d_process.reset()
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(tmp_path / "neural4d"))
    for name, value in _neural4d_process.environment.items():
        monkeypatch.setenv(name, value)
    yield _neural4d_process
    if standalone := sys.modules.get("neural4d_blender.batching.standalone"):
        standalone.close()
    if in_blender := sys.modules.get("neural4d_blender.scene.shared_engine"):
        in_blender.bridge.stop()

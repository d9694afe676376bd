"""Points the extension on the bpy module at a simulator, with waits that are moments."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest

from neural4d_blender.scene.shared_engine import bridge
from scripts.simulator.launcher import Simulator


def connect(simulator: Simulator, data: Path, monkeypatch: pytest.MonkeyPatch) -> Simulator:
    """The simulator as new, behind every service, until the test ends; ``data`` becomes the data folder."""
    simulator.reset()
    for name, value in simulator.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("NEURAL4D_DATA_DIR", str(data))
    bpy.context.preferences.system.use_online_access = True
    bridge.timing = {"quickest": 0.05, "backoff": 0.02, "look_again": 0.05, "outage": 0.0}
    return simulator

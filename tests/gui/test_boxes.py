"""Boxes that become models, clicked through in a window."""

from __future__ import annotations

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_fit_selected_dress_and_refit() -> None:
    with Simulator(job_seconds=2.0, texture_size=256) as sim:
        done = run_scenario("boxes", env=sim.environment, timeout=240, size=(1300, 900))
        assert sim.spent == 120
    assert sorted(done["cost"]) == [30, 30, 60]
    assert abs(done["grew"] - 1.5) < 0.01

"""A model is met where it comes, in a real window."""

from __future__ import annotations

import pytest

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_it_is_shown_told_and_out_of_the_cube() -> None:
    with Simulator(generation="2024", job_seconds=600.0, balance=1000, texture_size=256) as sim:
        done = run_scenario("see", env=sim.environment, arguments={"admin_url": sim.admin_url}, timeout=240)
    assert done["suggested"] == pytest.approx(2.0)
    assert done["apart"] == pytest.approx([0.0, 1.6])
    assert done["inside"] == ["inside", "Cube"]
    assert done["moved"] >= 2.0
    assert done["back"] == 0.0
    assert done["selected"] in (["a wooden chair"], ["a little table"])  # they end together: whichever came first
    assert done["told"] == 2
    assert done["failed"]
    assert not done["elsewhere"]
    assert not done["translated twice"]

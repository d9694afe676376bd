"""The placeholder in a real window."""

from __future__ import annotations

import pytest

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_moved_undone_left_behind_and_in_vain() -> None:
    with Simulator(generation="2024", job_seconds=600.0, balance=1000, texture_size=256) as sim:
        done = run_scenario(
            "placeholder.scenario", env=sim.environment, arguments={"admin_url": sim.admin_url}, timeout=240
        )
    assert done["cube"] == pytest.approx(2.0)
    assert done["moved"] != pytest.approx([3, 0, 0])
    assert done["placed"] == pytest.approx(done["moved"])
    assert done["selected"]
    moved, made, nothing = done["undone"]
    assert moved == [["EMPTY", pytest.approx(done["moved"], abs=1e-3)]]
    assert made == [["EMPTY", pytest.approx([3, 0, 0])]]
    assert nothing == []
    assert done["redone"] == [["MESH", pytest.approx(done["moved"])]]
    assert done["desk"] == pytest.approx([-3, 1, 0, 0.5])
    assert {"a chair", "Desk"} <= set(done["names"])

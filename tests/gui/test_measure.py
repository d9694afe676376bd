"""The size of a model by two points that are clicked in the scene, and by what is selected, in a window."""

from __future__ import annotations

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_measure_size() -> None:
    with Simulator(texture_size=256) as sim:
        done = run_scenario("measure", env=sim.environment, timeout=120, size=(1100, 760))
        assert not sim.ledger()
    assert done == {"measured": 2000, "axis": "Z", "after_escape": 2000, "selection": 1500, "diagonal": True}

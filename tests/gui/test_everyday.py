"""A day with the panel in a real window."""

from __future__ import annotations

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_keys_settings_pictures_and_languages() -> None:
    with Simulator(job_seconds=1.0, balance=1000, texture_size=256) as sim:
        done = run_scenario("everyday", env=sim.environment, size=(1280, 1000), timeout=240)
        paid = [row["operation"] for row in sim.ledger()]
    assert done == {"kept": [2, True, 500], "again": "a cute bird", "german": "Kostet nichts", "image": "Viewport"}
    assert paid == ["text", "image"]

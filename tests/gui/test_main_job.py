"""The main job in a real window."""

from __future__ import annotations

import pytest

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def service(sim: Simulator) -> dict[str, str]:
    """What points the extension at the simulator."""
    return {"NEURAL4D_API_URL": sim.api_url, "NEURAL4D_API_TOKEN": sim.token}


def test_a_prompt_becomes_a_sized_model_at_the_cursor() -> None:
    with Simulator(generation="2024", job_seconds=6, balance=1000, texture_size=256) as sim:
        done = run_scenario("main_job", env=service(sim), timeout=120)
        assert [(entry["operation"], entry["points"]) for entry in sim.ledger()] == [("text", 60)]
        assert not any(request["has_token"] for request in sim.requests() if request["host"] == "file")
    for what in ("idle", "answering", "placing"):
        print(f"largest gap between ticks of a 5 ms timer, {what}: {done[what]['largest_ms']} ms")
    assert done["came"] == ["a cute bird"] == [done["name"]] == done["undone"]
    assert (done["selected"], done["only_one_selected"]) == (True, True)
    assert done["location"] == pytest.approx([2.0, -1.0, 0.25])
    assert max(done["dimensions"]) == pytest.approx(0.12, rel=0.001)
    assert done["scale"] == [1, 1, 1]
    assert done["rotation"] == [0, 0, 0]
    assert done["cost"] == 60
    assert done["size_after_redo"] == pytest.approx(0.12, rel=0.001)
    assert done["after_redo"] == done["after"]

"""The first minutes: a sample with nothing set, the first model in few clicks, and the ways that lead to it."""

from __future__ import annotations

import pytest

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_from_installing_to_the_first_model() -> None:
    with Simulator(generation="2024", job_seconds=1, balance=1000, texture_size=256) as sim:
        environment = {"NEURAL4D_API_URL": sim.api_url}
        done = run_scenario(
            "newcomer",
            env=environment,
            arguments={"key": sim.token},
            online=None,
            timeout=300,
            size=(1280, 720),
            whole=True,
        )
        assert [entry["operation"] for entry in sim.ledger()] == ["text"] * 3
    assert done["clicks_to_the_sample"] <= 2
    assert done["sample"] == ["Chair", "sample", 0, 2]
    assert done["size"] == pytest.approx(done["asked"], rel=0.001)
    assert done["clicks_to_the_first_model"] <= 6
    assert done["first"] == "a wooden chair"
    assert done["by_search"] == ["a red mug", 60]

"""A spin is chosen from its pictures in a real window."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario
from tests.gui.test_images import picture

__all__ = ["picture"]


def test_a_spin_is_taken_by_a_click(picture: str, tmp_path: Path) -> None:
    with Simulator(generation="2024", job_seconds=1.5, matting_seconds=0.5, texture_size=256) as sim:
        done = run_scenario("spins.choose", env=sim.environment, arguments={"picture": picture}, size=(1000, 1600))
        (made,) = (job for job in sim.jobs() if job["service"] == "csm")
        assert (done["spin"], made["spin"]) == (2, 2)
        assert (done["before"], done["after"]) == (["session"], ["session", "preview", "refine"])
        assert [row["operation"] for row in sim.ledger("csm")] == ["csm.session", "csm.preview", "csm.refine"]
    assert max(done["dimensions"]) == pytest.approx(95, rel=0.001)
    assert "mug" in done["objects"]

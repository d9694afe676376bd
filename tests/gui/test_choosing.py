"""A choice of cut-outs that waits, in a real window."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_a_waiting_choice_holds_nothing_up(tmp_path: Path) -> None:
    picture = tmp_path / "mug.png"
    Image.effect_noise((300, 300), 90).save(picture)
    with Simulator(generation="2024", job_seconds=1, matting_seconds=0.2, texture_size=256) as sim:
        arguments = {"picture": str(picture), "file": str(tmp_path / "scene.blend")}
        assert run_scenario("choosing", env=sim.environment, arguments=arguments) == "choosing_cutout"
        assert sim.spent == 0

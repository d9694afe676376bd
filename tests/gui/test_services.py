"""Services beside Neural4D in a real window."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario


def test_the_main_job_with_goneural_and_modelslab(tmp_path: Path) -> None:
    picture = tmp_path / "mug.png"
    Image.effect_noise((300, 300), 90).save(picture)
    with Simulator(generation="2024", job_seconds=2, queue_seconds=0.5, texture_size=256) as sim:
        arguments = {"picture": str(picture), "address": f"{sim.files_url}/pictures/mug.png"}
        first, second = run_scenario("services.main", env=sim.environment, arguments=arguments, timeout=120)
        paid = [(entry["service"], entry["points"]) for entry in sim.ledger()]
        bodies = [r["body"] for r in sim.requests() if r["endpoint"] == "modelslab/create"]
        keys = [r["path"] for r in sim.requests() if r["host"] == "file" and r["has_token"]]
    assert paid == [("goneural", 30), ("modelslab", 12)]
    assert (first["service"], first["cost"], first["name"]) == ("goneural", 30, "mug")
    assert (second["service"], second["cost"], second["name"]) == ("modelslab", None, "mug.001")
    assert [one["largest"] for one in (first, second)] == [pytest.approx(0.15, rel=0.001)] * 2
    assert second["colours"]  # an OBJ of ModelsLab's has them at its vertices
    assert [body["init_image"] for body in bodies] == [arguments["address"]]
    assert keys == []

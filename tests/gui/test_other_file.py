"""Files that are opened, modes that are entered and Blenders that are killed while a job is under way."""

from __future__ import annotations

from pathlib import Path

import pytest

from scripts.simulator.launcher import Simulator
from tests.gui.harness import ScenarioFailed, run_scenario


def test_another_file_is_opened_in_the_middle() -> None:
    with Simulator(generation="2024", job_seconds=600, texture_size=256) as sim:
        done = run_scenario("other_file", arguments={"admin_url": sim.admin_url}, env=sim.environment, timeout=150)
        assert [row["points"] for row in sim.ledger()] == [60, 60]
    assert done["where"] == [1.0, 2.0, 3.0]
    assert done["here"] == [0.0, 0.0, 1.0]
    assert done["states"] == ["placed", "placed"]


def test_the_model_waits_while_blender_is_busy() -> None:
    with Simulator(generation="2024", job_seconds=600, texture_size=256) as sim:
        done = run_scenario("other_file.busy", arguments={"admin_url": sim.admin_url}, env=sim.environment, timeout=150)
        assert len(sim.ledger()) == 3
    assert done["mode"] == "EDIT"
    assert {"a chair", "a table", "a bottle"} <= set(done["names"])


def test_blender_is_killed_and_started_again(tmp_path: Path) -> None:
    with Simulator(generation="2024", job_seconds=600, texture_size=256) as sim:
        env = sim.environment | {"NEURAL4D_DATA_DIR": str(tmp_path / "data")}
        arguments = {"file": str(tmp_path / "scene.blend")}
        with pytest.raises(ScenarioFailed, match="exit code -9"):
            run_scenario("restart.until_killed", arguments=arguments, env=env)
        assert [row["points"] for row in sim.ledger()] == [60, 60]
        sim.finish_jobs()
        done = run_scenario("restart.goes_on", arguments=arguments, env=env)
        assert [row["points"] for row in sim.ledger()] == [60, 60]
    assert done["before_its_file"] == {"a chair": "ready", "a table": "ready"}
    assert done["table_at"] == [4.0, 5.0, 6.0]
    assert done["after"] == {"a chair": "placed", "a table": "placed"}
    assert {"a chair", "a table"} <= set(done["names"])

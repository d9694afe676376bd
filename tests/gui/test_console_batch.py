"""A batch from the Python console of a window that is being used, killed in the middle and continued in another."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from neural4d_blender.batching.reports import report_files
from scripts.simulator.launcher import Simulator
from tests.gui.harness import ScenarioFailed, run_scenario

COUNT = 8


def test_a_batch_is_killed_with_its_window_and_whole_in_the_next(tmp_path: Path) -> None:
    table, written = tmp_path / "prompts.csv", tmp_path / "report.csv"
    table.write_text("prompt,size_mm\n" + "".join(f"a bird,{100 + number}\n" for number in range(COUNT)))
    with Simulator(generation="2024", job_seconds=600.0, triangles=2000, texture_size=64, balance=100_000) as sim:
        window: dict[str, Any] = {"size": (1000, 640), "timeout": 240}
        window["env"] = {**sim.environment, "NEURAL4D_DATA_DIR": str(tmp_path / "data")}
        known = {"admin_url": sim.admin_url}
        # Of eight, two are finished and placed, two more are taken: in the middle whatever the machine's speed.
        half = {"table": str(table), "concurrency": 2, "paid": 240, "pace": 600}
        with pytest.raises(ScenarioFailed, match="exit code -9"):
            run_scenario("console_batch.until_killed", arguments={**known, **half}, **window)
        assert sim.spent == 240
        told = {"how": "console", "report": str(written), "pace": 0, "seconds": 100}
        done = run_scenario("console_batch.goes_on", arguments={**known, **told}, **window)
        lines = report_files.read(written)
        assert sum(line.points or 0 for line in lines) == sim.spent == 60 * COUNT
    assert done["standing"] == [COUNT, COUNT - 1, COUNT]
    assert done["told"] == [COUNT, 0, 60 * COUNT]
    assert (done["cube"], done["selected"]) == (2.0, ["Cube"])
    assert done["prompt"] == "a prompt of my own"
    assert done["modal"] == []
    assert [(line.item, line.state) for line in lines] == [(number + 1, "placed") for number in range(COUNT)]
    sides = [max(line.width_mm or 0, line.depth_mm or 0, line.height_mm or 0) for line in lines]
    assert all(abs(side - 100 - number) < 0.2 for number, side in enumerate(sides))

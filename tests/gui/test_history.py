"""The History panel in a real window, on a journal with a past."""

from __future__ import annotations

from pathlib import Path

from scripts.benchmarks import _past
from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario

PAST = 40
SIZE = (1000, 1000)


def test_the_past_a_batch_and_the_panel_as_a_call(tmp_path: Path) -> None:
    table = tmp_path / "prompts.csv"
    table.write_text("prompt,size_mm\na bird,120\na chair,900\na rocket,200\na robot,300\n")
    _past.write(tmp_path / "data", PAST, pictures=12)
    with Simulator(generation="2024", job_seconds=2, balance=1000, texture_size=256) as sim:
        env = sim.environment | {"NEURAL4D_DATA_DIR": str(tmp_path / "data")}
        done = run_scenario(
            "history",
            env=env,
            arguments={"past": PAST, "table": str(table), "admin_url": sim.admin_url},
            timeout=150,
            size=SIZE,
        )
        assert sim.spent == 60 + done["points"] == 60 + 4 * 60, (
            "placing again, deleting, stopping and going on cost nothing"
        )
    assert done["names"].count("a brass lantern") == 1
    assert "a brass lantern.001" in done["names"]
    assert done["copied"].endswith("job = neural4d.generate('a brass lantern', size_mm=120)\n")
    assert (
        done["copied"].splitlines()[0] == done["template"].splitlines()[5] == "from bl_ext.user_default import neural4d"
    )
    assert sum(total["jobs"] for total in done["totals"]) >= PAST + 1, "a deleted job was paid all the same"

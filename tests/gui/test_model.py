"""A model that stands in the scene, its panel, and the asset library."""

from __future__ import annotations

from pathlib import Path

from scripts.simulator.launcher import Simulator
from tests.gui.harness import run_scenario

#: So large that what can be done with the selected model is in the sidebar below two jobs that are folded out, and the
#: middle of the viewport beside it.
TALL = (1300, 1700)


def test_again_replace_and_the_asset_browser(tmp_path: Path) -> None:
    library = tmp_path / "Library"
    with Simulator(generation="2024", job_seconds=1.0, texture_size=256) as sim:
        done = run_scenario("model", env=sim.environment, arguments={"library": str(library)}, timeout=240, size=TALL)
        assert [row["points"] for row in sim.ledger()] == [60, 60]
    assert done["jobs"] == [60, 60]
    assert "Neural4D" in done["libraries"]
    assert len(list(library.glob("*.blend"))) == 1
    assert done["dragged"] == 1
    assert abs(done["size"] - 0.12) < 0.001

"""A batch from the Python console, while the window is being used."""

from __future__ import annotations

from pathlib import Path

from neural4d_blender.bulk import report
from scripts.simulator.handle import Simulator
from tests.gui.harness import run_scenario


def test_a_batch_arrives_while_the_user_works(tmp_path: Path) -> None:
    run(tmp_path, 8)


def run(folder: Path, count: int) -> None:
    """Run it with so many prompts, at least eight."""
    table = folder / "prompts.csv"
    table.write_text("prompt,size_mm\n" + "".join(f"a bird,{100 + number}\n" for number in range(count)))
    with Simulator(job_seconds=600.0, triangles=2000, texture_size=64, balance=100_000) as sim:
        done = run_scenario(
            "console_batch",
            arguments={
                "admin_url": sim.admin_url,
                "table": str(table),
                "report": str(folder / "report.csv"),
                "seconds": 60 + 4 * count,
            },
            env=sim.environment,
            timeout=180 + 5 * count,
        )
        lines = report.read(folder / "report.csv")
        assert sum(line.points or 0 for line in lines) == sim.spent == 60 * count
    assert done["progress"] == f"{count} of {count} done; {60 * count} points"
    assert done["standing"] == [count, count - 1, count]
    assert done["cube"] == 2.0
    assert done["prompt"] == "a prompt of my own"
    assert done["modal"] == []
    assert [(line.item, line.state) for line in lines] == [(number + 1, "placed") for number in range(count)]
    sides = [max(line.width_mm or 0, line.depth_mm or 0, line.height_mm or 0) for line in lines]
    assert all(abs(side - 100 - number) < 0.2 for number, side in enumerate(sides))

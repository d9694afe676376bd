"""How far the window stays responsive while a job runs, beside what Blender alone costs."""

from __future__ import annotations

import argparse
from typing import Any

EXPLAINED = {
    "idle_gap_ms": "largest gap between the ticks of a 5 ms timer, nothing going on",
    "sidebar_redrawn_gap_ms": "the same while Blender only redraws the sidebar once a second",
    "working_gap_ms": "the same while a job is generating, its tab open",
    "placing_gap_ms": "the same from the download to a second after the model stands in the scene",
    "tick.p50_ms": "a look at the engine's pipe: median",
    "tick.p99_ms": "a look at the engine's pipe: 99 of 100 are quicker",
    "tick.max_ms": "a look at the engine's pipe: the slowest",
    "draw.p50_ms": "drawing a panel, our own code: median",
    "draw.p99_ms": "drawing a panel: 99 of 100 are quicker",
    "draw.max_ms": "drawing a panel: the slowest",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--seconds", type=int, default=8, help="length of each measurement (default 8)")
    parser.add_argument("--size", type=int, nargs=2, default=(1000, 640), help="of the window (default 1000 640)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds; needs a Blender with a window."""
    from scripts.simulator.launcher import Simulator
    from tests.gui.harness import run_scenario

    seconds = options.seconds
    with Simulator(job_seconds=seconds + 8) as sim:
        figures: dict[str, Any] = run_scenario(
            "bench.window",
            env=sim.environment,
            arguments={"seconds": seconds},
            timeout=120 + 4 * seconds,
            size=tuple(options.size),
        )
    return figures

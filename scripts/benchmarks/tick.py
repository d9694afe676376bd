"""What one tick and one drawing of the panel cost Blender's main thread: 100 jobs, 8 running, a service that hangs."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

EXPLAINED = {
    "p50_ms": "one tick of the extension's timer, our own code: median",
    "p99_ms": "one tick: 99 of 100 are quicker",
    "max_ms": "one tick: the slowest",
    "processor_max_ms": "the most that the processor worked on a tick; the rest is other programs' turn",
    "ticks": "how many were measured",
    "hung_max_ms": "the slowest tick from when the service answers nothing any more",
    "jobs": "jobs in the list",
    "running": "jobs under way",
    "draw.generate.p50_ms": "drawing the panel Generate, our own code: median",
    "draw.about.p50_ms": "drawing the panel About This Model: median",
    "draw.jobs.p50_ms": "drawing the panel Jobs: median",
    "draw.jobs.max_ms": "drawing the panel Jobs: the slowest",
}


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options of this benchmark."""
    parser.add_argument("--seconds", type=int, default=10, help="length of each measurement (default 10)")


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """Milliseconds; needs a Blender with a window."""
    import tempfile

    from scripts.benchmarks import _past
    from scripts.simulator.launcher import Simulator
    from tests.gui.harness import run_scenario

    # The processes below a chroot see the machine's temporary folder.
    with (
        tempfile.TemporaryDirectory(prefix="neural4d-tick-") as folder,
        Simulator(job_seconds=600) as sim,
    ):
        _past.write(Path(folder), 92, pictures=12)
        figures: dict[str, Any] = run_scenario(
            "bench.tick",
            env={**sim.environment, "NEURAL4D_DATA_DIR": folder},
            arguments={"seconds": options.seconds, "admin_url": sim.admin_url},
            timeout=120 + 4 * options.seconds,
            size=(1000, 640),
        )
    return figures

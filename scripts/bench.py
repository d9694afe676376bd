"""Measures what the extension costs: `python3 scripts/bench.py window [--json]`.

Every figure is taken in one run beside the thing it is compared with, because machines are shared and
noisy; no test asserts a time. Runs against the simulator, on this machine only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.toolbox import environments
from scripts.toolbox.console import ROOT, ToolError

_EXPLAINED = {
    "idle_gap_ms": "largest gap between the ticks of a 5 ms timer, nothing going on",
    "sidebar_redrawn_gap_ms": "the same while Blender only redraws the sidebar once a second",
    "working_gap_ms": "the same while a job is generating, its tab open",
    "placing_gap_ms": "the same from the download to a second after the model stands in the scene",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a benchmark; returns the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["window"], help="window: how far the window stays responsive")
    parser.add_argument("--seconds", type=int, default=8, help="length of each measurement (default 8)")
    parser.add_argument("--size", type=int, nargs=2, default=(1000, 640), help="of the window (default 1000 640)")
    parser.add_argument("--json", action="store_true", help="print the figures as one JSON object in the last line")
    options = parser.parse_args(arguments)
    try:
        python = environments.ensure("unit")
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    if Path(sys.prefix) != python.parent.parent:
        command = [str(python), __file__, *(sys.argv[1:] if arguments is None else arguments)]
        return subprocess.run(command, cwd=ROOT, check=False).returncode
    figures = _window(options.seconds, tuple(options.size))
    for name, meaning in _EXPLAINED.items():
        print(f"{figures[name]:9.1f} ms  {meaning}")
    for name, meaning in (("tick", "a look at the engine's pipe"), ("draw", "drawing a panel, our own code")):
        told = figures[name]
        print(f"{told['p50_ms']:9.3f} ms  {meaning}; p99 {told['p99_ms']:.3f}, max {told['max_ms']:.3f} ms")
    if options.json:
        print(json.dumps(figures))
    return 0


def _window(seconds: int, size: tuple[int, int]) -> dict[str, Any]:
    from scripts.simulator.handle import Simulator
    from tests.gui.harness import run_scenario

    with Simulator(job_seconds=seconds + 8) as sim:
        figures: dict[str, Any] = run_scenario(
            "bench.window", env=sim.environment, arguments={"seconds": seconds}, timeout=120 + 4 * seconds, size=size
        )
    return figures


if __name__ == "__main__":
    sys.exit(main())

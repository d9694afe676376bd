"""The extension disabled and enabled, and loaded anew as by an update, with jobs under way in an unsaved file."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from scripts.benchmarks._installed import Blenders
from scripts.fault_injection.trial import Trial
from scripts.simulator.launcher import Simulator

_ROUNDS = 20
_SECONDS = 900.0


def trials() -> Iterator[Trial]:
    """One."""
    yield Trial(f"{_ROUNDS} rounds", _reloaded)


def _reloaded(simulator: Simulator, folder: Path) -> str:
    simulator.configure(job_seconds=0.5, balance=10**6)
    script = Path(__file__).with_name("_reloading_in_blender.py")
    options = ("--background", "--online-mode", "--python-exit-code", "1", "--python", str(script))
    with Blenders(folder, simulator.environment) as blenders:
        code = blenders.start(*options, "--", str(_ROUNDS)).wait(_SECONDS)
        said = blenders.said()
    prompts = Counter(made["prompt"] for made in simulator.jobs())
    if code or len(prompts) != _ROUNDS or max(prompts.values()) > 1:
        return f"exit code {code}; {len(prompts)} of {_ROUNDS} prompts made: {said[-1500:]}"
    expected = f"JOBS={_ROUNDS} STANDING={_ROUNDS} OBJECTS={_ROUNDS}"
    if expected not in said or "PLACEHOLDERS=0" not in said or "Traceback" in said:
        return said[-1500:]
    return ""

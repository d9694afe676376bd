"""Two thousand jobs through one engine: each is paid once, and the engine does not grow with them."""

from __future__ import annotations

import os
import uuid
from collections import Counter
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from scripts.fault_injection.engines import Engine
from scripts.fault_injection.trial import Trial
from scripts.simulator.launcher import Simulator

_JOBS, _AT_ONCE = 2000, 200
#: What an engine may hold open beyond what it held after the first jobs.
_MORE_OPEN = 40


def trials() -> Iterator[Trial]:
    """One."""
    yield Trial(f"{_JOBS} jobs, {_AT_ONCE} at a time", _crowd)


def _crowd(simulator: Simulator, folder: Path) -> str:
    simulator.configure(balance=10**6)
    with Engine(folder, simulator) as engine:
        open_files = 0
        for round_ in range(_JOBS // _AT_ONCE):
            jobs = [str(uuid.uuid4()) for _ in range(_AT_ONCE)]
            for number, job in enumerate(jobs):
                request = {"prompt": f"a bird number {round_}-{number}", "size_mm": 120.0, "keep_in": str(folder)}
                engine.tell("submit", job=job, provider="neural4d", request=request)
            ended = engine.watch(partial(_all_ended, engine, jobs), 1200)
            if not ended:
                return f"round {round_} does not end: {Counter(job['state'] for job in engine.jobs.values())}"
            if failed := [engine.jobs[job]["error"] for job in jobs if engine.jobs[job]["state"] == "failed"]:
                return f"{len(failed)} failed: {failed[0]}"
            held = len(os.listdir(f"/proc/{engine.process.pid}/fd"))
            open_files = open_files or held
            if held > open_files + _MORE_OPEN:
                return f"after {len(engine.jobs)} jobs it holds {held} files open, {open_files} after the first"
        told = sum(job["cost"] for job in engine.jobs.values())
        prompts = Counter(job["prompt"] for job in simulator.jobs())
        if len(prompts) != _JOBS or max(prompts.values()) > 1:
            return f"{len(prompts)} of {_JOBS} prompts were made, one of them {max(prompts.values())} times"
        return "" if told == simulator.spent else f"{told} points are told, {simulator.spent} were paid"


def _all_ended(engine: Engine, jobs: list[str]) -> bool | None:
    return all(engine.jobs.get(job, {}).get("state") in ("ready", "failed") for job in jobs) or None

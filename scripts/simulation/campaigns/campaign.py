"""Many seeds, on all processors: how many lives a second, and what broke.

Each world is a life or more: one for each of its jobs.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import shutil
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from .. import planning
from ..plan import Plan

#: Worlds that a process lets happen before it is asked for the next ones.
_AT_ONCE = 4
#: Seconds between two lines that say how far it is.
_TELL = 60.0


@dataclass
class Outcome:
    """What became of a world: of each rule that was broken, how.

    Args:
        seconds: of a processor's time that it took.
    """

    seed: int
    lives: int
    findings: list[tuple[str, str]] = field(default_factory=list)
    seconds: float = 0.0


def scratch(process: int | None = None) -> Path:
    """A folder for a process's worlds: in memory, where the system has such a disk."""
    shm = Path("/dev/shm")  # noqa: S108 (a folder of our own is made in it)
    base = shm if os.access(shm, os.W_OK) else Path(os.environ.get("TMPDIR", "/tmp"))  # noqa: S108
    return base / f"neural4d-simulation-{process or os.getpid():08d}"


def live(plan: Plan, teller: Callable[[str], None] | None = None) -> Outcome:
    """Let it happen."""
    from ..world import World

    folder, begun = scratch(), time.process_time()
    shutil.rmtree(folder, ignore_errors=True)
    world = World(plan, folder, teller)
    try:
        findings = [(one.rule, one.what) for one in world.run().findings]
    except Exception as error:  # a bug of the simulation's own
        findings = [("simulation", f"{type(error).__name__}: {error}")]
    return Outcome(plan.seed, len(plan.jobs), findings, time.process_time() - begun)


def _some(seeds: list[int]) -> list[Outcome]:
    outcomes = [live(planning.plan_of(seed)) for seed in seeds]
    gc.collect()
    return outcomes


def _begin(plant: str) -> None:
    from .. import setting_up

    setting_up.load()
    if plant:
        from . import planted

        planted.plant(plant)
    gc.collect()
    gc.freeze()
    gc.disable()  # between worlds is soon enough


def many(seeds: Iterable[int], jobs: int | None = None, plant: str = "") -> Iterator[Outcome]:
    """Let the worlds of all these seeds happen.

    Args:
        jobs: processes. plant: name of a change to the engine, see planted.py.
    """
    sys.stdout.flush()
    context = multiprocessing.get_context("spawn" if os.name == "nt" else "fork")
    if os.name != "nt":
        _begin("")  # once for all processes, which have it from this one
    chunks = _chunks(seeds)
    others = multiprocessing.active_children()
    with context.Pool(jobs or os.cpu_count(), _begin, (plant,)) as pool:
        ours = [one for one in multiprocessing.active_children() if one not in others]
        try:
            for outcomes in pool.imap(_some, chunks):
                yield from outcomes
        finally:
            pool.terminate()
            for one in ours:
                one.join()
                shutil.rmtree(scratch(one.pid), ignore_errors=True)


def _chunks(seeds: Iterable[int]) -> Iterator[list[int]]:
    some: list[int] = []
    for seed in seeds:
        some.append(seed)
        if len(some) == _AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def report(outcomes: Iterable[Outcome], say: Callable[[str], None] = print, hours: float = 0.0) -> dict[str, object]:
    """Print what is found as it is found, and the figures at the end; returns them.

    Args:
        hours: how long it goes on at most; 0 for ever.
    """
    begun, lives, worlds, used = time.monotonic(), 0, 0, 0.0
    told, rules = begun, Counter[str]()
    first: dict[str, int] = {}
    for outcome in outcomes:
        worlds, lives, used = worlds + 1, lives + outcome.lives, used + outcome.seconds
        for rule, what in outcome.findings:
            rules[rule] += 1
            if rule not in first or rules[rule] <= 5:
                say(f"seed {outcome.seed}: {rule}: {what}")
            first.setdefault(rule, outcome.seed)
        if time.monotonic() - told > _TELL:
            told = time.monotonic()
            say(f"... {worlds} seeds, {lives} lives, {lives / (told - begun):.0f} a second")
        if hours and time.monotonic() - begun > hours * 3600:
            break
    seconds = time.monotonic() - begun
    rate, own = lives / max(seconds, 1e-9), lives / max(used, 1e-9)
    say(f"{worlds} seeds, {lives} lives in {seconds:.1f} s: {rate:.0f} a second, {own:.0f} in each of a processor's")
    say("nothing broke" if not rules else "broke: " + ", ".join(f"{rule} {n}" for rule, n in rules.most_common()))
    return {"seeds": worlds, "lives": lives, "seconds": round(seconds, 1), "broke": dict(rules), "first": first}

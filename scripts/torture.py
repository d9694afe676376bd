"""Tortures real engines and Blenders: `python3 scripts/torture.py [PART...]`; `--help` names the parts.

Every trial does one thing to one job, or to many, and holds the outcome against the ledger of the simulated service:
nothing paid twice, nothing said that is not so, nothing that never ends. Prints what was tried, what held and what
broke, and exits with 1 where anything did. Everything runs on this machine.
"""

from __future__ import annotations

import argparse
import importlib
import os
import random
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.fault_injection.trial import Part, Trial, Verdict, world
from scripts.toolbox import environments

PARTS = {
    "kills": "an engine killed before and after every commit, request and rename, of each kind of job",
    "faults": "every fault at every endpoint that a job calls, once and for good",
    "journals": "a journal that is damaged, cut short, older or gone when the next engine starts",
    "disks": "a disk that is full from the n-th thing written on, and has room again later",
    "reloads": "20 rounds of disabling and enabling the extension with jobs under way",
    "crowd": "2,000 jobs through one engine",
    "slurm": "docs/farms/neural4d_slurm.sh on three nodes of a real Slurm, while nodes die and shares are queued again",
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the parts; returns the exit code."""
    options = _options(arguments)
    if (code := environments.run_in("unit", __file__, arguments)) is not None:
        return code
    tried: dict[str, list[Verdict]] = {}
    begun = time.monotonic()
    for name in options.parts or PARTS:
        tried[name] = list(_run(importlib.import_module(f"scripts.fault_injection.{name}"), options))
    return _tell(tried, time.monotonic() - begun)


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="\n".join(f"{name:10} {meaning}" for name, meaning in PARTS.items()),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("parts", nargs="*", choices=[[], *PARTS], metavar="PART", help="which of them (default: all)")
    parser.add_argument("--sample", type=int, metavar="N", help="only N trials of a part, chosen by the seed")
    parser.add_argument("--seed", type=int, default=0, help="of that choice (default 0)")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="trials at a time (default: the cores)")
    return parser.parse_args(arguments)


def _run(part: Part, options: argparse.Namespace) -> Iterator[Verdict]:
    """Each trial of the part on the first service that is free."""
    trials = list(part.trials())
    if options.sample is not None and options.sample < len(trials):
        trials = random.Random(options.seed).sample(trials, options.sample)  # noqa: S311 (a choice of tests)
    workers = min(options.jobs, len(trials), getattr(part, "AT_ONCE", len(trials)))
    with ThreadPoolExecutor(max(workers, 1)) as pool:
        yield from pool.map(_try, trials)


def _try(trial: Trial) -> Verdict:
    with world() as simulator, tempfile.TemporaryDirectory(prefix="neural4d-torture-") as folder:
        try:
            broken = trial.run(simulator, Path(folder))
        except Exception as error:
            broken = f"{type(error).__name__}: {error}"[:2000]
    if broken:
        print(f"{trial.name}: {broken}", flush=True)
    return Verdict(trial.name, broken)


def _tell(tried: dict[str, list[Verdict]], seconds: float) -> int:
    print(f"\n{'part':12} {'tried':>7} {'held':>7} {'broken':>7}")
    for name, verdicts in tried.items():
        count = Counter(bool(verdict.broken) for verdict in verdicts)
        print(f"{name:12} {len(verdicts):7} {count[False]:7} {count[True]:7}")
    print(f"in {seconds:.0f} s")
    return int(not all(tried.values()) or any(verdict.broken for each in tried.values() for verdict in each))


if __name__ == "__main__":
    sys.exit(main())

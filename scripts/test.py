"""Runs every check and test of the project: `python3 scripts/test.py`.

Needs nothing but Python 3.11 or newer: it makes the environments it runs in under .dev/. Exits
non-zero when anything failed, and when a stage ran no test at all.
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts it with an older one reads this)
    sys.exit("Python 3.11 or newer is needed to run the tests; this one is " + sys.version.split()[0] + ".")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.toolbox import environments, plan
from scripts.toolbox.console import ToolError
from scripts.toolbox.stages import Outcome, Stage, end_all, perform


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen stages; returns the exit code."""
    options = _options(arguments)
    chosen = _chosen(options)
    if options.list:
        for stage in chosen:
            print(f"{stage.name:16} {plan.KINDS[stage.kind]}")
        return 0
    begun = time.monotonic()
    outcomes = _run(chosen, options.k, options.jobs)
    _summary(outcomes, time.monotonic() - begun)
    ran = sum(outcome.passed + outcome.failed for outcome in outcomes)
    good = ran > 0 and all(outcome.ok for outcome in outcomes)
    if options.json:
        print(json.dumps({"ok": good, "stages": [asdict(outcome) for outcome in outcomes]}))
    return 0 if good else 1


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", nargs="+", metavar="STAGE", choices=plan.KINDS, help=f"some of: {', '.join(plan.KINDS)}"
    )
    parser.add_argument("--bpy", nargs="+", metavar="VERSION", help="versions of bpy instead of all four")
    parser.add_argument(
        "--blender-versions", nargs="+", default=[], metavar="X.Y", help="releases to download for the stage 'tester'"
    )
    parser.add_argument("-k", default="", metavar="EXPR", help="only tests that match, as in pytest")
    parser.add_argument("--jobs", type=int, default=3, help="stages that may run at a time (default 3)")
    parser.add_argument("--list", action="store_true", help="say what would run, and stop")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object in the last line")
    options = parser.parse_args(arguments)
    unknown = set(options.bpy or ()) - set(environments.bpy_versions())
    if unknown:
        parser.error(f"no bpy {', '.join(sorted(unknown))}; there are {', '.join(environments.bpy_versions())}")
    return options


def _chosen(options: argparse.Namespace) -> list[Stage]:
    kinds = options.only or [kind for kind in plan.KINDS if not (options.k and kind in ("lint", "types"))]
    every = plan.stages(options.bpy or environments.bpy_versions(), options.blender_versions)
    return [stage for stage in every if stage.kind in kinds]


def _run(chosen: Sequence[Stage], expression: str, jobs: int) -> list[Outcome]:
    """Run them in their order, several at a time: the next one starts as soon as there is a place for it."""
    together = threading.Lock()

    def work(stage: Stage) -> Outcome:
        with together:
            print(f"\n===== {stage.name}: {plan.KINDS[stage.kind]} =====", flush=True)
        outcome = perform(stage, expression)
        with together:
            passed, failed = outcome.passed, outcome.failed
            print(f"===== {stage.name}: {passed} passed, {failed} failed ({outcome.seconds:.0f} s)", flush=True)
        return outcome

    begun: dict[str, Future[Outcome]] = {}
    running: dict[Future[Outcome], int] = {}
    with ThreadPoolExecutor(max_workers=max(len(chosen), 1)) as pool:
        try:
            for stage in chosen:
                while running and sum(running.values()) + stage.places > jobs:
                    for done in wait(running, return_when=FIRST_COMPLETED).done:
                        del running[done]
                begun[stage.name] = pool.submit(work, stage)
                running[begun[stage.name]] = stage.places
            wait(running)
        finally:
            end_all()
    return [begun[stage.name].result() for stage in chosen]


def _summary(outcomes: Sequence[Outcome], seconds: float) -> None:
    print(f"\n{'stage':16} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for outcome in outcomes:
        counts = f"{outcome.passed:7} {outcome.failed:7} {outcome.skipped:8} {outcome.seconds:8.1f}"
        print(f"{outcome.stage:16} {counts}  {'ok' if outcome.ok else 'NOT OK'} {outcome.note}".rstrip())
    # A stage without a single test is a fault of the set-up, and counts as one.
    failed = sum(outcome.failed or (not outcome.ok) for outcome in outcomes)
    print(f"in {seconds:.0f} s; reports in out/reports\n")
    print(f"{sum(outcome.passed for outcome in outcomes)} passed, {failed} failed", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except ToolError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit("Interrupted; everything that was started has been ended.")

"""Runs every check and test of the project: `python3 scripts/test.py`.

Needs nothing but Python 3.11 or newer: it makes the environments it runs in under .dev/. Exits
non-zero when anything failed, and when a stage ran no test at all.
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts it with an older one reads this)
    sys.exit("Python 3.11 or newer is needed to run the tests; this one is " + sys.version.split()[0] + ".")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.toolbox import blender, environments
from scripts.toolbox.console import ROOT, ToolError
from scripts.toolbox.stages import Stage, end_all

KINDS = ("lint", "types", "unit", "scene", "package", "demo", "tester", "gui")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the chosen stages; returns the exit code."""
    options = _options(arguments)
    kinds = options.only or [kind for kind in KINDS if not (options.k and kind in ("lint", "types"))]
    chosen = [stage for stage in stages(options.bpy, len(options.blender_versions)) if stage.kind in kinds]
    if options.list:
        names = [stage.name for stage in chosen]
        return subprocess.run(environments.nox("--list", "--session", *names), cwd=ROOT, check=False).returncode
    begun = time.monotonic()
    _run(chosen, options)
    _summary(chosen, time.monotonic() - begun)
    good = any(stage.passed or stage.failed for stage in chosen) and all(stage.ok for stage in chosen)
    if options.json:
        print(json.dumps({"ok": good, "stages": [asdict(stage) for stage in chosen]}))
    return 0 if good else 1


def stages(bpy: Sequence[str], releases: int = 0) -> list[Stage]:
    """All stages, in order, for these versions of bpy and that many releases of Blender to download."""
    return [
        Stage("lint"),
        Stage("types"),
        Stage("gui(patient)"),
        Stage("unit", places=2),
        # It clicks and waits for as long as all others take together, and a click goes astray where three others run.
        Stage("gui(rest)", places=2, limit=3000),
        # The newest version has the most to do: begun last, it would be what all else waits for.
        *(Stage(f"scene({version})") for version in reversed(bpy)),
        *(Stage(f"package({version})") for version in bpy),
        Stage("demo"),
        Stage("tester", limit=900 * max(releases, 1)),
    ]


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="STAGE", choices=KINDS, help=f"some of: {', '.join(KINDS)}")
    bpy = list(environments.BPY)
    parser.add_argument("--bpy", nargs="+", choices=bpy, default=bpy, help="versions of bpy instead of all four")
    parser.add_argument(
        "--blender-versions", nargs="+", default=[], metavar="X.Y", help="releases to download for the stage 'tester'"
    )
    parser.add_argument("-k", default="", metavar="EXPR", help="only tests that match, as in pytest")
    parser.add_argument("--jobs", type=int, default=3, help="stages that may run at a time (default 3)")
    parser.add_argument("--list", action="store_true", help="say what would run, and stop")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object in the last line")
    return parser.parse_args(arguments)


def _run(chosen: Sequence[Stage], options: argparse.Namespace) -> None:
    """Run them in their order, several at a time: the next one starts as soon as there is a place for it."""
    running: dict[Future[None], int] = {}
    with ThreadPoolExecutor(max_workers=max(len(chosen), 1)) as pool:
        try:
            for stage in chosen:
                while running and sum(running.values()) + stage.places > options.jobs:
                    for done in wait(running, return_when=FIRST_COMPLETED).done:
                        done.result()
                        del running[done]
                running[pool.submit(_perform, stage, options)] = stage.places
            for future in running:
                future.result()
        finally:
            end_all()


def _perform(stage: Stage, options: argparse.Namespace) -> None:
    stage.filtered = bool(options.k)
    stage.say("begins")
    more = ["-k", options.k] if options.k else []
    if stage.kind == "tester" and options.blender_versions:
        more += ["--versions", *options.blender_versions]
    try:
        if stage.kind == "gui" or (stage.kind == "tester" and not options.blender_versions):
            blender.find()  # says what to do where there is none
        environments.ensure(stage.name)
        stage.perform(environments.nox("-R", "--session", stage.name, "--", *more))
    except ToolError as error:
        stage.failed, stage.note = 1, str(error).splitlines()[0]
        stage.say(str(error))
    stage.say(f"ends: {stage.passed} passed, {stage.failed} failed ({stage.seconds:.0f} s)")


def _summary(chosen: Sequence[Stage], seconds: float) -> None:
    print(f"\n{'stage':16} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for stage in chosen:
        counts = f"{stage.passed:7} {stage.failed:7} {stage.skipped:8} {stage.seconds:8.1f}"
        print(f"{stage.name:16} {counts}  {'ok' if stage.ok else 'NOT OK'} {stage.note}".rstrip())
    # A stage without a single test is a fault of the set-up, and counts as one.
    failed = sum(stage.failed or (not stage.ok) for stage in chosen)
    for stage in chosen:
        for failure in stage.failures:
            print(f"{stage.name}: {failure[:1000]}")
    print(f"in {seconds:.0f} s; reports in out/reports\n")
    print(f"{sum(stage.passed for stage in chosen)} passed, {failed} failed", flush=True)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        sys.exit(main())
    except ToolError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit("Interrupted; everything that was started has been ended.")

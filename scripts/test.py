"""Runs every check and test of the project: `python3 scripts/test.py`. Needs nothing but Python 3.11 or newer."""

import argparse
import asyncio
import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts it with an older one reads this)
    sys.exit("Python 3.11 or newer is needed to run the tests; this one is " + sys.version.split()[0] + ".")
sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from scripts.toolbox import environments
from scripts.toolbox.console import ROOT, ToolError, clean_environment

KINDS = ("lint", "types", "docs", "unit", "scene", "package", "windows", "demo", "tester", "gui")
#: Of those at a time: unit runs six processes, and clicks go astray beside three others.
PLACES = {"unit": 3, "gui(rest)": 2}


def stages(bpy: list[str]) -> list[str]:
    """Sessions of noxfile.py as they begin: what takes most places first, one after the other, and beside it the rest.

    The oldest and the newest Blender have the most to do, and last they would be waited for.
    """
    ordered = dict.fromkeys((bpy[-1], bpy[0], *bpy))
    of_bpy = [*(f"scene({version})" for version in ordered), *(f"package({version})" for version in bpy)]
    return [
        "unit",
        "gui(rest)",
        "lint",
        "types",
        "docs",
        "gui(patient)",
        "gui(older)",
        "windows",
        *of_bpy,
        "demo",
        "tester",
    ]


async def run(chosen: dict[str, list[str]], jobs: int) -> dict[str, tuple[str, float]]:
    """Run stages with these arguments: what is wrong with each, and its seconds.

    Each begins as soon as there are places for it. One that needs more than there are holds up none that needs fewer.
    """
    places = {name: min(PLACES.get(name, 1), jobs) for name in chosen}
    under_way: dict[str, asyncio.Task[tuple[str, float]]] = {}
    came: dict[str, tuple[str, float]] = {}

    async def one(name: str) -> tuple[str, float]:
        begun = time.monotonic()
        for old in (ROOT / "out" / "reports").glob(f"{name}*.xml"):
            old.unlink()
        try:
            await asyncio.to_thread(environments.ensure, name)
            wrong = await perform(name, environments.nox("-R", "--session", name, "--", *chosen[name]))
        except (ToolError, TimeoutError) as error:
            print(wrong := str(error) or f"{name} took too long and was ended", flush=True)
        return wrong, time.monotonic() - begun

    async with asyncio.TaskGroup() as group:
        while len(came) < len(chosen):
            for name in (name for name in chosen if name not in came and name not in under_way):
                if places[name] <= jobs - sum(places[other] for other in under_way):
                    under_way[name] = group.create_task(one(name))
            await asyncio.wait(under_way.values(), return_when=asyncio.FIRST_COMPLETED)
            came |= {name: task.result() for name, task in under_way.items() if task.done()}
            under_way = {name: task for name, task in under_way.items() if not task.done()}
    return {name: came[name] for name in chosen}


async def perform(name: str, command: list[str | Path], limit: float = 3000) -> str:
    """Run a command with its output shown, `limit` seconds at most; its last lines if it fails. It leaves nothing."""
    lines: list[str] = []
    with tempfile.TemporaryDirectory(prefix="neural4d-test-") as scratch, contextlib.suppress(ProcessLookupError):
        own: dict = {"env": clean_environment(Path(scratch)), "cwd": ROOT, "start_new_session": True}
        own |= {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT, "limit": 2**24}
        process = await asyncio.create_subprocess_exec(*command, **own)
        try:
            async with asyncio.timeout(limit):
                while raw := await process.stdout.readline():  # type: ignore[union-attr]
                    lines.append(raw.decode(errors="replace").rstrip())
                    print(f"{name:14} | {lines[-1]}", flush=True)
                await process.wait()
        finally:
            process.kill() if os.name == "nt" else os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return "\n".join([f"ended with exit code {process.returncode}", *lines[-4:]]) if process.returncode else ""


def main() -> int:
    """Run the chosen stages; the exit code: non-zero when anything failed, and when one ran no test at all."""
    parser, bpy = argparse.ArgumentParser(description=__doc__), list(environments.BPY)
    parser.add_argument(
        "--only",
        nargs="+",
        metavar="STAGE",
        choices=KINDS,
        help=f"some of: {', '.join(KINDS)}",
    )
    parser.add_argument("--bpy", nargs="+", choices=bpy, default=bpy, help="versions of bpy instead of all four")
    parser.add_argument("--blender-versions", nargs="+", default=[], metavar="X.Y", help="downloaded for 'tester'")
    parser.add_argument("-k", metavar="EXPR", help="only tests that match, as in pytest")
    parser.add_argument("--jobs", type=int, default=4, help="stages that may run at a time (default 4)")
    parser.add_argument("--list", action="store_true", help="say what would run, and stop")
    options = parser.parse_args()
    kinds, tests = (KINDS[3:], ["-k", options.k]) if options.k else (KINDS, [])
    names = [name for name in stages(options.bpy) if name.partition("(")[0] in (options.only or kinds)]
    if options.list:
        return subprocess.call(environments.nox("--list", "--session", *names), cwd=ROOT)
    chosen = {name: tests + options.blender_versions * (name == "tester") for name in names}
    came = json.dumps(asyncio.run(run(chosen, options.jobs)))
    return subprocess.call(environments.nox("--session", "summary", "--", came, *tests), cwd=ROOT)


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))  # asyncio ends its tasks in peace
    try:
        sys.exit(main())
    except (ToolError, KeyboardInterrupt) as problem:
        sys.exit(str(problem) or "Interrupted; everything that was started has been ended.")

"""Shows the whole way from a prompt to a model at its real size: `python3 scripts/demo.py`.

Needs nothing but Python: 3.11 and 3.13 take Blender as a module from PyPI, any other one takes the
Blender in $BLENDER or on PATH. It starts the simulator, generates three models through the public
Python API and writes demo.blend and demo.png. Nothing leaves the machine unless --live is given.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

if sys.version_info < (3, 11):  # noqa: UP036 (whoever starts it with an older one reads this)
    sys.exit("Python 3.11 or newer is needed to run the demo; this one is " + sys.version.split()[0] + ".")

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from neural4d_blender.engine import protocol
from scripts.toolbox import blender, environments
from scripts.toolbox.console import ROOT, ToolError, say

#: What is made: arguments of generate().
MODELS = (
    {"prompt": "a cute bird", "size_mm": 120.0, "axis": "LONGEST"},
    {"prompt": "a wooden chair", "size_mm": 160.0, "axis": "Z"},
    {"prompt": "a red rocket", "size_mm": 200.0, "axis": "Z"},
)
PROVIDER = "neural4d"
SCENE = ROOT / "scripts" / "demo_scene.py"
#: Seconds until it is given up; the real service takes minutes a model.
SECONDS, SECONDS_LIVE = 180, 3600


def main(arguments: Sequence[str] | None = None) -> int:
    """Set up what is needed and run the demo; returns the exit code.

    Raises:
        ToolError: something is missing, or was not agreed to; the text says what.
    """
    options = _options(arguments)
    if options.live:
        agree(options.yes)
    if options.gui:
        check_display()
    python, host = choose_host(options.gui)
    out = options.out.expanduser().resolve()
    out.mkdir(parents=True, exist_ok=True)
    order = {
        "host": [str(part) for part in host],
        "models": list(MODELS),
        "blend": str(out / "demo.blend"),
        "png": str(out / "demo.png"),
        # What was paid for stays; everything else of a demo is temporary.
        "files": str(out / "demo-files") if options.live else "",
        "live": options.live,
        "blockout": options.blockout,
        "window": options.gui,
        "quit": options.quit,
        "json": options.json,
        "seconds": SECONDS_LIVE if options.live else SECONDS,
    }
    return _run([str(python), "-m", "scripts.demo_run", json.dumps(order)])


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=ROOT, metavar="FOLDER", help="where demo.blend and demo.png go")
    parser.add_argument("--gui", action="store_true", help="in a Blender window, which stays open")
    parser.add_argument("--quit", action="store_true", help="with --gui: close the window when it is done")
    parser.add_argument("--live", action="store_true", help="with the real service, your key and your points")
    parser.add_argument("--yes", action="store_true", help="with --live: do not ask before points are spent")
    parser.add_argument("--blockout", action="store_true", help="a room of 30 boxes becomes models instead")
    parser.add_argument("--json", action="store_true", help="print the outcome as one JSON object in the last line")
    options = parser.parse_args(arguments)
    if options.quit and not options.gui:
        parser.error("--quit goes with --gui")
    if options.blockout and (options.gui or options.live):
        parser.error("--blockout goes without --gui and --live")
    if options.yes and not options.live:
        parser.error("--yes goes with --live")
    return options


def agree(yes: bool) -> None:
    """Have the user agree to the points that the real service takes; ToolError where there is no yes, or no key."""
    service = protocol.declaration(PROVIDER)
    if not os.environ.get(service.key_env, "").strip():
        raise ToolError(f"--live needs your key for {service.name}: set {service.key_env} in the environment.")
    prices = (protocol.estimate(PROVIDER, protocol.Request(prompt=str(model["prompt"])), {}) for model in MODELS)
    points = sum(price or 0 for price in prices)
    address = os.environ.get(service.url_env) or service.url
    say(f"This sends {len(MODELS)} prompts to {address} and costs about {points} points of yours.")
    if yes:
        return
    try:
        answer = input("Go on? [y/N] ")
    except EOFError:
        raise ToolError("Nobody is there to agree to that: give --yes to spend the points.") from None
    if answer.strip().lower() not in ("y", "yes"):
        raise ToolError("Nothing was sent and nothing was paid.")


def check_display() -> None:
    """ToolError where no window can be opened."""
    if sys.platform.startswith("linux") and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        raise ToolError("--gui opens a window, and there is no display: run it on a desktop, or leave --gui out.")


def choose_host(gui: bool) -> tuple[Path, list[Path | str]]:
    """The Python for the simulator, and the command that runs demo_scene.py with Blender in it.

    Raises:
        ToolError: no Blender is to be had; the text says what to install.
    """
    running = "{}.{}".format(*sys.version_info[:2])
    module = environments.newest_bpy(running)
    reason = f"There is no Blender for Python {running} to install from PyPI."
    if module and not gui:
        try:
            python = environments.ensure(f"scene({module})")
        except ToolError as error:
            reason = str(error)  # a system that PyPI has no Blender for
        else:
            return python, [python, SCENE]
    found = blender.find() if gui else blender.installed()
    if found is None:
        raise ToolError(
            f"{reason}\nRun the demo with Python 3.11 or 3.13, or install Blender 4.2 or newer and put it on PATH or "
            "name its executable in $BLENDER."
        )
    say(f"[demo] with {found.path}, Blender {found.label}")
    start: list[Path | str] = [found.path, "--factory-startup", "--online-mode", *([] if gui else ["--background"])]
    return environments.ensure_tool("simulator"), [*start, "--python", SCENE, "--"]


def _run(command: list[str]) -> int:
    """Run it to its end, also when this process is told to end: it cleans up after itself."""
    process = subprocess.Popen(command, cwd=ROOT)
    signal.signal(signal.SIGTERM, lambda *_: process.terminate())
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:  # the terminal has sent it to both
            continue


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit("Interrupted.")

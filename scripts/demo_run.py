"""Runs the demo's Blender beside the simulator, and shows what comes of it. Started by demo.py.

`python -m scripts.demo_run ORDER`, in an environment that the simulator runs in.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scripts.simulator.launcher import Simulator, SimulatorError
from scripts.toolbox import package
from scripts.toolbox.console import ToolError, clean_environment, say

MARK = "DEMO "  # as in demo_scene.py, which imports bpy
PREFIX = "NEURAL4D_"
JOB_SECONDS, BALANCE = 4.0, 1000  # of the simulator
CLOSING = 30.0  # seconds that a Blender without a window may take to end when its work is done


def run(order: dict[str, Any]) -> dict[str, Any]:
    """Run the demo and return its result, the ledger's points included.

    Raises:
        ToolError: it failed; the text says why.
    """
    with tempfile.TemporaryDirectory(prefix="neural4d-demo-", ignore_cleanup_errors=True) as folder:
        scratch = Path(folder)
        env = clean_environment(scratch)
        if order["window"]:
            # What installing the zip comes to, for a Blender whose user folder is a temporary one.
            package.stage(scratch / "blender" / "extensions" / "user_default" / "neural4d")
        with contextlib.ExitStack() as stack:
            simulator = None
            if order["live"]:
                env["NEURAL4D_DATA_DIR"] = order["files"]
                env |= {name: value for name, value in os.environ.items() if name.startswith(PREFIX)}
            else:
                simulator = stack.enter_context(Simulator(job_seconds=JOB_SECONDS, balance=BALANCE))
                env |= simulator.environment
                say("[demo] the simulator stands in for the service: no key, no points of yours")
            result = None
            for message in follow(order, scratch, env):
                if "say" in message:
                    say(f"[demo] {message['say']}")
                elif "failed" in message:
                    raise ToolError(f"The demo failed: {message['failed']}")
                else:
                    result = message["result"]
                    show(order, result, simulator)
        if result is None:
            raise ToolError("The window was closed before the models were there.")
        return result


def follow(order: dict[str, Any], scratch: Path, env: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Start Blender and yield what demo_scene.py tells until it ends.

    Raises:
        ToolError: Blender did not start, or ended without a word; the text holds what it said last.
    """
    file = scratch / "order.json"
    file.write_text(json.dumps(order), encoding="utf-8")
    try:
        process = subprocess.Popen(
            [*order["host"], str(file)],
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
    except OSError as error:
        raise ToolError(f"{order['host'][0]} could not be started: {error}") from error
    last: deque[str] = deque(maxlen=30)
    told = False
    limit = threading.Timer(CLOSING, process.kill)
    try:
        assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
        for line in process.stdout:
            if not line.startswith(MARK):
                last.append(line)
                continue
            message = json.loads(line.removeprefix(MARK))
            if "result" in message:
                told = True
                if not order["window"]:
                    limit.start()
            yield message
    finally:
        limit.cancel()
        end(process)
    if not told and process.returncode:
        raise ToolError(f"Blender ended with exit code {process.returncode}:\n{''.join(last)}")


def end(process: subprocess.Popen[str]) -> None:
    """Wait for Blender, or end it where it is still at work."""
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def show(order: dict[str, Any], result: dict[str, Any], simulator: Simulator | None) -> None:
    """Print the models, their costs, times and sizes.

    Raises:
        ToolError: the simulator's ledger has another sum than the jobs report.
    """
    models = result["models"]
    width = max(len(model["prompt"]) for model in models)
    if order["blockout"]:
        print("\n".join(f"{model['prompt']:{width}} {model['cost']:5} points {model['boxes']:4} x" for model in models))
    else:
        _show_sizes(models, width)
    spent = sum(model["cost"] for model in models)
    says = ""
    if simulator:
        says = "; the ledger says the same"
        if simulator.spent != spent:
            raise ToolError(f"The jobs report {spent} points and the ledger {simulator.spent}.")
    print(f"\n{spent} points spent{says}; {result['left']} left")
    pictures = [result[name] for name in ("before", "png") if name in result]
    print("\n".join([result["blend"], *pictures]), flush=True)
    if order["window"] and not order["quit"]:
        say("[demo] the window is yours now; the demo ends when you close it")
    if order["json"]:
        print(
            json.dumps({key: result[key] for key in ("models", "blend", "png", "before") if key in result}), flush=True
        )


def _show_sizes(models: list[dict[str, Any]], width: int) -> None:
    print(f"\n{'prompt':{width}}   cost  asked for     measured  stages in seconds")
    for model in models:
        stages = ", ".join(f"{name.replace('_', ' ')} {took:.1f}" for name, took in model["stages"].items())
        sizes = f"{model['size_mm']:6g} mm  {model['measured_mm']:8.2f} mm"
        print(f"{model['prompt']:{width}} {model['cost']:6}  {sizes}  {stages}")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        run(json.loads(sys.argv[1]))
    except (ToolError, SimulatorError) as problem:
        sys.exit(str(problem))
    except KeyboardInterrupt:
        sys.exit("Interrupted; everything that was started has been ended.")

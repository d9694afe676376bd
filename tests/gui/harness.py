"""Runs a scenario in a real Blender window under Xvfb. See CONTRIBUTING.md for how to write one.

    result = run_scenario("main_job", env={"NEURAL4D_API_URL": sim.api_url, ...})

runs `scenario(ui, **arguments)` of tests/gui/scenarios/main_job.py inside Blender, where `ui` is a
harness_window.Window, and returns what it returned (which must be JSON).
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from scripts.toolbox import blender, package
from scripts.toolbox.console import ROOT, clean_environment

SCENARIOS = ROOT / "tests" / "gui" / "scenarios"
SCREENSHOTS = ROOT / "out" / "screenshots"
LOGS = ROOT / "out" / "gui"
START = 60.0  # seconds that starting Blender and closing it may take on top of a scenario's own limit


class ScenarioFailed(AssertionError):
    """A scenario failed; the text holds its traceback and the end of Blender's log."""


def run_scenario(
    name: str,
    *,
    env: Mapping[str, str] | None = None,
    arguments: Mapping[str, Any] | None = None,
    timeout: float = 120,
    install: bool = True,
    online: bool | None = True,
    tracebacks: bool = False,
    size: tuple[int, int] = (1000, 900),
    whole: bool | None = None,
) -> Any:
    """Run a scenario in a fresh Blender with factory settings and return its value.

    Args:
        name: file below scenarios/, with ".function" where it is not called "scenario".
        env: set for Blender on top of a clean environment.
        arguments: keyword arguments of the scenario; JSON.
        timeout: seconds for the scenario itself.
        install: whether the built zip is installed and enabled first.
        online: Blender's online access; with None it is off and can be switched on in the preferences.
        tracebacks: whether tracebacks in Blender's log are allowed.
        size: of the screen and the window, in pixels; most of the time goes into drawing them.
        whole: whether all is drawn that a user's window has, the sidebar over the viewport, grid, outlines and gizmos;
            None: in pictures and measurements, but not in tests, most of whose time it would take.

    Raises:
        ScenarioFailed: it raised, ran out of time, Blender crashed, or its log shows a traceback.
    """
    file, _, function = name.partition(".")
    # Xvfb and Blender see the machine's temporary folder, wherever they run.
    with tempfile.TemporaryDirectory(prefix="neural4d-gui-") as folder, Screen(size) as screen:
        scratch = Path(folder)
        order = {
            "name": name,
            "checkout": str(ROOT),
            "zip": str(package.build().path) if install else "",
            "file": str(SCENARIOS / f"{file}.py"),
            "function": function or "scenario",
            "arguments": dict(arguments or {}),
            "timeout": timeout,
            "whole": "PYTEST_CURRENT_TEST" not in os.environ if whole is None else whole,
            "shots": str(scratch),
            "result": str(scratch / "result.json"),
        }
        (scratch / "order.json").write_text(json.dumps(order), encoding="utf-8")
        log = LOGS / f"{name}.log"
        log.parent.mkdir(parents=True, exist_ok=True)
        command = [
            *(blender.find().path, "--gpu-backend", "opengl", "--factory-startup", "--enable-event-simulate"),
            *(() if online is None else ("--online-mode" if online else "--offline-mode",)),
            *("--window-geometry", "0", "0", *map(str, size)),
            *("--python", Path(__file__).with_name("harness_drive.py"), "--", scratch / "order.json"),
        ]
        surroundings = clean_environment(scratch) | {
            "DISPLAY": screen.display,
            "LIBGL_ALWAYS_SOFTWARE": "1",
            "TMPDIR": str(scratch),  # where Blender keeps its auto-saves
            # Blender 5.2 looks for its online assets at every start: no test's traffic leaves this machine.
            "HTTPS_PROXY": "http://127.0.0.1:9",
        }
        surroundings |= env or {}
        with log.open("w", encoding="utf-8") as output:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=scratch,
                env=surroundings,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
            )
            try:
                code = _attend(process, screen, scratch, timeout + START)
                result = scratch / "result.json"
                outcome = json.loads(result.read_text(encoding="utf-8")) if result.exists() else {}
                if code is None:
                    screen.picture(SCREENSHOTS / f"{name}-hung.png")
            finally:
                _end(process)
        return _judge(name, code, outcome, log, tracebacks)


def _attend(process: subprocess.Popen[bytes], screen: Screen, scratch: Path, seconds: float) -> int | None:
    """Take the pictures the scenario asks for until Blender ends; None where it had not ended in time."""
    limit = time.monotonic() + seconds
    while process.poll() is None and time.monotonic() < limit:
        for wanted in scratch.glob("*.wanted"):
            shot = wanted.name.removesuffix(".wanted")
            screen.picture(SCREENSHOTS / f"{shot}.png")
            wanted.unlink()
            wanted.with_name(f"{shot}.done").touch()
        time.sleep(0.05)
    return process.poll()


def _judge(name: str, code: int | None, outcome: dict[str, Any], log: Path, tracebacks: bool) -> Any:
    said = log.read_text(encoding="utf-8", errors="replace")
    problems = []
    if not outcome.get("ok"):
        problems.append(outcome.get("error") or "Blender wrote no result.")
    if code != 0:
        problems.append("Blender did not end by itself." if code is None else f"Blender ended with exit code {code}.")
    if "Traceback (most recent call last)" in said and not tracebacks:
        problems.append("Blender's log shows a traceback.")
    if problems:
        tail = "\n".join(said.splitlines()[-40:])
        raise ScenarioFailed("\n".join([f"scenario {name}:", *problems, f"--- {log.relative_to(ROOT)} ends:", tail]))
    return outcome.get("value")


class Screen:
    """An Xvfb of its own, on a display number that it chooses itself."""

    def __init__(self, size: tuple[int, int], tries: int = 4) -> None:
        said = ""
        for _ in range(tries):  # two servers that start at the same moment can be after the same number
            self._process, number, said = _start_xvfb(size)
            if number:
                self.display = f":{number}"
                return
            _end(self._process)
            time.sleep(1)
        raise ScenarioFailed(f"Xvfb did not start:\n{said}")

    def __enter__(self) -> Screen:
        return self

    def __exit__(self, *_: object) -> None:
        _end(self._process)

    def picture(self, path: Path) -> None:
        """What the screen shows, written whole or not at all."""
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new.png")
        command = [str(blender.program("import")), "-display", self.display, "-window", "root", str(fresh)]
        subprocess.run(command, check=True, timeout=60, stdout=subprocess.DEVNULL, stderr=sys.stderr)
        fresh.replace(path)


def _start_xvfb(size: tuple[int, int]) -> tuple[subprocess.Popen[bytes], str, str]:
    """The server, the number of its display (empty where it failed), and what it said."""
    reading, writing = os.pipe()
    command = [str(blender.program("Xvfb")), "-displayfd", str(writing), "-nolisten", "tcp", "-noreset"]
    command += ["-screen", "0", "x".join(map(str, (*size, 24)))]
    with tempfile.TemporaryFile() as log:
        process = subprocess.Popen(command, pass_fds=[writing], stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        os.close(writing)
        with os.fdopen(reading) as pipe:
            number = pipe.readline().strip()
        log.seek(0)
        return process, number, log.read().decode(errors="replace")


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()

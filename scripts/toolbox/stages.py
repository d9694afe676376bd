"""Runs one stage of scripts/test.py as a child process and counts what it ran. Standard library only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.toolbox.console import ROOT, ToolError

REPORTS = ROOT / "out" / "reports"
#: A developer's own account, settings and files must not reach a test, nor a test them.
PRIVATE = ("NEURAL4D_", "CSM_", "GONEURAL_", "MODELSLAB_", "BLENDER_USER_", "BLENDER_SYSTEM_", "PYTEST_")
_printing = threading.Lock()
_running: set[subprocess.Popen[str]] = set()


@dataclass
class Outcome:
    """What one stage came to: numbers of tests, or of checks where it runs no tests."""

    stage: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    note: str = ""
    #: Whether only some tests were asked for: then a stage may have none of them.
    filtered: bool = False

    @property
    def ok(self) -> bool:
        return self.failed == 0 and (self.passed > 0 or self.filtered)


@dataclass
class Stage:
    """One line of the summary.

    Args:
        name: unique, the kind first: "scene 5.0.1".
        work: does it; prints through the run_* functions of the Run it is given.
        places: how many of those that run at a time it counts for.
        seconds: its hard limit; the processes of a stage that reaches it are ended.
    """

    name: str
    work: Callable[[Run], None]
    places: int = 1
    seconds: float = 1800

    @property
    def kind(self) -> str:
        return self.name.split()[0]


@dataclass
class Run:
    """A stage while it runs: where its output goes and what it has counted so far."""

    stage: Stage
    expression: str = ""
    outcome: Outcome = field(init=False)

    def __post_init__(self) -> None:
        self.outcome = Outcome(self.stage.name, filtered=bool(self.expression))

    def say(self, text: str) -> None:
        """Print one line of this stage's output."""
        with _printing:
            print(f"{self.stage.name:14} | {text}".rstrip(), flush=True)

    def check(self, name: str, command: Sequence[object]) -> None:
        """Run a command that counts as one test: passed where it exits with 0."""
        if self.command(command):
            self.outcome.failed += 1
            self.say(f"FAILED {name}")
        else:
            self.outcome.passed += 1

    def pytest(self, python: Path, *arguments: str | Path, env: dict[str, str] | None = None) -> None:
        """Run pytest with that interpreter and count its tests."""
        with tempfile.TemporaryDirectory(prefix="neural4d-report-") as folder:
            report = Path(folder) / f"{self.stage.name.replace(' ', '-')}.xml"
            chosen = ["-k", self.expression] if self.expression else []
            command = [python, "-m", "pytest", f"--junitxml={report}", *chosen, *arguments]
            self.count(report, self.command(command, env=env))

    def count(self, report: Path, exit_code: int) -> None:
        """Add the tests of a JUnit report and keep it; a crash that it does not show counts as a failure."""
        try:
            suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 (our own file)
            shutil.copy(report, REPORTS / report.name)
        except (OSError, ET.ParseError):
            suites = []
        total, failed, skipped = (
            sum(int(suite.get(key, 0)) for suite in suites for key in keys)
            for keys in (("tests",), ("failures", "errors"), ("skipped",))
        )
        no_tests = 5  # pytest's own exit code for that; the summary judges it
        if exit_code not in (0, no_tests) and not failed:
            failed, total = 1, total + 1
            self.outcome.note = f"ended with exit code {exit_code}"
        self.outcome.failed += failed
        self.outcome.skipped += skipped
        self.outcome.passed += max(total - failed - skipped, 0)

    def command(self, command: Sequence[object], env: dict[str, str] | None = None) -> int:
        """Run a command in the checkout with its output shown, in a clean environment; its exit code."""
        self.say("$ " + " ".join(_shown(part) for part in command))
        with tempfile.TemporaryDirectory(prefix="neural4d-test-") as scratch:
            process = subprocess.Popen(
                [str(part) for part in command],
                cwd=ROOT,
                env=clean_environment(Path(scratch)) | (env or {}),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            _running.add(process)
            limit = threading.Timer(self.stage.seconds, self._end, [process])
            limit.start()
            try:
                assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
                for line in process.stdout:
                    self.say(line)
                return process.wait()
            finally:
                limit.cancel()
                _end_group(process)
                _running.discard(process)

    def _end(self, process: subprocess.Popen[str]) -> None:
        self.outcome.note = f"not done after {self.stage.seconds:.0f} s, ended"
        self.say(self.outcome.note)
        _end_group(process)


def perform(stage: Stage, expression: str = "") -> Outcome:
    """Run a stage to its end; whatever goes wrong becomes a failure in its outcome."""
    run = Run(stage, expression)
    REPORTS.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    try:
        stage.work(run)
    except ToolError as error:
        run.outcome.failed += 1
        run.outcome.note = str(error).splitlines()[0]
        for line in str(error).splitlines():
            run.say(line)
    run.outcome.seconds = time.monotonic() - begun
    if not run.outcome.passed and not run.outcome.failed:
        run.outcome.note = run.outcome.note or "no test ran"
    return run.outcome


def end_all() -> None:
    """End what the stages have running; for an interrupt, which does not reach their sessions."""
    for process in list(_running):
        _end_group(process)


def clean_environment(scratch: Path) -> dict[str, str]:
    """This process's environment without anything of the developer's, everything kept in `scratch`."""
    env = {name: value for name, value in os.environ.items() if not name.startswith(PRIVATE)}
    return env | {
        "BLENDER_USER_RESOURCES": str(scratch / "blender"),
        "NEURAL4D_DATA_DIR": str(scratch / "data"),
        "PYTHONUNBUFFERED": "1",
        "PYTHONPATH": str(ROOT),
    }


def _shown(part: object) -> str:
    return str(part).removeprefix(f"{ROOT}/")


def _end_group(process: subprocess.Popen[str]) -> None:
    """End the process and whatever it left behind in its own session."""
    if os.name == "nt":
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return

"""Runs one stage of scripts/test.py as a child process and counts what it ran. Standard library only."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import threading
import time
import xml.etree.ElementTree as ET
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from scripts.toolbox.console import ROOT

REPORTS = ROOT / "out" / "reports"
#: A developer's own account, settings and files must not reach a test, nor a test them.
PRIVATE = ("NEURAL4D_", "CSM_", "GONEURAL_", "MODELSLAB_", "BLENDER_USER_", "BLENDER_SYSTEM_", "PYTEST_")
_printing = threading.Lock()
_running: set[subprocess.Popen[str]] = set()


@dataclass
class Stage:
    """A session of noxfile.py, and what came of it: numbers of tests, or of checks where it runs no tests.

    `places` says how many of those that run at a time it counts for; its processes are ended after `limit` seconds.
    """

    name: str
    places: int = 1
    limit: float = 1800
    #: Whether it may have no tests, since only some were asked for.
    filtered: bool = False
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    seconds: float = 0.0
    note: str = ""
    #: A line for each test that failed: its name, and what it said.
    failures: list[str] = field(default_factory=list)

    @property
    def kind(self) -> str:
        return self.name.split("(")[0]

    @property
    def ok(self) -> bool:
        return self.failed == 0 and (self.passed > 0 or self.filtered)

    def perform(self, command: Sequence[str | Path]) -> None:
        """Run the command and count the tests of the JUnit reports that it leaves."""
        begun = time.monotonic()
        REPORTS.mkdir(parents=True, exist_ok=True)
        for old in REPORTS.glob(f"{self.name}*.xml"):
            old.unlink()
        code = self._run(command)
        if self.kind in ("lint", "types"):
            self.passed = int(not code)
        else:
            for report in REPORTS.glob(f"{self.name}*.xml"):
                self._count(report)
            if not self.passed and not self.failed:
                self.note = self.note or "no test ran"
        if code and not self.failed:
            self.failed, self.note = 1, self.note or f"ended with exit code {code}"
        self.seconds = time.monotonic() - begun

    def say(self, text: str) -> None:
        """Print one line of this stage's output."""
        with _printing:
            print(f"{self.name:14} | {text}".rstrip(), flush=True)

    def _count(self, report: Path) -> None:
        suites = list(ET.parse(report).getroot().iter("testsuite"))  # noqa: S314 (our own file)
        total, failed, skipped = (
            sum(int(suite.get(key, 0)) for suite in suites for key in keys)
            for keys in (("tests",), ("failures", "errors"), ("skipped",))
        )
        for case in (case for suite in suites for case in suite.iter("testcase")):
            for outcome in (*case.iter("failure"), *case.iter("error")):
                self.failures.append(f"{case.get('classname')}.{case.get('name')}: {outcome.get('message')}")
        self.passed += max(total - failed - skipped, 0)
        self.failed += failed
        self.skipped += skipped

    def _run(self, command: Sequence[str | Path]) -> int:
        """Run a command in the checkout with its output shown, in a clean environment; its exit code."""
        with tempfile.TemporaryDirectory(prefix="neural4d-test-") as scratch:
            process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=clean_environment(Path(scratch)),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            _running.add(process)
            timer = threading.Timer(self.limit, self._end, [process])
            timer.start()
            try:
                assert process.stdout is not None  # noqa: S101 (a pipe was asked for)
                for line in process.stdout:
                    self.say(line)
                return process.wait()
            finally:
                timer.cancel()
                _end_group(process)
                _running.discard(process)

    def _end(self, process: subprocess.Popen[str]) -> None:
        self.note = f"not done after {self.limit:.0f} s, ended"
        _end_group(process)


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


def _end_group(process: subprocess.Popen[str]) -> None:
    """End the process and whatever it left behind in its own session."""
    if os.name == "nt":
        process.kill()
        return
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        return

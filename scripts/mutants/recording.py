"""A pytest plugin: notes which test gets to which line, in child processes too, and how long each test takes.

Imports coverage.py and pytest. Coverage is started from outside, by COVERAGE_PROCESS_START, in every Python of the run.
"""

from __future__ import annotations

import json
import os
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import coverage
import pytest

#: Names the file for the seconds of each test that passed: a JSON object by the test's id.
DURATIONS = "NEURAL4D_MUTANTS_DURATIONS"
_seconds: defaultdict[str, float] = defaultdict(float)
_failed: set[str] = set()


def configuration(data: Path) -> str:
    """What coverage.py is to read: engines end by os._exit, and pytest's variable tells them whose they are."""
    settings = ("source = neural4d_blender", "parallel = true", "relative_files = true", "patch = _exit")
    return "\n".join(["[run]", *settings, f"data_file = {data}", "context = ${PYTEST_CURRENT_TEST-}", ""])


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """From here on lines belong to this test."""
    if measuring := coverage.Coverage.current():
        measuring.switch_context(item.nodeid)
    return (yield)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    """Each of set-up, call and tear-down counts."""
    _seconds[report.nodeid] += report.duration
    if report.failed:
        _failed.add(report.nodeid)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write them, but for the workers of pytest-xdist, whose reports come to their controller."""
    if not hasattr(session.config, "workerinput"):
        passed = {test: seconds for test, seconds in _seconds.items() if test not in _failed}
        Path(os.environ[DURATIONS]).write_text(json.dumps(passed), encoding="utf-8")

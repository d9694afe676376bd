"""Which tests get to a line: measured once, by running all of them under coverage.py, which this imports."""

from __future__ import annotations

import functools
import json
import os
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import coverage

from . import recording

#: What pytest's variable says behind a test's id.
_PHASE = re.compile(r" \((setup|call|teardown)\)$")


def measure(root: Path, folder: Path, tests: Sequence[str], processes: int) -> None:
    """Run the tests of the tree at ``root`` once; what came of it is in ``folder``, which is made."""
    parts = folder / "parts"
    parts.mkdir(parents=True, exist_ok=True)
    for old in parts.iterdir():
        old.unlink()
    settings = folder / "coverage.ini"
    settings.write_text(recording.configuration(parts / "data"), encoding="utf-8")
    told = {"COVERAGE_PROCESS_START": str(settings), recording.DURATIONS: str(folder / "durations.json")}
    several = ["-n", str(processes)] if processes > 1 else []
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", recording.__name__]
    subprocess.run([*command, *several, *tests], cwd=root, env={**os.environ, **told}, check=False)
    combine(folder)


def combine(folder: Path) -> None:
    """Make one file of those that the processes left, without those that were killed while they wrote."""
    whole = coverage.CoverageData(str(folder / "lines"))
    whole.erase()
    for part in (folder / "parts").iterdir():
        data = coverage.CoverageData(str(part))
        try:
            data.read()
            whole.update(data)
        except coverage.CoverageException:
            continue
    whole.write()


class Reach:
    """What :func:`measure` has found out.

    Args:
        folder: where it is.
    """

    def __init__(self, folder: Path) -> None:
        self._data = coverage.CoverageData(str(folder / "lines"))
        self._data.read()
        self._seconds: dict[str, float] = json.loads((folder / "durations.json").read_text(encoding="utf-8"))
        self._by_file: dict[str, dict[int, set[str]]] = {}

    def tests(self, file: Path, lines: Iterable[int], budget: float) -> tuple[list[str], float]:
        """The ids of tests that get there, as many as fit into so many seconds, and the seconds they take.

        A line that runs when its module is loaded is every test's: then those that get anywhere in the file.
        """
        known = self._of(file)
        there: set[str] = set().union(*(known.get(line, set()) for line in lines))
        inside = set().union(*known.values()) if known else set()
        return self._choose(there or inside, budget)

    def _of(self, file: Path) -> dict[int, set[str]]:
        name = file.as_posix()
        if name not in self._by_file:
            contexts = self._data.contexts_by_lineno(name)
            self._by_file[name] = {
                line: {_test_of(one) for one in names} & self._seconds.keys() for line, names in contexts.items()
            }
        return self._by_file[name]

    def _choose(self, tests: set[str], budget: float) -> tuple[list[str], float]:
        """The quickest ones, and those of a file one after the other."""
        by_file: defaultdict[str, list[str]] = defaultdict(list)
        took = 0.0
        for test in sorted(tests, key=lambda one: (self._seconds[one], one)):
            if took and took + self._seconds[test] > budget:
                break
            by_file[test.partition("::")[0]].append(test)
            took += self._seconds[test]
        return [test for group in by_file.values() for test in group], took


@functools.cache
def _test_of(context: str) -> str:
    return _PHASE.sub("", context)

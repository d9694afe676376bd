"""The benchmark that kills batches: what it finds fault with, and that nothing survives its kill."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from scripts.benchmarks import kills
from scripts.benchmarks._killing import kill

WHOLE = {
    "ledger_rows": 10,
    "ledger_points": 300,
    "report_rows": 10,
    "report_points": 300,
    "done": 10,
    "models": 10,
    "paid_twice": 0,
    "ended_with": [0],
}
#: Starts a process in a session of its own, as Blender's engine is, and waits for it.
PARENT = """
import subprocess, sys
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
print(child.pid, flush=True)
child.wait()
"""


def test_a_report_that_differs_from_the_ledger_is_named() -> None:
    figures = {"prompts": 10, "console": WHOLE, "panel": None, "background": None, "command": None, "shards": None}
    assert kills.wrong(figures) == []
    figures |= {"command": {**WHOLE, "report_points": 270}, "shards": {**WHOLE, "ended_with": [0, 5]}}
    told = kills.wrong(figures)
    assert told == ["command: report_points is 270, not 300", "shards: what went on ended with [0, 5]"]


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="the benchmark runs where the window tests do")
def test_what_is_killed_takes_all_it_has_started_along() -> None:
    process = subprocess.Popen([sys.executable, "-c", PARENT], stdout=subprocess.PIPE)
    assert process.stdout is not None
    child = int(process.stdout.readline())
    kill(process)
    process.stdout.close()
    stat = Path(f"/proc/{child}/stat")
    assert not stat.exists() or stat.read_text().rpartition(")")[2].split()[0] in "ZX"

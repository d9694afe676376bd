"""Windows logs off while a request that may be paid is on its way: its answer is waited for, and written down."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path

from scripts.simulator.launcher import Simulator
from tests.support.engine_process import ENGINE, EngineProcess
from tests.support.gate import Gate

#: An engine that hears of the end of the session, as Windows tells it, on a thread of its own, when a file is there.
PROGRAM = """
import runpy, sys, threading, time
from pathlib import Path
folder, engine = Path(sys.argv[2]), ENGINE
def log_off():
    while not (folder / "log off").exists():
        time.sleep(0.05)
    sys.modules["neural4d_engine.system"].SYSTEM._on_event(5)  # CTRL_LOGOFF_EVENT
    (folder / "let go").touch()
threading.Thread(target=log_off, daemon=True).start()
sys.argv[:] = [engine, "--data-dir", str(folder)]
runpy.run_path(engine, run_name="__main__")
"""


def until(condition: Callable[[], object]) -> None:
    ends = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.05)


def test_logging_off_leaves_the_jobs_as_they_are(tmp_path: Path) -> None:
    with (
        Simulator(job_seconds=0.2, triangles=200, texture_size=16) as sim,
        Gate(sim.api_url, "generateModelWithText") as gate,
    ):
        program = tmp_path / "engine_told.py"
        program.write_text(PROGRAM.replace("ENGINE", repr(str(ENGINE))), encoding="utf-8")
        data = tmp_path / "data"
        data.mkdir()
        first = EngineProcess(data, gate.url, sim.keys, command=[sys.executable, str(program)])
        job = first.submit("a bird")
        assert gate.arrived.wait(60)
        (data / "log off").touch()
        until(lambda: not first.reading.is_alive())  # nobody is told any more
        assert first.process.poll() is None
        assert not (data / "let go").exists(), "Windows would have ended it"
        gate.open()
        first.process.wait(60)
        with EngineProcess(data, sim.api_url, sim.keys) as second:
            assert second.wait(job, "ready", "failed")["state"] == "ready"
        assert len(sim.ledger()) == 1

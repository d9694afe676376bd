"""The example of a publish hook on a Python without bpy, in two processes: the second one costs nothing."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from scripts.simulator.launcher import ROOT
from tests.support import publishing
from tests.support.simulator_client import Caller


def test_two_runs_cost_what_one_costs(service: Caller, tmp_path: Path) -> None:
    service.sim.configure(triangles=200, texture_size=16, balance=10_000)
    (tmp_path / "props.csv").write_text(publishing.TABLE, "utf-8")
    environment = {**service.sim.environment, "PYTHONPATH": str(ROOT), "NEURAL4D_DATA_DIR": str(tmp_path / "data")}
    command = [sys.executable, str(ROOT / "docs" / "examples" / "publish.py"), "props.csv", "out"]
    told, ledgers = [], []
    for _run in range(2):
        done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        told.append(publishing.read(tmp_path / "out"))
        ledgers.append(service.sim.ledger())
    publishing.check(*told, fit=None, spent=service.sim.spent)
    assert ledgers[0] == ledgers[1]

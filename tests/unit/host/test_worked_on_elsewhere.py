"""A batch that another process works on: that passes, and has an exit code of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from scripts.toolbox.console import ROOT
from tests.support.command_line import at_home, paid, run, table
from tests.support.simulator_client import Caller


def test_a_command_that_comes_second_ends_with_9(
    service: Caller, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sim = at_home(service.sim, tmp_path, monkeypatch)
    sim.configure(triangles=200, texture_size=16, job_seconds=600)
    command = ["batch", table("a.csv", "a bird", "a mug"), "--files-only", "--output", "models", "--continue"]
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    first = subprocess.Popen([sys.executable, "-m", "neural4d_blender", *command], stderr=subprocess.DEVNULL)
    try:
        sim.wait_for_request("generateModelWithText", 2, timeout=60)
        assert run(*command, "--json") == 9
        error = json.loads(capsys.readouterr().out.splitlines()[-1])
        assert (error["code"], error["exit"]) == ("WorkedOnElsewhere", 9)
        sim.configure(job_seconds=0)
        sim.finish_jobs()
        assert first.wait(60) == 0
    finally:
        first.kill()
        first.wait()
    assert run(*command) == 0
    assert paid(sim) == [60, 60]

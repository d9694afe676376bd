"""The command dress: a file with boxes becomes a file with models, also after it was killed in the middle."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import bpy
import pytest

from neural4d_blender.batching.reports import report_files
from scripts.simulator.launcher import ROOT, Simulator
from tests.scene.api.test_api import sim, simulator
from tests.scene.api.test_cli import run, told
from tests.scene.api.test_dress import block_out

pytestmark = pytest.mark.one_blender

__all__ = ["sim", "simulator"]

_COMMAND = """
import sys, bpy
from neural4d_blender.cli.blender_session import as_a_module
bpy.ops.wm.open_mainfile(filepath=sys.argv[1])
sys.exit(as_a_module(sys.argv[2:], "neural4d"))
"""


@pytest.mark.parametrize(("share", "names", "boxes"), [([], 3, 10), (["--shard", "1/2"], 2, 6)])
def test_dressed_killed_and_continued(
    sim: Simulator, tmp_path: Path, capfd: pytest.CaptureFixture[str], share: list[str], names: int, boxes: int
) -> None:
    block_out({"chair": 5, "lamp": 4, "rug": 1})
    scene, dressed, lines = (str(tmp_path / name) for name in ("scene.blend", "dressed.blend", "report.csv"))
    bpy.ops.wm.save_as_mainfile(filepath=scene)
    own = ["dress", "--collection", "Room", "-o", dressed, "--report", lines, "--json", *share]
    capfd.readouterr()
    assert run(*own, "--dry-run") == 0
    assert told(capfd)[-1]["items"] == names
    assert run("dress", "--collection", "Attic", "-o", dressed) == 2
    assert "there are: Room" in capfd.readouterr().err
    assert run(*own, "--size-mm", "3") == run("dress", "--collection", "Room", "-o", "x.glb") == 2
    assert not sim.ledger()

    sim.configure(job_seconds=1000)
    argv = [sys.executable, "-c", _COMMAND, scene, *own, "--online-mode", "--budget", "500"]
    first = subprocess.Popen(argv, cwd=ROOT, start_new_session=True)
    while len(sim.ledger()) < names:
        assert first.poll() is None
        time.sleep(0.05)
    os.killpg(first.pid, signal.SIGKILL)
    first.wait()
    sim.finish_jobs()
    bpy.ops.wm.open_mainfile(filepath=scene)
    capfd.readouterr()
    assert run(*own, "--online-mode") == 2  # nobody pays twice by an oversight
    assert "--continue" in capfd.readouterr().err
    assert run(*own, "--online-mode", "--continue") == 0
    assert told(capfd)[-1]["points"] == sum(row["points"] for row in sim.ledger()) == 60 * names
    assert sum(line.points for line in report_files.read(lines)) == 60 * names
    bpy.ops.wm.open_mainfile(filepath=dressed)
    assert sum("neural4d_fit" in thing for thing in bpy.data.objects) == boxes
    assert len(bpy.data.collections["Blockout"].objects) == boxes

    bpy.ops.wm.open_mainfile(filepath=scene)  # which is as it was: the models come once more, and cost nothing
    assert run(*own, "--online-mode", "--continue") == 0
    assert len(sim.ledger()) == names
    assert sum("neural4d_fit" in thing for thing in bpy.data.objects) == boxes

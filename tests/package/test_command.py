"""``blender --command neural4d`` of the installed extension: a model as a file, killed once and paid once."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy

from scripts.simulator.launcher import Simulator
from tests.package.installing import MODULE


def start(*argv: str) -> subprocess.Popen[str]:
    """The command in a Blender of its own, or where bpy is a module in a Python of its own."""
    if bpy.app.binary_path:
        command = [bpy.app.binary_path, "--factory-startup", "--online-mode", "--addons", MODULE]
        command += ["--command", "neural4d"]
    else:
        command = [sys.executable, "-I", str(Path(__file__).with_name("as_module.py"))]
    return subprocess.Popen([*command, *argv], stdout=subprocess.PIPE, text=True)


def told(process: subprocess.Popen[str]) -> list[dict[str, Any]]:
    said, _ = process.communicate(timeout=180)
    return [json.loads(line) for line in said.splitlines() if line.startswith("{")]  # Blender may talk at its start


def test_a_command_that_is_killed_is_resumed_and_paid_once(
    neural4d: ModuleType, simulator: Simulator, tmp_path: Path
) -> None:
    simulator.configure(job_seconds=1000)
    file = tmp_path / "bird.stl"
    first = start("generate", "a cute bird", "--size-mm", "120", "-o", str(file), "--json")
    assert first.stdout is not None
    assert any('"state": "generating"' in line for line in first.stdout)
    first.kill()
    first.communicate()
    simulator.finish_jobs()
    second = start("resume", "--json")
    done = told(second)[-1]
    assert (second.returncode, done["event"], done["files"]) == (0, "done", [str(file)])
    before = set(bpy.data.objects)
    bpy.ops.wm.stl_import(filepath=str(file))
    (model,) = set(bpy.data.objects) - before
    assert abs(max(model.dimensions) - 120) < 0.12
    assert [row["points"] for row in simulator.ledger()] == [60]
    third = start("generate", "a mug", "--axis", "W")
    third.communicate(timeout=180)
    assert third.returncode == 2

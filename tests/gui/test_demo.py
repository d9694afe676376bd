"""The demo in a window: the installed extension makes the same models, and the panel shows the jobs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from scripts.toolbox.console import ROOT
from tests.gui.harness import SCREENSHOTS, Screen


@pytest.mark.patient
def test_the_demo_runs_in_a_window(tmp_path: Path) -> None:
    with Screen((1600, 900)) as screen:
        process = subprocess.Popen(
            [sys.executable, ROOT / "scripts" / "demo.py", "--gui", "--quit", "--json", "--out", tmp_path],
            env=os.environ | {"DISPLAY": screen.display, "LIBGL_ALWAYS_SOFTWARE": "1"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        limit = threading.Timer(280, process.terminate)
        limit.start()
        said = []
        for line in process.stderr:
            said.append(line)
            if "rendering" in line:
                screen.picture(SCREENSHOTS / "demo-window.png")
        output = process.stdout.read()
        code = process.wait()
        limit.cancel()
    assert code == 0, "".join(said)
    told = json.loads(output.splitlines()[-1])
    assert [model["measured_mm"] for model in told["models"]] == pytest.approx([120, 160, 200], rel=0.001)
    assert sum(model["cost"] for model in told["models"]) == 90
    assert (tmp_path / "demo.png").stat().st_size > 50_000
    assert (tmp_path / "demo.blend").exists()

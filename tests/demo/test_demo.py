"""The demo as a user starts it: three models at their sizes, a picture, and a ledger that agrees."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from PIL import Image

from scripts.simulator.launcher import Simulator
from scripts.toolbox.console import ROOT

#: The Python that the user would start it with; the stage names the one that scripts/test.py runs in.
PYTHON = os.environ.get("NEURAL4D_TEST_DEMO_PYTHON", sys.executable)
WANTED = {"a cute bird": 120.0, "a wooden chair": 160.0, "a red rocket": 200.0}
PRICE = 30


def start(out: Path, *arguments: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end, writing to the folder `out`."""
    # The stage's own data folder is not what a user has.
    own = {name: value for name, value in os.environ.items() if name != "NEURAL4D_DATA_DIR"}
    return subprocess.run(
        [PYTHON, str(ROOT / "scripts" / "demo.py"), "--out", str(out), *arguments],
        cwd=out.parent,
        env=own | (env or {}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )


def outcome(done: subprocess.CompletedProcess[str]) -> dict[str, Any]:
    """The object in the last line."""
    assert done.returncode == 0, done.stdout + done.stderr
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def sizes_mm(blend: str) -> dict[str, tuple[float, float, float]]:
    """Width, depth and height of every model in the file, by its prompt; measured on the meshes."""
    bpy.ops.wm.open_mainfile(filepath=blend)
    found = {}
    for item in bpy.context.scene.objects:
        if "neural4d_prompt" in item:
            points = np.array([item.matrix_world @ vertex.co for vertex in item.data.vertices])
            found[item["neural4d_prompt"]] = tuple(float(side) * 1000 for side in np.ptp(points, axis=0))
    return found


def test_a_new_user_gets_models_a_picture_and_figures(tmp_path: Path) -> None:
    out = tmp_path / "made by the demo"
    done = start(out, "--json")
    told = outcome(done)
    models = {model["prompt"]: model for model in told["models"]}
    assert {prompt: model["size_mm"] for prompt, model in models.items()} == WANTED
    for prompt, model in models.items():
        assert model["cost"] == PRICE, prompt
        assert model["measured_mm"] == pytest.approx(WANTED[prompt], rel=0.001), prompt
        assert {"generating", "downloading", "preparing_model"} <= set(model["stages"]), prompt
        assert all(took >= 0 for took in model["stages"].values()), prompt
        assert f"{prompt} " in done.stdout
    assert f"{3 * PRICE} points spent; the ledger says the same; {1000 - 3 * PRICE} left" in done.stdout
    assert (told["blend"], told["png"]) == (str(out / "demo.blend"), str(out / "demo.png"))
    assert sorted(path.name for path in out.iterdir()) == ["demo.blend", "demo.png"]

    sizes = sizes_mm(told["blend"])
    assert set(sizes) == set(WANTED)
    bird, chair, rocket = (sizes[prompt] for prompt in WANTED)
    assert max(bird) == pytest.approx(120, rel=0.001)
    assert chair[2] == pytest.approx(160, rel=0.001)
    assert rocket[2] == pytest.approx(200, rel=0.001)
    assert bpy.context.scene.camera is not None

    with Image.open(told["png"]) as picture:
        pixels = np.asarray(picture.convert("RGB"), dtype=float)
    assert pixels.std() > 10, "the picture is blank"
    red, green, blue = np.moveaxis(pixels, 2, 0)
    assert (blue - red > 60).mean() > 0.005, "the blue bird is not in the picture"
    assert (red - green > 80).mean() > 0.005, "the red rocket is not in the picture"


def test_live_uses_the_users_own_service_and_keeps_what_was_paid_for(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with Simulator(job_seconds=1.0, balance=500) as service:
        outcome(start(out, "--live", "--yes", "--json", env=service.environment))
        assert [row["points"] for row in service.ledger()] == [PRICE] * 3
    assert len(list((out / "demo-files" / "jobs").glob("*/v0.glb"))) == 3


def test_a_failure_is_a_sentence_and_an_exit_code(tmp_path: Path) -> None:
    with Simulator(balance=500) as service:
        env = service.environment | {"NEURAL4D_API_TOKEN": "not-the-right-one"}
        done = start(tmp_path / "out", "--live", "--yes", "--json", env=env)
        assert service.ledger() == []
    assert done.returncode == 1
    assert "The demo failed: " in done.stderr
    assert "Neural4D did not accept the key" in done.stderr
    assert "Traceback" not in done.stderr
    assert "not-the-right-one" not in done.stdout + done.stderr

"""A service that nobody planned for is one more file, and nothing else changes: the panel, Python, jobs and prices."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from scripts.toolbox.console import ROOT
from tests.scene.fifth.service import KEY, AtelierService

pytestmark = pytest.mark.one_blender
FIFTH = ROOT / "tests" / "scene" / "fifth"


def test_a_fifth_service_is_one_file(tmp_path: Path) -> None:
    shutil.copytree(
        ROOT / "neural4d_blender", tmp_path / "neural4d_blender", ignore=shutil.ignore_patterns("__pycache__")
    )
    shutil.copy(FIFTH / "atelier.py", tmp_path / "neural4d_blender" / "engine" / "services")
    shutil.copy(FIFTH / "use.py", tmp_path)
    picture = tmp_path / "jug.png"
    Image.effect_noise((64, 64), 90).save(picture)
    with AtelierService() as service:
        environment = {
            "ATELIER_API_URL": service.url,
            "ATELIER_API_KEY": KEY,
            "NEURAL4D_DATA_DIR": str(tmp_path / "data"),
        }
        done = subprocess.run(
            [sys.executable, "use.py", str(picture)],
            cwd=tmp_path,
            env=os.environ | environment,
            capture_output=True,
            text=True,
            timeout=200,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        told = json.loads(done.stdout.splitlines()[-1])
        assert service.ledger == [14, 21, 21]
        assert [model["picture"] for model in service.models.values()] == [False, True, False]
    assert told["services"] == ["neural4d", "atelier", *sorted(set(told["services"]) - {"neural4d", "atelier"})]
    assert told["in the panel"] == [1, 5, 3]
    assert told["button"] == ["FINISHED"]
    assert told["by prompt"] == ["placed", 14, pytest.approx(80, rel=0.001)]
    assert told["by image"] == ["placed", 21]
    assert (told["again"], told["left"]) == (35, 65)
    assert "Broken clay" in told["failed"]
    assert "21 points" in told["failed"]
    for what in ("variants", "pbr", "choice", "format", "option", "address"):
        assert told[what][0] == "UnsupportedFeature", told[what]
        assert "Atelier" in told[what][1]
    assert told["range"] == ["InvalidInput", "The option detail takes int, 1 to 5, not 6."]
    kept = [path for path in (tmp_path / "data").rglob("*") if path.is_file()]
    assert kept
    assert not any(KEY.encode() in path.read_bytes() for path in kept)

"""The engine starts where Python is made up of folders (rez, AYON, conda, containers), and says what it lacks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from neural4d_blender.client import engine_process
from neural4d_blender.client.environment_variables import search_path
from neural4d_blender.engine.protocol import EngineStopped
from scripts.toolbox.console import ROOT, clean_environment

PACKAGES = sysconfig.get_path("purelib")


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A Python that has no packages at all."""
    folder = tmp_path_factory.mktemp("bare")
    venv.create(folder, symlinks=os.name != "nt")
    return folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def jobs(python: Path, folder: Path, path: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    """Lists the jobs, which the engine knows."""
    env = clean_environment(folder) | {"PYTHONPATH": os.pathsep.join(path), **variables}
    command = [python, "-m", "neural4d_blender", "jobs", "--json"]
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True)


def test_packages_come_from_where_the_caller_has_them(bare: Path, tmp_path: Path) -> None:
    (tmp_path / "sqlite3.py").write_text("raise ImportError('a file of the user, and no module of Python')")
    told = jobs(bare, tmp_path, [str(ROOT), PACKAGES])
    assert (told.returncode, told.stderr) == (0, "")


def test_what_is_missing_is_named_with_its_python_and_remedy(bare: Path, tmp_path: Path) -> None:
    told = jobs(bare, tmp_path, [str(ROOT)])
    said = json.loads(told.stdout.splitlines()[-1])
    assert said["code"] == "EngineUnusable"
    assert said["what"] == f"{bare} lacks the Python package requests, which the engine needs."
    assert f"{bare} -m pip install requests" in said["remedy"]
    assert "PYTHONPATH" in said["remedy"]
    assert "NEURAL4D_PYTHON" in said["remedy"]


def test_another_python_can_be_named(bare: Path, tmp_path: Path) -> None:
    assert jobs(bare, tmp_path, [str(ROOT)], NEURAL4D_PYTHON=sys.executable).returncode == 0
    told = jobs(bare, tmp_path, [str(ROOT)], NEURAL4D_PYTHON=str(tmp_path / "none"))
    assert "Set NEURAL4D_PYTHON to a Python" in json.loads(told.stdout.splitlines()[-1])["remedy"]


def test_a_program_that_only_has_python_inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "frozen", True, raising=False)
    with pytest.raises(EngineStopped, match="has a Python inside") as told:
        engine_process.EngineProcess(tmp_path, search_path())
    assert "NEURAL4D_PYTHON" in told.value.remedy


def test_a_python_that_was_built_without_a_part_of_it(tmp_path: Path) -> None:
    (tmp_path / "_sqlite3.py").write_text("raise ModuleNotFoundError('No module named _sqlite3', name='_sqlite3')")
    started = engine_process.EngineProcess(tmp_path / "data", [str(tmp_path), *search_path()])
    told, _ = started.communicate(b"", timeout=60)
    assert "NEURAL4D_PYTHON" in json.loads(told)["error"]["remedy"]


def test_folders_stay_in_their_order_and_the_scripts_own_is_last(monkeypatch: pytest.MonkeyPatch) -> None:
    script = os.path.abspath(os.path.dirname(getattr(sys.modules["__main__"], "__file__", "")))
    monkeypatch.setattr(sys, "path", ["", "/pipeline", script, Path("/odd"), "/packages.zip", "/pipeline"])
    folders = [os.path.abspath(one) for one in ("/pipeline", "/packages.zip")]
    assert search_path() == [*folders, *dict.fromkeys([os.getcwd(), script])]


def test_what_else_python_is_told_by_variables_is_for_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONWARNINGS", "PYTHONINSPECT", "PYTHONHOME"):
        monkeypatch.setenv(name, "for the caller")
    kept = {name for name in engine_process._environment(["/pipeline"]) if name.startswith("PYTHON")}
    assert kept == {"PYTHONHOME", "PYTHONPATH"}
    assert engine_process._python([]) == [sys.executable, "-I"], "as in Blender"

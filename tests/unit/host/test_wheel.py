"""The package as pip builds and installs it, in an environment of its own: command, Python API, stand-in, fixtures."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

from scripts.toolbox import environments, package
from scripts.toolbox.console import ROOT, clean_environment, run

#: What a studio's test looks like: fixtures from the package, the API in this process and the command beside it.
OF_A_STUDIO = """
import json, subprocess
from pathlib import Path

import neural4d_blender as neural4d
from neural4d_blender.testing import Simulator


def test_a_model(neural4d_simulator, tmp_path):
    assert isinstance(neural4d_simulator, Simulator)
    assert not Path(neural4d.__file__).is_relative_to(ROOT)
    job = neural4d.generate("a bird", output=str(tmp_path / "models")).wait(120)
    assert job.files[0].read_bytes().startswith(b"glTF")
    assert neural4d_simulator.spent == 30
    assert len(neural4d_simulator.requests("generateModelWithText")) == 1


def test_each_test_has_it_for_itself(neural4d_simulator):
    assert (neural4d_simulator.spent, neural4d.history()) == (0, [])
    told = subprocess.run([COMMAND, "balance", "--json"], capture_output=True, text=True)
    assert json.loads(told.stdout.splitlines()[-1])["total"] == 1000, told
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder], why="no wheel", cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel: Path) -> Path:
    """A fresh environment's folder of programs. What the wheel needs is lent by the environment of the tests."""
    made = wheel.parent / "venv"
    run([environments.uv(), "venv", "--quiet", "--python", sys.executable, made], why="no environment")
    programs = made / ("Scripts" if os.name == "nt" else "bin")
    offline = ["--quiet", "--offline", "--no-deps", "--python", programs / "python"]
    run([environments.uv(), "pip", "install", *offline, wheel], why="not installed")
    (packages,) = made.glob("**/site-packages")
    (packages / "lent.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    return programs


def environment(folder: Path) -> dict[str, str]:
    found = clean_environment(folder)
    del found["PYTHONPATH"]  # nothing of the checkout
    return found


def test_it_has_what_the_extension_has_and_the_stand_in(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        (about,) = (archive.read(name).decode() for name in names if name.endswith(".dist-info/METADATA"))
    tracked = subprocess.run(["git", "ls-files", "neural4d_blender"], cwd=ROOT, capture_output=True, text=True)
    assert set(tracked.stdout.split()) - names == set()
    assert {"neural4d_blender/blender_manifest.toml", "neural4d_blender/testing/fixtures.py"} <= names
    assert not [name for name in names if name.startswith(("scripts/", "tests/"))]
    lines = about.splitlines()
    assert f"Version: {package.version()}" in lines
    needed = [line for line in lines if line.startswith("Requires-Dist") and "extra ==" not in line]
    assert [line.split()[1].split(">")[0] for line in needed] == ["requests"]
    assert {line.split(": ")[1] for line in lines if line.startswith("Provides-Extra")} >= {"testing", "mcp"}


def test_the_command_and_its_version(installed: Path, tmp_path: Path) -> None:
    told = subprocess.run(
        [installed / "neural4d", "--version"], env=environment(tmp_path), cwd=tmp_path, capture_output=True, text=True
    )
    assert (told.stdout, told.stderr, told.returncode) == (f"neural4d {package.version()}\n", "", 0)


def test_a_studio_tests_with_the_stand_in(installed: Path, tmp_path: Path) -> None:
    source = f"ROOT = {str(ROOT)!r}\nCOMMAND = {str(installed / 'neural4d')!r}\n{OF_A_STUDIO}"
    (tmp_path / "test_studio.py").write_text(source, encoding="utf-8")
    quiet = ["-q", "-p", "no:cacheprovider", "--rootdir", tmp_path]
    told = subprocess.run(
        [installed / "python", "-m", "pytest", *quiet, tmp_path],
        env=environment(tmp_path),
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert "2 passed" in told.stdout, told.stdout + told.stderr


def test_the_stand_in_says_what_it_lacks(installed: Path, tmp_path: Path) -> None:
    command = [installed / "python", "-S", "-m", "neural4d_blender.testing"]
    (packages,) = installed.parent.glob("**/site-packages")
    there = environment(tmp_path) | {"PYTHONPATH": str(packages)}
    told = subprocess.run(command, env=there, cwd=tmp_path, capture_output=True, text=True)
    assert told.returncode == 1
    assert "pip install 'neural4d-blender[testing]'" in told.stderr


def test_the_version_is_said_everywhere() -> None:
    import neural4d_blender

    assert neural4d_blender.__version__ == package.version()
    told = subprocess.run([sys.executable, "-m", "neural4d_blender", "--version"], cwd=ROOT, capture_output=True)
    assert told.stdout.decode().split() == ["neural4d", package.version()]
    assert json.dumps(package.version()) in package.MANIFEST.read_text(encoding="utf-8")

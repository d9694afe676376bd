"""The stages of `python3 scripts/test.py`, each with an environment of its own under .dev/: `nox --list`.

What follows `--` goes to pytest. Each session that runs tests leaves a JUnit report in out/reports.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

import nox

sys.path.insert(0, str(Path(__file__).resolve().parent))

from scripts.toolbox import package
from scripts.toolbox.console import ROOT
from scripts.toolbox.environments import BPY, PYPROJECT, RUNNING, newest_bpy

nox.options.default_venv_backend = "uv"
nox.options.reuse_venv = "yes"
nox.options.envdir = ROOT / ".dev"
nox.options.error_on_missing_interpreters = True

TOOLS = ["simulator", "schemas", "simulation"]
OLDEST, NEWEST = next(iter(BPY)), next(reversed(BPY))
# Versions that pyenv has and does not show come last, before uv downloads one.
_OF_PYENV = sorted(Path.home().glob(".pyenv/versions/3.*/bin"), reverse=True)
os.environ["PATH"] = os.pathsep.join(map(str, [os.environ.get("PATH", os.defpath), *_OF_PYENV]))


def _install(session: nox.Session, group: str) -> None:
    session.install("--exact", *nox.project.dependency_groups(PYPROJECT, group))


def _pytest(session: nox.Session, *arguments: str, env: dict[str, str] | None = None) -> None:
    report = f"--junitxml=out/reports/{session.name}.xml"
    no_tests = 5  # scripts/test.py judges it
    session.run("pytest", report, *arguments, *session.posargs, env=env, success_codes=[0, no_tests])


@nox.session(python="3.11")
def lint(session: nox.Session) -> None:
    """ruff check, ruff format --check and import-linter"""
    _install(session, "checks")
    session.run("ruff", "check", "--output-format", "concise", ".")
    session.run("ruff", "format", "--check", "--output-format", "concise", ".")
    session.run("lint-imports", "--no-cache", "--no-logo")


@nox.session(python="3.11")
def types(session: nox.Session) -> None:
    """mypy: strict for the engine, against Blender's stubs for the rest"""
    _install(session, "unit")
    session.run("mypy", "--strict", "neural4d_blender/engine")
    session.run("mypy")


@nox.session(python="3.11")
def unit(session: nox.Session) -> None:
    """tests/unit in a Python without bpy"""
    _install(session, "unit")
    _pytest(session, "-n", "6", "tests/unit")  # they wait for engines and services more than they work


@nox.session(python="3.11")
@nox.parametrize("marked", ["patient", "not patient"], ids=["patient", "rest"])
def gui(session: nox.Session, marked: str) -> None:
    """tests/gui in the window of a real Blender, under Xvfb"""
    _install(session, "unit")
    # -raP shows the times that a test prints. A simulated click can go astray on a busy machine: what fails is
    # tried once more, and the summary names it.
    _pytest(session, "-raPR", "--reruns", "1", "-m", marked, "tests/gui")


@nox.session
@nox.parametrize(["python", "version"], [nox.param(python, version, id=version) for version, python in BPY.items()])
def scene(session: nox.Session, version: str) -> None:
    """tests/scene on Blender as a module, once a version"""
    _install(session, f"bpy-{version}")
    chosen = {NEWEST: [], OLDEST: ["-m", "not one_blender"]}
    _pytest(session, *chosen.get(version, ["-m", "not one_blender and not both_ends"]), "tests/scene")


@nox.session(name="package")
@nox.parametrize(["python", "version"], [nox.param(python, version, id=version) for version, python in BPY.items()])
def package_(session: nox.Session, version: str) -> None:
    """the built zip installed as an extension, once a version of that module"""
    _install(session, f"bpy-{version}")
    _pytest(session, "tests/package", env={"NEURAL4D_TEST_ZIP": str(package.build().path)})


@nox.session(python=BPY[newest_bpy(RUNNING) or NEWEST])
def demo(session: nox.Session) -> None:
    """scripts/demo.py as a new user starts it, with the Python that runs this"""
    own = newest_bpy(RUNNING)
    _install(session, f"bpy-{own or NEWEST}")
    # A Python that PyPI has no Blender for would need one installed; the newest one that has it stands in.
    start = getattr(sys, "_base_executable", sys.executable) if own else f"{session.bin}/python"
    _pytest(session, "tests/demo", env={"NEURAL4D_TEST_DEMO_PYTHON": start})


@nox.session(python="3.11")
def tester(session: nox.Session) -> None:
    """the same in a real Blender, by way of blender-addon-tester"""
    _install(session, "tester")
    session.run("python", "-m", "tests.package.tester", "--report", "out/reports", *session.posargs)


@nox.session(python=RUNNING, default=False)
@nox.parametrize("group", TOOLS, ids=[f"{group}-{RUNNING}" for group in TOOLS])
def tool(session: nox.Session, group: str) -> None:
    """what a script in scripts/ needs in the Python that runs it"""
    _install(session, group)

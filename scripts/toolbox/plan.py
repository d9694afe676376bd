"""Which stages scripts/test.py has and what each one does. Standard library only."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.toolbox import blender, environments, package
from scripts.toolbox.stages import Run, Stage

#: Kinds of stages, with what each one is for.
KINDS = {
    "lint": "ruff check, ruff format --check and import-linter",
    "types": "mypy: strict for the engine, against Blender's stubs for the rest",
    "unit": "tests/unit in a Python without bpy",
    "scene": "tests/scene on Blender as a module, once a version",
    "package": "the built zip installed as an extension, once a version of that module",
    "demo": "scripts/demo.py as a new user starts it, with the Python that runs this",
    "tester": "the same in a real Blender, by way of blender-addon-tester",
    "gui": "tests/gui in the window of a real Blender, under Xvfb",
}


def stages(bpy_versions: Sequence[str], releases: Sequence[str] = ()) -> list[Stage]:
    """All stages, in order, for these versions of bpy and these releases of Blender to download."""
    plan = [Stage("lint", _lint), Stage("types", _types), Stage("gui patient", _gui("patient"))]
    plan.append(Stage("unit", _unit, places=2))
    # It clicks and waits for as long as all others take together, and a click goes astray where three others run.
    plan.append(Stage("gui", _gui("not patient"), places=2, seconds=3000))
    # The newest version has the most to do: begun last, it would be what all else waits for.
    plan += [Stage(f"scene {version}", _scene(version, bpy_versions)) for version in reversed(bpy_versions)]
    plan += [Stage(f"package {version}", _package(version)) for version in bpy_versions]
    plan.append(Stage("demo", _demo))
    plan.append(Stage("tester", _tester(releases), seconds=900 * max(len(releases), 1)))
    return plan


def _lint(run: Run) -> None:
    ruff = _tool("unit", "ruff")
    run.check("ruff check", [ruff, "check", "--output-format", "concise", "."])
    run.check("ruff format", [ruff, "format", "--check", "--output-format", "concise", "."])
    run.check("import-linter", [_tool("unit", "lint-imports"), "--no-cache", "--no-logo"])


def _types(run: Run) -> None:
    mypy = _tool("unit", "mypy")
    run.check("mypy --strict of the engine", [mypy, "--strict", "neural4d_blender/engine"])
    run.check("mypy", [mypy])


def _unit(run: Run) -> None:
    # They wait for engines and services more than they work.
    run.pytest(environments.ensure("unit"), "-n", "6", "tests/unit")


def _scene(version: str, versions: Sequence[str]) -> Callable[[Run], None]:
    """All of it on the newest version; less on the oldest one, and least on those in between."""
    chosen = ["-m", "not one_blender and not both_ends"]
    if version == versions[-1]:
        chosen = []
    elif version == versions[0]:
        chosen = ["-m", "not one_blender"]

    def work(run: Run) -> None:
        run.pytest(environments.ensure(f"bpy-{version}"), *chosen, "tests/scene")

    return work


def _package(version: str) -> Callable[[Run], None]:
    def work(run: Run) -> None:
        env = {"NEURAL4D_TEST_ZIP": str(package.build().path)}
        run.pytest(environments.ensure(f"bpy-{version}"), "tests/package", env=env)

    return work


def _demo(run: Run) -> None:
    own = environments.newest_bpy("{}.{}".format(*sys.version_info[:2]))
    python = environments.ensure(f"bpy-{own or environments.bpy_versions()[-1]}")
    # A Python that PyPI has no Blender for would need one installed; the newest one that has it stands in.
    start = Path(sys.executable) if own else python
    run.pytest(python, "tests/demo", env={"NEURAL4D_TEST_DEMO_PYTHON": str(start)})


def _tester(releases: Sequence[str]) -> Callable[[Run], None]:
    def work(run: Run) -> None:
        if not releases:
            blender.find()  # says what to do where there is none
        chosen = ["-k", run.expression] if run.expression else []
        with tempfile.TemporaryDirectory(prefix="neural4d-report-") as reports:
            command = [environments.ensure("tester"), "-m", "tests.package.tester", "--report", reports, *chosen]
            code = run.command([*command, "--versions", *releases])
            for release in releases or ["here"]:
                run.count(Path(reports) / f"tester-{release}.xml", code)

    return work


def _gui(marked: str) -> Callable[[Run], None]:
    def work(run: Run) -> None:
        blender.find()
        # -raP shows the times that a test prints. A simulated click can go astray on a busy machine: what fails is
        # tried once more, and the summary names it.
        run.pytest(environments.ensure("unit"), "-raPR", "--reruns", "1", "-m", marked, "tests/gui")

    return work


def _tool(environment: str, name: str) -> Path:
    python = environments.ensure(environment)
    return python.with_name(name + python.suffix)

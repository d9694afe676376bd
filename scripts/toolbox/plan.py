"""Which stages scripts/test.py has and what each one does. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from scripts.toolbox import environments
from scripts.toolbox.stages import Run, Stage

#: Kinds of stages in the order they run, with what each one is for.
KINDS = {
    "lint": "ruff check and ruff format --check",
    "types": "mypy: strict for the engine, against Blender's stubs for the rest",
    "unit": "tests/unit in a Python without bpy",
    "scene": "tests/scene on Blender as a module, once a version",
}


def stages(bpy_versions: Sequence[str]) -> list[Stage]:
    """All stages, in order, for these versions of bpy."""
    plan = [Stage("lint", _lint), Stage("types", _types), Stage("unit", _unit)]
    plan += [Stage(f"scene {version}", _on_bpy(version, "tests/scene")) for version in bpy_versions]
    return plan


def _lint(run: Run) -> None:
    ruff = _tool("unit", "ruff")
    run.check("ruff check", [ruff, "check", "--output-format", "concise", "."])
    run.check("ruff format", [ruff, "format", "--check", "."])


def _types(run: Run) -> None:
    run.check("mypy", [_tool("unit", "mypy")])


def _unit(run: Run) -> None:
    run.pytest(environments.ensure("unit"), "tests/unit")


def _on_bpy(version: str, folder: str) -> Callable[[Run], None]:
    def work(run: Run) -> None:
        run.pytest(environments.ensure(f"bpy-{version}"), folder)

    return work


def _tool(environment: str, name: str) -> Path:
    python = environments.ensure(environment)
    return python.with_name(name + python.suffix)

"""Holds of the imports what import-linter cannot tell; who may import whom stands in pyproject.toml.

Read from the source with ast, so that an import inside a function counts as well.
"""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[3] / "neural4d_blender"
OF_BLENDER = {"bpy", "addon_utils", "aud", "bl_operators", "bl_ui", "blf", "bmesh", "bpy_extras", "gpu", "gpu_extras"}
OF_BLENDER |= {"idprop", "mathutils"}
KNOWN = sys.stdlib_module_names | OF_BLENDER | {"numpy", "requests", "urllib3"}
#: What the package's extra brings, for the room that nothing else imports.
OF_AGENTS = {"anyio", "mcp", "pydantic"}
#: All modules; templates are texts for a user to run.
SOURCES = sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name != "templates")


def violations(path: Path, package: Path = PACKAGE) -> Iterator[str]:
    """What an installed extension would not find."""
    depth = len(path.relative_to(package).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            if node.level > depth:
                yield f"{path}:{node.lineno} leaves the package"
            continue
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        for top in (name.split(".")[0] for name in names):
            if top == package.name:
                yield f"{path}:{node.lineno} names the package absolutely, and installed it is called otherwise"
            elif top not in KNOWN | (OF_AGENTS if path.relative_to(package).parts[0] == "agents" else set()):
                yield f"{path}:{node.lineno} imports {top}, which is no part of Python or Blender"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_an_installed_extension_finds_all_that_it_imports(path: Path) -> None:
    assert list(violations(path)) == []


def test_the_rule_finds_what_it_forbids(tmp_path: Path) -> None:
    bad = tmp_path / PACKAGE.name / "engine" / "bad.py"
    bad.parent.mkdir(parents=True)
    bad.write_text("def f():\n    import attrs, numpy\nfrom ... import ui\nfrom neural4d_blender import api\n")
    assert len(list(violations(bad, tmp_path / PACKAGE.name))) == 3


def test_the_scenarios_in_a_window_find_what_they_import_of_the_extension() -> None:
    lost = []
    for path in (PACKAGE.parent / "tests" / "gui").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or not (node.module or "").startswith("bl_ext.user_default."):
                continue
            room = PACKAGE.joinpath(*node.module.split(".")[3:])
            file = next((file for file in (room.with_suffix(".py"), room / "__init__.py") if file.is_file()), None)
            said = file.read_text(encoding="utf-8") if file else ""
            names = (alias.name for alias in node.names if alias.name not in said)
            lost += [f"{path.name}:{node.lineno} {name}" for name in names if not list(room.glob(f"{name}*"))]
    assert lost == []


def test_no_bpy_stands_where_the_unit_tests_run() -> None:
    assert importlib.util.find_spec("bpy") is None


@pytest.mark.parametrize("room", ["engine", "client", "batching"])
def test_a_whole_room_imports_without_bpy(room: str) -> None:
    inside = [path for path in SOURCES if path.is_relative_to(PACKAGE / room)]
    paths = [path.relative_to(PACKAGE.parent).with_suffix("") for path in inside]
    names = [".".join(path.parts).removesuffix(".__init__") for path in paths if path.name != "__main__"]
    assert names
    # A package of that name is made by hand: the real one's __init__ belongs to Blender.
    program = (
        "import importlib, sys, types\n"
        "package = types.ModuleType('neural4d_blender')\n"
        f"package.__path__ = [{str(PACKAGE)!r}]\n"
        "sys.modules['neural4d_blender'] = package\n"
        f"for name in {names!r}:\n"
        "    importlib.import_module(name)\n"
        "assert 'bpy' not in sys.modules\n"
        "print('imported')\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "imported"), done.stderr

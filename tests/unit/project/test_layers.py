"""Holds the import rule: `ui -> api -> job -> scene -> client -> engine.protocol`; engine and client without bpy.

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

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "neural4d_blender"
PROTOCOL = {"engine.protocol", "engine.errors", "engine.late"}
#: What a room may import of the package's other rooms.
ALLOWED = {
    "engine": set(),
    "prepare": {"engine"},
    "client": PROTOCOL,
    "bulk": {"client"} | PROTOCOL,
    "scene": {"client", "prepare.in_place"} | PROTOCOL,
    "job": {"scene", "client"} | PROTOCOL,
    "past": {"job", "scene"} | PROTOCOL,
    "many": {"bulk", "job", "scene", "client"} | PROTOCOL,
    "api": {"many", "past", "bulk", "job", "scene", "client"} | PROTOCOL,
    "ui": {"api", "many", "past", "bulk", "job", "scene", "client"} | PROTOCOL,
    "cli": {"api", "many", "bulk", "job", "scene", "client"} | PROTOCOL,
}
#: Outside modules that only these rooms may import: what comes with Blender, and what the engine brings.
OF_BLENDER = {"bpy", "addon_utils", "bl_ui", "blf", "bmesh", "bpy_extras", "gpu", "gpu_extras", "idprop", "mathutils"}
ONLY_IN = {"requests": {"engine"}, "urllib3": {"engine"}}
ONLY_IN |= {
    name: {"scene", "prepare", "ui", "job", "many", "api", "cli", "__init__"} for name in [*OF_BLENDER, "numpy"]
}


def sources() -> list[Path]:
    """All modules; templates are texts for a user to run."""
    return sorted(path for path in PACKAGE.rglob("*.py") if path.parent.name != "templates")


def module_name(path: Path) -> str:
    parts = list(path.relative_to(PACKAGE).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" and len(parts) > 1 else parts)


def imports(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Line, dotted name and whether it is of the package itself (named from the package's top)."""
    base = list(path.relative_to(PACKAGE).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield node.lineno, alias.name, False
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.lineno, node.module or "", False
        elif isinstance(node, ast.ImportFrom):
            assert node.level - 1 <= len(base), f"{path}:{node.lineno} leaves the package"
            stem = base[: len(base) - (node.level - 1)] + (node.module.split(".") if node.module else [])
            for alias in node.names:
                yield node.lineno, ".".join([*stem, alias.name]), True


def violations(path: Path) -> Iterator[str]:
    room = module_name(path).split(".")[0]
    for line, name, inside in imports(path):
        where = f"{path.relative_to(ROOT)}:{line}"
        top = name.split(".")[0]
        if not inside:
            if top == PACKAGE.name:
                yield f"{where} imports {name} by its absolute name, which an installed extension has not"
            elif top in ONLY_IN and room not in ONLY_IN[top]:
                yield f"{where}: {room} may not import {top}"
            elif top not in ONLY_IN and top not in sys.stdlib_module_names and not _beside(path, top):
                yield f"{where} imports {top}, which is not part of Python or Blender"
        elif room in ALLOWED and top != room and not _allowed(name, ALLOWED[room]):
            yield f"{where}: {room} may not import {name}"


def _beside(path: Path, top: str) -> bool:
    """The preparer is started as a script, so its modules find each other by their bare names."""
    return path.parent.name == "prepare" and (path.parent / f"{top}.py").exists()


def _allowed(name: str, rooms: set[str]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_a_module_imports_only_what_its_room_may(path: Path) -> None:
    assert list(violations(path)) == []


def test_the_rule_finds_what_it_forbids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "ROOT", tmp_path)
    monkeypatch.setitem(globals(), "PACKAGE", tmp_path / PACKAGE.name)
    bad = tmp_path / PACKAGE.name / "engine" / "bad.py"
    bad.parent.mkdir(parents=True)
    bad.write_text(
        "def f():\n    import bpy\nfrom ..ui import panels\nfrom neural4d_blender import api\nimport numpy, attrs\n"
    )
    assert len(list(violations(bad))) == 5


def test_no_bpy_stands_where_the_unit_tests_run() -> None:
    assert importlib.util.find_spec("bpy") is None


@pytest.mark.parametrize("room", ["engine", "client", "bulk"])
def test_a_whole_room_imports_without_bpy(room: str) -> None:
    names = [f"neural4d_blender.{module_name(path)}" for path in sources() if path.is_relative_to(PACKAGE / room)]
    # A package of that name is made by hand: the real one's __init__ belongs to Blender.
    program = (
        "import importlib, sys, types\n"
        "package = types.ModuleType('neural4d_blender')\n"
        f"package.__path__ = [{str(PACKAGE)!r}]\n"
        "sys.modules['neural4d_blender'] = package\n"
        f"for name in {[name for name in names if not name.endswith('__main__')]!r}:\n"
        "    importlib.import_module(name)\n"
        "assert 'bpy' not in sys.modules\n"
        "print('imported')\n"
    )
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout.strip()) == (0, "imported"), done.stderr

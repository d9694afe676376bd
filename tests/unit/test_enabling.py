"""What keeps enabling the extension cheap, where the source alone tells; tests/package sees what it loads."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

UI = Path(__file__).resolve().parents[2] / "neural4d_blender" / "ui"


@pytest.mark.parametrize("path", sorted(UI.glob("*.py")), ids=lambda path: path.name)
def test_properties_are_no_texts_that_registering_has_to_evaluate(path: Path) -> None:
    assert not (has_properties(path.read_text("utf-8")) and postpones_annotations(path.read_text("utf-8")))


def test_the_rule_finds_what_it_forbids() -> None:
    bad = "from __future__ import annotations\nclass A:\n    b: props.IntProperty(default=3)\n"
    assert has_properties(bad)
    assert postpones_annotations(bad)
    assert not has_properties("class A:\n    b: int = 3\n")


def has_properties(source: str) -> bool:
    """A class of the module has a property that Blender registers."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    members = [node for found in classes for node in found.body if isinstance(node, ast.AnnAssign)]
    return any(isinstance(node.annotation, ast.Call) for node in members)


def postpones_annotations(source: str) -> bool:
    """Annotations of the module stay texts until somebody evaluates them."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return any(node.module == "__future__" for node in imports)

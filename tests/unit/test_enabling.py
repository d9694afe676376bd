"""What keeps enabling the extension cheap, where the source alone tells; tests/package sees what it loads."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "neural4d_blender"
LOADED = [*sorted((PACKAGE / "ui").glob("*.py")), PACKAGE / "engine" / "declaration.py"]


@pytest.mark.parametrize("path", LOADED, ids=lambda path: path.name)
def test_annotations_are_no_texts_that_something_has_to_evaluate(path: Path) -> None:
    source = path.read_text("utf-8")
    assert not (postpones_annotations(source) and (has_properties(source) or has_named_tuples(source)))


def test_the_rule_finds_what_it_forbids() -> None:
    bad = "from __future__ import annotations\nclass A:\n    b: props.IntProperty(default=3)\n"
    assert has_properties(bad)
    assert postpones_annotations(bad)
    assert not has_properties("class A:\n    b: int = 3\n")
    assert has_named_tuples("class A(NamedTuple):\n    b: int\n")
    assert not has_named_tuples(bad)


def has_properties(source: str) -> bool:
    """A class of the module has a property that Blender registers."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    members = [node for found in classes for node in found.body if isinstance(node, ast.AnnAssign)]
    return any(isinstance(node.annotation, ast.Call) for node in members)


def has_named_tuples(source: str) -> bool:
    """Python compiles each annotation of a named tuple that is a text."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    return any(isinstance(base, ast.Name) and base.id == "NamedTuple" for found in classes for base in found.bases)


def postpones_annotations(source: str) -> bool:
    """Annotations of the module stay texts until somebody evaluates them."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return any(node.module == "__future__" for node in imports)

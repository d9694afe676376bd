"""What keeps enabling the extension cheap, where the source alone tells; tests/package sees what it loads."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from neural4d_blender.engine import protocol

PACKAGE = Path(__file__).resolve().parents[3] / "neural4d_blender"
UI = sorted((PACKAGE / "ui").rglob("*.py"))
AT_START = ("errors", "process_errors", "spending_errors", "protocol")
AT_START += ("model/declaration", "model/allowed_values", "model/states")
ENGINE = [PACKAGE / "engine" / f"{name}.py" for name in AT_START]
ENGINE += sorted(
    path for name in ("base", "provider", "declared") for path in (PACKAGE / "engine/services").rglob(f"{name}.py")
)


@pytest.mark.parametrize("path", UI, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_annotations_are_no_texts_that_something_has_to_evaluate(path: Path) -> None:
    source = path.read_text("utf-8")
    assert not (postpones_annotations(source) and has_properties(source))


@pytest.mark.parametrize("path", ENGINE, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_class_writes_and_compiles_code(path: Path) -> None:
    assert not has_generated_code(path.read_text("utf-8"))


def test_the_rule_finds_what_it_forbids() -> None:
    bad = "from __future__ import annotations\nclass A:\n    b: props.IntProperty(default=3)\n"
    assert has_properties(bad)
    assert postpones_annotations(bad)
    assert not has_properties("class A:\n    b: int = 3\n")
    assert has_generated_code("class A(NamedTuple):\n    b: int\n")
    assert has_generated_code("@dataclass(frozen=True)\nclass A:\n    b: int\n")
    assert has_generated_code("@dataclass\nclass A:\n    b: int\n")
    assert not has_generated_code(bad)


def has_properties(source: str) -> bool:
    """A class of the module has a property that Blender registers."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    members = [node for found in classes for node in found.body if isinstance(node, ast.AnnAssign)]
    return any(isinstance(node.annotation, ast.Call) for node in members)


def has_generated_code(source: str) -> bool:
    """A named tuple or a dataclass is defined: Python writes methods for it and compiles them."""
    classes = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ClassDef)]
    made_of = [part for found in classes for part in (*found.bases, *found.decorator_list)]
    names = [ast.unparse(part.func if isinstance(part, ast.Call) else part) for part in made_of]
    return any(name.rpartition(".")[2] in ("NamedTuple", "dataclass") for name in names)


def postpones_annotations(source: str) -> bool:
    """Annotations of the module stay texts until somebody evaluates them."""
    imports = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.ImportFrom)]
    return any(node.module == "__future__" for node in imports)


@pytest.mark.parametrize("name", protocol.__all__)
def test_every_name_of_the_protocol_is_there_when_it_is_looked_up(name: str) -> None:
    assert getattr(protocol, name) is not None


@pytest.mark.parametrize("path", sorted(PACKAGE.rglob("__init__.py")), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_what_is_opened_late_is_there(path: Path) -> None:
    calls = [node for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Call)]
    opened = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "open_late"]
    names = [name.value for call in opened for name in call.args[1:] if isinstance(name, ast.Constant)]
    assert [name for name in names if not path.with_name(f"{name}.py").is_file()] == []

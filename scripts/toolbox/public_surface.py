"""What is promised to callers (docs/promise.md), a line each; docs/reference/public.txt has that of the last release.

`python3 -m scripts.toolbox.public_surface` adds what is new to that file, and refuses where something of it is gone:
whoever may take a promise back deletes its line by hand. Read from the source, so it needs no Blender. Standard library
only.
"""

from __future__ import annotations

import ast
import json
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from scripts.toolbox.console import ROOT, ToolError

PACKAGE = ROOT / "neural4d_blender"
STORED = ROOT / "docs" / "reference" / "public.txt"
#: Classes of what is given, which nobody imports by name, and where they are defined.
_GIVEN = {
    "AccountPage": "client/jobs/replies.py",
    "Arguments": "batching/table/generate_arguments.py",
    "BatchRecord": "engine/model/batch.py",
    "FileJob": "batching/file_job.py",
    "Progress": "batching/batch.py",
}

#: What the engine and its host do with those.
_OURS = ("check", "from_dict", "to_dict")


def lines() -> set[str]:
    """The promises of the source as it is."""
    found = {*_errors(), *_exit_codes(), *_events(), *_report()}
    for name, (module, original) in names().items():
        found |= {*_promises(name, module, original)}
        if _defined(plain := PACKAGE / "batching" / "standalone.py", name):
            found |= {f"without bpy: {line}" for line in _promises(name, plain, name)}
    for name, file in _GIVEN.items():
        found |= {*_promises(name, PACKAGE / file, name)}
    return found


def stored() -> set[str]:
    """Those of the last release."""
    return set(STORED.read_text("utf-8").split("\n")) - {""}


def check() -> None:
    """ToolError where the list is not that of a release which is made now."""
    if changed := sorted(lines() ^ stored()):
        raise ToolError(f"{STORED.name} is not renewed: python3 -m scripts.toolbox.public_surface; {changed}")


@cache
def _tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text("utf-8"))


def names() -> dict[str, tuple[Path, str]]:
    """Each name of the package with the file that it is from and its name there."""
    (block,) = [node for node in _tree(PACKAGE / "__init__.py").body if isinstance(node, ast.If)]
    return {
        alias.asname or alias.name: home(*_imported(PACKAGE / "__init__.py", node), alias.name)
        for node in block.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _imported(path: Path, node: ast.ImportFrom) -> tuple[Path]:
    folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
    return (folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py"),)


def home(path: Path, name: str) -> tuple[Path, str]:
    """Where a name is defined that a module may only hand on."""
    for node in ast.walk(_tree(path)):
        if isinstance(node, ast.ImportFrom) and node.level and not _defined(path, name):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    return home(*_imported(path, node), alias.name)
    return path, name


def _defined(path: Path, name: str) -> ast.FunctionDef | ast.ClassDef | None:
    """The last definition: those before it are overloads."""
    kinds = (ast.FunctionDef, ast.ClassDef)
    found = [node for node in _tree(path).body if isinstance(node, kinds) and node.name == name]
    return found[-1] if found else None


def _promises(name: str, path: Path, original: str) -> Iterator[str]:
    node = _defined(path, original)
    if isinstance(node, ast.FunctionDef):
        yield from _signature(name, node)
    elif node:
        yield f"class {name}"
        if "engine/error" not in path.as_posix():  # what those have in common is said of errors
            yield from _members(name, path, node)


def _members(name: str, path: Path, node: ast.ClassDef) -> Iterator[str]:
    """Methods, properties and fields, those of its bases included."""
    for base in node.bases:
        own = ast.unparse(base).rpartition(".")
        module = home(path, own[2])[0] if not own[0] else _module(path, own[0])
        if module and isinstance(found := _defined(module, own[2]), ast.ClassDef):
            yield from _members(name, module, found)
    for member in node.body:
        if isinstance(member, ast.AnnAssign) and isinstance(member.target, ast.Name):
            yield from [f"{name}.{member.target.id}"] if not member.target.id.startswith("_") else []
        elif isinstance(member, ast.FunctionDef) and not member.name.startswith("_") and member.name not in _OURS:
            decorators = {ast.unparse(one) for one in member.decorator_list}
            yield from (
                [f"{name}.{member.name}"] if "property" in decorators else _signature(f"{name}.{member.name}", member)
            )


def _module(path: Path, alias: str) -> Path | None:
    """The file of a module that a file imports by its name."""
    for node in _tree(path).body:
        if isinstance(node, ast.ImportFrom) and any((one.asname or one.name) == alias for one in node.names):
            folder = path.parents[node.level - 1].joinpath(*(node.module or "").split("."))
            return folder / f"{alias}.py"
    return None


def _signature(name: str, node: ast.FunctionDef) -> Iterator[str]:
    """A line for the function and what it gives, and one for each argument with its place and usual value."""
    own = node.args
    yield f"{name}() -> {ast.unparse(node.returns) if node.returns else ''}"
    places = [one for one in own.args if one.arg != "self"]
    usual = [None] * (len(places) - len(own.defaults)) + list(own.defaults)
    for place, (one, default) in enumerate(zip(places, usual, strict=True)):
        yield f"{name}({place}: {_argument(one, default)})"
    for one, default in zip(own.kwonlyargs, own.kw_defaults, strict=True):
        yield f"{name}({_argument(one, default)})"
    if own.kwarg and own.kwarg.annotation is not None:
        yield f"{name}(**{ast.unparse(own.kwarg.annotation)})"


def _argument(one: ast.arg, default: ast.expr | None) -> str:
    return one.arg if default is None else f"{one.arg}={ast.unparse(default)}"


def _errors() -> Iterator[str]:
    known = {"Neural4DError"}
    for file in ("process_errors", "spending_errors", "errors"):
        for node in _tree(PACKAGE / "engine" / f"{file}.py").body:
            if isinstance(node, ast.ClassDef) and {ast.unparse(base) for base in node.bases} & known:
                known.add(node.name)
    yield from (f"error {name}" for name in known)
    texts = _defined(PACKAGE / "engine" / "error_base.py", "ErrorTexts")
    fields = texts.body if texts else ()
    yield from (f"error has {ast.unparse(one.target)}" for one in fields if isinstance(one, ast.AnnAssign))


def _exit_codes() -> Iterator[str]:
    codes = _defined(PACKAGE / "cli" / "exit_codes.py", "Exit")
    for node in codes.body if codes else ():
        if isinstance(node, ast.Assign):
            yield f"exit {ast.unparse(node.value)} {ast.unparse(node.targets[0])}"


def _events() -> Iterator[str]:
    """The second argument of each ``console.result(text, event, ...)``."""
    for path in (PACKAGE / "cli").rglob("*.py"):
        assigned = [node for node in ast.walk(_tree(path)) if isinstance(node, ast.Assign)]
        for call in ast.walk(_tree(path)):
            if not (isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "result"):
                continue
            where = [call.args[1]] if len(call.args) > 1 else []
            named = ast.unparse(where[0]) if where else ""
            for node in assigned:  # event, became = ("a", ...) if ... else ("b", ...)
                if isinstance(node.targets[0], ast.Tuple) and ast.unparse(node.targets[0].elts[0]) == named:
                    where = [one.elts[0] for one in ast.walk(node.value) if isinstance(one, ast.Tuple)]
            constants = [one for part in where for one in ast.walk(part) if isinstance(one, ast.Constant)]
            yield from (f"event {one.value}" for one in constants if isinstance(one.value, str))


def _report() -> Iterator[str]:
    schema = json.loads((ROOT / "docs" / "reference" / "report.schema.json").read_text("utf-8"))
    yield from (f"report {name}" for name in schema["items"]["properties"])
    yield from (f"report {name} is always there" for name in schema["items"]["required"])


def main() -> int:
    """Renew the list."""
    now = lines()
    if STORED.exists() and (gone := stored() - now):
        print("These are promised, and no more there; see docs/promise.md:", *sorted(gone), sep="\n", file=sys.stderr)
        return 1
    STORED.write_text("\n".join(sorted(now)) + "\n", encoding="utf-8")
    print(f"{len(now)} promises in {STORED.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

"""What values look like, whatever they are: which fields there are, and of what kind. Standard library only."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any


def kind(value: Any) -> str:
    """What a value is, in JSON's words."""
    names = {bool: "truth", int: "number", float: "number", str: "text", dict: "object", list: "list"}
    return "null" if value is None else names.get(type(value), type(value).__name__)


def fields(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(path, kind) of everything in a value: ``data.points``, ``uuids[]``."""
    if path:
        yield path, kind(value)
    if isinstance(value, dict):
        for name, part in value.items():
            yield from fields(part, f"{path}.{name}" if path else str(name))
    elif isinstance(value, list):
        for part in value:
            yield from fields(part, f"{path or 'the whole'}[]")


def shape(value: Any) -> dict[str, set[str]]:
    """By path, the kinds that stand there."""
    found: dict[str, set[str]] = {}
    for path, name in fields(value):
        found.setdefault(path, set()).add(name)
    return found

"""All texts of the panels that a language needs: what is handed to ``tr``, and what Blender shows of our classes."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from neural4d_blender import ui
from neural4d_blender.engine import protocol
from neural4d_blender.prepare.checks.run import checks
from neural4d_blender.ui import preferences, registration
from neural4d_blender.ui.drawing import remedies, state_labels

UI = Path(ui.__file__).parent
#: Names of things, which are the same in every language.
SAME = {
    "", "Neural4D", "CSM", "GoNeural", "ModelsLab", "Neural4D image", "Neural4D model", "GLB", "Blend", "FBX", "OBJ",
    "STL", "USDZ", "ZIP", "premium-v1", "image-2", "nano_banana_pro", "1:1", "16:9", "9:16", "4:3", "3:4",
    "Chibi Style",
}  # fmt: skip


def names() -> set[str]:
    """Labels: what stands in a panel, on a button, in a menu."""
    return {text for text in (*_of_classes(names=True), *_of_code(), *_of_tables()) if _is_text(text)}


def tooltips() -> set[str]:
    """Descriptions, which Blender shows below a mouse that waits."""
    return {text for text in _of_classes(names=False) if _is_text(text)} - names()


def sentences() -> set[str]:
    """Why a service cannot do something: texts of the engine that a panel shows; sentences.py has the others."""
    return {text for service in protocol.declarations() for text in service.reasons.values() if _is_text(text)}


def _is_text(text: str) -> bool:
    return text not in SAME and not text.startswith("Neural4D Template") and any(char.isalpha() for char in text)


def _of_classes(*, names: bool) -> Iterator[str]:
    for kind in (*ui._CLASSES, *registration.CLASSES):
        if names:
            yield from (kind.bl_label,) if hasattr(kind, "bl_label") else ()
        elif issubclass(kind, ui.bpy.types.Operator | ui.bpy.types.Menu) and kind.__doc__:
            yield kind.__doc__
        for base in kind.__mro__:
            for made in vars(base).get("__annotations__", {}).values():
                yield from _of_property(getattr(made, "keywords", {}), names=names)


def _of_property(keywords: dict[str, Any], *, names: bool) -> Iterator[str]:
    if "HIDDEN" in keywords.get("options", ()) and "items" not in keywords:
        return
    yield keywords.get("name" if names else "description", "")
    for item in keywords.get("items", ()):
        yield item[1 if names else 2]


def _of_code() -> Iterator[str]:
    for path in UI.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "tr":
                parts = [node.args[0]]
                if isinstance(parts[0], ast.IfExp):
                    parts = [parts[0].body, parts[0].orelse]
                yield from (part.value for part in parts if isinstance(part, ast.Constant))


def _of_tables() -> Iterator[str]:
    yield from (words for words, _icon in state_labels.STATES.values())
    yield from (*preferences.KEPT.values(), *remedies._AT_THE_SERVICE.values())
    for check in checks():
        yield check.of_one
        name, unit = check.name.replace("_", " "), check.unit
        yield from (name, name.removesuffix(unit) + unit.removesuffix("s") if unit and name.endswith(unit) else name)
        yield from (unit, unit.removesuffix("s")) if unit.isalpha() and unit not in ("mm", "px") else ()
    for service in protocol.declarations():
        yield from (service.unit, service.unit.title(), service.choice)
    for what in ("picture", "model", "job"):
        yield from (f"{{number}} {what}", f"{{number}} {what}s")

"""Whether a prepared model holds only what a model needs, whoever wrote it: the file is on a disk that others write to.

The same list as the preparer's (engine/blenders/allowed_data.py). Nothing is looked at that grows with the number of
vertices. May import bpy and the engine's ``protocol``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import bpy

from ...engine.protocol import (
    MODEL_CONSTRAINTS,
    MODEL_KINDS,
    MODEL_MODIFIERS,
    MODEL_NODES,
    BrokenModel,
    UnsafeModel,
    stamp_of,
)

#: Kinds that a prepared file has beside those of a model: what moves it.
_MORE = frozenset({"actions"})
_AGAIN = "Place it once more: it is prepared again at no cost."
_SOURCES = ("FILE", "GENERATED", "TILED")


def check_kinds(name: str, available: Mapping[str, object]) -> None:
    """Of a file of that name that is listed and not loaded yet; raises UnsafeModel."""
    for kind, there in available.items():
        if there and isinstance(there, list) and kind not in MODEL_KINDS | _MORE:
            _refuse(name, kind.replace("_", " "))


def check_same(path: Path, stamp: list[int] | None) -> None:
    """After a file was loaded: raises BrokenModel where another one has taken its place since it was looked at."""
    if stamp not in (None, stamp_of(path)):
        raise BrokenModel(f"The prepared model {path.name} was changed while it was read.", _AGAIN)


def check(name: str, datablocks: Iterable[bpy.types.ID]) -> None:
    """Of what was loaded, before it is linked to a scene; raises UnsafeModel."""
    for datablock in datablocks:
        tree = datablock if isinstance(datablock, bpy.types.NodeTree) else getattr(datablock, "node_tree", None)
        for holder in (datablock, *((tree,) if tree and tree is not datablock else ())):
            animation = getattr(holder, "animation_data", None)
            if animation and len(animation.drivers):
                _refuse(name, "drivers")
        for node in tree.nodes if tree else ():
            if node.bl_idname not in MODEL_NODES:
                _refuse(name, f"a node of the kind {node.bl_idname}")
        if isinstance(datablock, bpy.types.Object):
            _check_object(name, datablock)
        elif isinstance(datablock, bpy.types.Image) and datablock.source not in _SOURCES:
            _refuse(name, "films")


def _check_object(name: str, item: Any) -> None:
    for modifier in item.modifiers:
        if modifier.type not in MODEL_MODIFIERS:
            _refuse(name, f"a modifier of the kind {modifier.type}")
    for holder in (item, *(item.pose.bones if item.pose else ())):
        for constraint in holder.constraints:
            if constraint.type not in MODEL_CONSTRAINTS:
                _refuse(name, f"a constraint of the kind {constraint.type}")


def _refuse(name: str, what: str) -> None:
    raise UnsafeModel(f"The prepared model {name} holds {what}, which no model needs: it is not placed.", _AGAIN)

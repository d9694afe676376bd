"""What a file leaves behind that is no part of the model: removed, and where it was something to see, told in one line.

May import bpy and numpy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bpy
import numpy as np

from ..importing.named_files import NamedFiles
from ..open_file import all_own, mesh_of, own

#: Types of objects that a model is not made of, as they are told.
_SEEN = {
    "CAMERA": "camera", "CURVES": "part of lines or points", "GPENCIL": "drawing", "GREASEPENCIL": "drawing",
    "LIGHT": "light", "LIGHT_PROBE": "light probe", "POINTCLOUD": "part of lines or points", "SPEAKER": "speaker",
    "VOLUME": "volume",
}  # fmt: skip


def told(imported: Iterable[bpy.types.Object], source: Path, files: NamedFiles, output: Path) -> list[str]:
    """One sentence on what of the file does not come; empty where all of it does."""
    imported = list(imported)
    # What modifiers make of a mesh is not known yet. A mesh may be repeated thousands of times.
    plain = {item: item.data for item in imported if isinstance(item.data, bpy.types.Mesh) and not item.modifiers}
    lines = {mesh: _lines(mesh) for mesh in set(plain.values())}
    counted = Counter(kind for item in imported if (kind := _SEEN.get(item.type) or lines.get(plain.get(item))))
    parts = [f"{number} {_plural(kind, number)}" for kind, number in sorted(counted.items())]
    others = sorted(path.name for path in files.alike(source) if path not in (source, output))
    if others:
        names = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        parts.append(f"{len(others)} other {_plural('model', len(others))} beside this one ({names})")
    return [f"Left out: {', '.join(parts)}."] if parts else []


def _plural(kind: str, number: int) -> str:
    first, of, rest = kind.partition(" of ")
    return kind if number == 1 else f"{first}s{of}{rest}"


def _lines(mesh: bpy.types.Mesh) -> str:
    """Points and edges without a face."""
    if not len(mesh.vertices):
        return ""
    bare = np.ones(len(mesh.edges), dtype=bool)
    if len(mesh.polygons):
        edges = np.empty(len(mesh.loops), dtype=np.int32)
        mesh.loops.foreach_get("edge_index", edges)
        bare[edges] = False
    return "part of lines or points" if bare.any() or not len(mesh.polygons) else ""


def drop(meshes: Iterable[bpy.types.Object]) -> None:
    """Remove slots that no face has, and what add-ons keep with a datablock: variants of a model, unused materials.

    From 5.0 on that is no custom property any more, and goes along into other files unseen.
    """
    for mesh in {mesh_of(item) for item in meshes}:
        _drop_slots(mesh)
    trees = [*own("node_groups"), *(tree for one in all_own() if (tree := getattr(one, "node_tree", None)))]
    holders: list[Any] = [*all_own(), *trees, *(node for tree in trees for node in tree.nodes)]
    for holder in holders:
        if hasattr(holder, "bl_system_properties_get") and (kept := holder.bl_system_properties_get()):
            for key in list(kept.keys()):
                del kept[key]


def _drop_slots(mesh: bpy.types.Mesh) -> None:
    last = len(mesh.materials) - 1
    if last < 1:
        return
    indices = np.empty(len(mesh.polygons), dtype=np.int32)
    mesh.polygons.foreach_get("material_index", indices)
    if indices.max(initial=0) > last:  # shown in the last one
        mesh.polygons.foreach_set("material_index", indices.clip(0, last))
    used = set(np.unique(indices.clip(0, last)).tolist())
    for index in range(last, -1, -1):
        if index not in used:
            mesh.materials.pop(index=index)

"""What a file leaves behind that is no part of the model: removed, and where it was something to see, told in one line.

May import bpy and numpy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import bpy
import numpy as np

from ..importing.external_files.named_files import NamedFiles
from ..open_file import corners_of, mesh_of

_LINES = "part of lines or points"
#: Types of objects that a model is not made of, as they are told.
_SEEN = {
    "CAMERA": "camera", "CURVES": _LINES, "GPENCIL": "drawing", "GREASEPENCIL": "drawing",
    "LIGHT": "light", "LIGHT_PROBE": "light probe", "POINTCLOUD": _LINES, "SPEAKER": "speaker",
    "VOLUME": "volume",
}  # fmt: skip


def told(imported: Iterable[bpy.types.Object], source: Path, files: NamedFiles, output: Path) -> list[str]:
    """Sentences on what of the file does not come; none where all of it does."""
    items = list(imported)
    bare = {item.data for item in items if isinstance(item.data, bpy.types.Mesh) and not len(item.modifiers)}
    bare = {mesh for mesh in bare if _has_lines(mesh)}  # once each, however many objects show it
    kinds = (_SEEN.get(item.type, _LINES if item.data in bare else "") for item in items)
    counted = Counter(kind for kind in kinds if kind)
    parts = [f"{number} {_plural(kind, number)}" for kind, number in sorted(counted.items())]
    left = [", ".join(parts)] if parts else []
    others = sorted(path.name for path in files.alike(source) if path not in (source, output))
    if others:
        names = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        left.append(f"{len(others)} other {_plural('model', len(others))} beside this one ({names})")
    return [f"Left out: {what}." for what in left]


def _plural(kind: str, number: int) -> str:
    first, of, rest = kind.partition(" of ")
    return kind if number == 1 else f"{first}s{of}{rest}"


def _has_lines(mesh: bpy.types.Mesh) -> bool:
    """It has edges without a face, or points and no face at all."""
    edges = np.ones(len(mesh.edges), dtype=bool)
    if len(mesh.polygons):
        edges[corners_of(mesh, "edge")] = False
    return bool(edges.any()) or bool(len(mesh.vertices) and not len(mesh.polygons))


def drop(meshes: Iterable[bpy.types.Object]) -> None:
    """Remove the material slots that no face has: of variants of a model, and unused ones."""
    for mesh in {mesh_of(item) for item in meshes}:
        _drop_slots(mesh)


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

"""What the checks have marked in a model's meshes: selected where it still is, and kept out of files of other formats.

May import bpy and the engine's ``protocol``.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import bpy
import numpy as np

from ...engine.protocol import attribute_of
from . import provenance

#: What is selected in Edit Mode, by what a mark is on: vertices, edges, faces.
_MODES = {"POINT": (True, False, False), "EDGE": (False, True, False), "FACE": (False, False, True)}


def select(root: bpy.types.Object, check: str) -> bool:
    """Enter Edit Mode of the model's meshes that the check has marked something in, with just that selected.

    Meshes that are edited are written first. The model itself stays as it is.

    Returns:
        Whether there is a mark left: who edits a mesh may have removed what was marked.
    """
    layer, edited = bpy.context.view_layer, bpy.context.mode == "EDIT_MESH"
    if edited:
        bpy.ops.object.mode_set(mode="OBJECT")
    there = [thing for thing in (root, *provenance.parts_of(root)) if thing.type == "MESH" and thing.visible_get()]
    found: dict[Any, tuple[bpy.types.Object, str]] = {}
    for thing in there:
        if thing.data not in found and (domain := _select(thing.data, check)):
            found[thing.data] = thing, domain
    if found:
        for other in list(layer.objects.selected):
            other.select_set(False)
        for thing, domain in found.values():
            thing.select_set(True)
            layer.objects.active = thing
            bpy.context.tool_settings.mesh_select_mode = _MODES[domain]
    if found or edited:
        bpy.ops.object.mode_set(mode="EDIT")
    return bool(found)


@contextmanager
def unmarked(items: Iterable[bpy.types.Object]) -> Iterator[None]:
    """Have the meshes of objects without marks meanwhile: USD writes every attribute of a mesh."""
    taken: list[tuple[Any, str, Any, Any]] = []
    meshes: set[Any] = {item.data for item in items if item.type == "MESH"}
    for mesh in meshes:
        for name in [one.name for one in mesh.attributes if one.name.startswith(attribute_of(""))]:
            marks = mesh.attributes[name]
            if marks.data_type == "BOOLEAN" and not mesh.library:
                taken.append((mesh, name, marks.domain, _read(marks.data, "value", bool)))
                mesh.attributes.remove(marks)
    try:
        yield
    finally:
        for mesh, name, domain, mask in taken:
            mesh.attributes.new(name, "BOOLEAN", domain).data.foreach_set("value", mask)


def _select(mesh: Any, check: str) -> str:
    """Have just what the check has marked selected when the mesh is edited; returns what that is, or an empty text."""
    marks = mesh.attributes.get(attribute_of(check))
    if marks is None or marks.data_type != "BOOLEAN" or marks.domain not in _MODES or mesh.library:
        return ""
    mask = _read(marks.data, "value", bool)
    if not mask.any():
        return ""
    points, edges, faces = (np.zeros(len(part), bool) for part in (mesh.vertices, mesh.edges, mesh.polygons))
    if marks.domain == "FACE":
        faces = mask
        corners = np.repeat(mask, _read(mesh.polygons, "loop_total", np.int32))
        edges[_read(mesh.loops, "edge_index", np.int32)[corners]] = True
    elif marks.domain == "EDGE":
        edges = mask
    else:
        points = mask
    ends = _read(mesh.edges, "vertices", np.int32, 2).reshape(-1, 2)
    points[ends[edges]] = True
    for part, chosen in ((mesh.vertices, points), (mesh.edges, edges), (mesh.polygons, faces)):
        part.foreach_set("select", chosen)
    return str(marks.domain)


def _read(part: Any, name: str, kind: Any, size: int = 1) -> Any:
    values = np.zeros(len(part) * size, kind)
    part.foreach_get(name, values)
    return values

"""Fewer faces, shared out by what the parts need. May import bpy and numpy.

How many a part needs is found out by decimating all of them as one mesh: Blender takes away first what changes the
shape least, wherever it is. Then each part is decimated by itself, with its textures, weights and normals.
"""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from ..open_file import mesh_of, scene
from . import apply_transforms
from .extract_model import Model, drop_loose
from .reshape import weld

Item = bpy.types.Object

#: Fewer faces enclose nothing, and so levels of detail have no fewer.
FEWEST = 4
#: Decimating overshoots or falls short by a few faces; so many times that is corrected.
_PASSES = 8
_PART = "neural4d_part"


def limit_faces(model: Model, most: int, warnings: list[str]) -> None:
    """Decimate parts until the model has no more than `most` faces, those of linked duplicates counted.

    What is decimated is triangles then. A limit that cannot be kept without losing parts is told.
    """
    if _faces(model) <= most:
        return
    weld(model)
    users = {item.data: 0 for item in model.unique_meshes}
    for item in model.meshes:
        users[item.data] += 1
    parts = [(item, users[item.data]) for item in model.unique_meshes]
    needed = _needed(parts, most)
    reduced = [entry for entry, need in zip(parts, needed, strict=True) if need < _triangles(entry[0])]
    for (item, _), need in zip(parts, needed, strict=True):
        if need < (there := _triangles(item)):
            if mesh_of(item).shape_keys is not None:
                warnings.append(f"The shape keys of {item.name!r} were given up for the face limit.")
            _decimate(model, item, need / there)
    _take_the_rest(model, reduced, most)
    for item in model.unique_meshes:
        drop_loose(mesh_of(item))
    if _faces(model) > most:
        warnings.append(
            f"The model keeps {_faces(model):,} faces, more than the {most:,} that were asked for: "
            "with fewer, parts of it would be lost."
        )


def _take_the_rest(model: Model, parts: list[tuple[Item, int]], most: int) -> None:
    """Take single faces from the parts that have the most of them; a part that gives none is left alone."""
    for _ in range(_PASSES * len(parts)):
        over = _faces(model) - most
        if over <= 0 or not parts:
            return
        parts.sort(key=lambda entry: _triangles(entry[0]))
        item, count = parts[-1]
        there = _triangles(item)
        _decimate(model, item, max(there - -(-over // count), 1) / there)
        if _triangles(item) >= there:
            parts.pop()


def _needed(parts: list[tuple[Item, int]], most: int) -> list[int]:
    """How many triangles each part is to have at most."""
    there = np.array([_triangles(item) for item, _ in parts])
    users = np.array([count for _, count in parts])
    if len(parts) == 1:
        return [most // int(users[0])]
    together = _as_one([item for item, _ in parts])
    share = most / float(there @ users)
    needed = there
    for _ in range(_PASSES):
        fewer = _decimated(together, share)
        owners = np.empty(len(fewer.polygons), dtype=np.int32)
        attribute: Any = fewer.attributes[_PART]
        attribute.data.foreach_get("value", owners)
        needed = np.bincount(owners, minlength=len(parts))
        bpy.data.meshes.remove(fewer)
        total = float(needed @ users)
        if total <= most:
            break
        share *= 0.98 * most / total
    mesh = mesh_of(together)
    bpy.data.objects.remove(together)
    bpy.data.meshes.remove(mesh)
    return [int(need) for need in np.maximum(needed, 1)]


def _as_one(items: list[Item]) -> Item:
    """The bare triangles of all parts as they stand, each with the number of its part."""
    corners, triangles, owners = [], [], []
    first = 0
    for number, item in enumerate(items):
        mesh = mesh_of(item)
        mesh.calc_loop_triangles()
        matrix = np.array(item.matrix_basis, dtype=np.float64)
        indices = np.empty(len(mesh.loop_triangles) * 3, dtype=np.int32)
        mesh.loop_triangles.foreach_get("vertices", indices)
        corners.append(apply_transforms.coordinates(mesh) @ matrix[:3, :3].T + matrix[:3, 3])
        triangles.append(indices + first)
        owners.append(np.full(len(indices) // 3, number, dtype=np.int32))
        first += len(mesh.vertices)
    points, indices = np.concatenate(corners), np.concatenate(triangles)
    made = bpy.data.meshes.new(_PART)
    made.vertices.add(len(points))
    made.vertices.foreach_set("co", points.astype(np.float32).ravel())
    made.loops.add(len(indices))
    made.loops.foreach_set("vertex_index", indices)
    made.polygons.add(len(indices) // 3)
    made.polygons.foreach_set("loop_start", np.arange(0, len(indices), 3, dtype=np.int32))
    made.update(calc_edges=True)
    attribute: Any = made.attributes.new(_PART, "INT", "FACE")
    attribute.data.foreach_set("value", np.concatenate(owners))
    together = bpy.data.objects.new(_PART, made)
    scene().collection.objects.link(together)
    return together


def _faces(model: Model) -> int:
    return sum(len(mesh_of(item).polygons) for item in model.meshes)


def _triangles(item: Item) -> int:
    return len(mesh_of(item).loops) - 2 * len(mesh_of(item).polygons)


def _decimated(item: Item, share: float) -> bpy.types.Mesh:
    decimate = item.modifiers.new("Fewer Faces", "DECIMATE")
    if isinstance(decimate, bpy.types.DecimateModifier):
        decimate.ratio = share
        decimate.use_collapse_triangulate = True
    depsgraph = bpy.context.evaluated_depsgraph_get()
    evaluated = item.evaluated_get(depsgraph)
    fewer = bpy.data.meshes.new_from_object(evaluated, preserve_all_data_layers=True, depsgraph=depsgraph)
    item.modifiers.remove(decimate)
    return fewer


def _decimate(model: Model, item: Item, share: float) -> None:
    """Put a mesh with that share of the triangles in the place of the one that an object and its duplicates show."""
    deforming = [modifier for modifier in item.modifiers if modifier.show_viewport]
    for modifier in deforming:
        modifier.show_viewport = False
    mesh = mesh_of(item)
    had_normals = mesh.has_custom_normals
    if had_normals:
        apply_transforms.keep_normals(mesh)
    fewer = _decimated(item, share)
    for other in [other for other in model.meshes if other.data == mesh]:
        other.data = fewer
    bpy.data.meshes.remove(mesh)
    if had_normals:
        apply_transforms.restore_normals(fewer)
    for modifier in deforming:
        modifier.show_viewport = True

"""Turns faces that look inwards. May import bpy and bmesh."""

from __future__ import annotations

from typing import Any

import bmesh
import bpy
import numpy as np
from mathutils import Vector

from ..meshes import apply_transforms
from ..meshes.extract_model import Model
from ..open_file import mesh_of
from .bvh_tree import inside, tree
from .sentences import counted
from .surface import Surface

_FACE = "neural4d_face"


def turn(model: Model) -> tuple[Model, list[str]]:
    """All faces of a part the same way, and of what has an outside outwards; shading stays as the file has it.

    A closed part inside another one that looks inwards as a whole is a cavity, and stays one. Of a sheet, the side that
    most of it shows is its front.
    """
    turned = unsure = 0
    for item in model.unique_meshes:
        which = _wrong(item)
        if which.any():
            _flip(mesh_of(item), which)
            turned += int(which.sum())
        _, counts, sums = Surface.of([item]).edges
        unsure += int(((counts == 2) & (sums != 0)).sum())
    told = []
    if turned:
        told.append(f"Normals: {counted(turned, 'face')} turned.")
    if unsure:
        told.append(f"Normals: {counted(unsure, 'edge')} left where no side is the outside.")
    return model, told


def _wrong(item: bpy.types.Object) -> Any:
    """Of each face whether it is to be turned."""
    surface = Surface.of([item])
    count = len(surface.starts)
    numbers, counts, sums = surface.edges
    mixed = (counts == 2) & (sums != 0)
    volumes, sheets = surface.volumes(), surface.sheets()
    parts = np.arange(len(volumes))
    closed = np.ones(len(parts), dtype=bool)
    closed[surface.parts[surface.faces[(numbers >= 0) & (counts[numbers] != 2)]]] = False
    tangled = np.isin(parts, surface.parts[surface.faces[(numbers >= 0) & mixed[numbers]]])
    inverted = (volumes < 0) & (closed | ~sheets)
    if not tangled.any() and not inverted.any():
        return np.zeros(count, dtype=bool)
    flipped = _turned_by_blender(surface) if tangled.any() else np.zeros(count, dtype=bool)
    for part in np.flatnonzero(tangled):
        own = surface.parts == part
        if closed[part] or not sheets[part]:
            other_way = _volume(surface, own, flipped) < 0
        else:
            other_way = surface.areas[own & flipped].sum() > surface.areas[own].sum() / 2
        if other_way:
            flipped[own] = ~flipped[own]
    for part in np.flatnonzero(inverted & ~tangled):
        own = surface.parts == part
        flipped[own] = not (closed[part] and _is_cavity(surface, own))
    return flipped


def _volume(surface: Surface, own: Any, flipped: Any) -> float:
    """Of a part with some of its faces turned."""
    triangles, faces = surface.triangles
    here = own[faces]
    corners = surface.points[triangles[here]]
    corners = corners - corners.reshape(-1, 3).mean(axis=0)
    signs = np.where(flipped[faces[here]], -1, 1)
    return float((np.einsum("ij,ij->i", corners[:, 0], np.cross(corners[:, 1], corners[:, 2])) * signs).sum() / 6)


def _is_cavity(surface: Surface, own: Any) -> bool:
    triangles, faces = surface.triangles
    others = triangles[~own[faces]]
    first = surface.points[surface.corners[surface.starts[np.flatnonzero(own)[0]]]]
    return bool(len(others)) and inside(tree(surface.points, others), Vector(first))


def _turned_by_blender(surface: Surface) -> Any:
    """Of each face whether Blender turns it to have each part look the same way."""
    mesh = surface.mesh(_FACE)
    try:
        editable = bmesh.new()
        editable.from_mesh(mesh)
        # What a face's first corner is does not change; which one comes second does.
        before = [face.loops[0].link_loop_next.vert for face in editable.faces]
        firsts = [face.loops[0].vert for face in editable.faces]
        bmesh.ops.recalc_face_normals(editable, faces=editable.faces[:])
        after = [
            next(loop for loop in face.loops if loop.vert == first).link_loop_next.vert
            for face, first in zip(editable.faces, firsts, strict=True)
        ]
        turned = np.array([one != other for one, other in zip(before, after, strict=True)], dtype=bool)
        editable.free()
        return turned
    finally:
        bpy.data.meshes.remove(mesh)


def _flip(mesh: bpy.types.Mesh, which: Any) -> None:
    """Turn these faces round; normals of the file's own go with them."""
    carried = mesh.has_custom_normals
    if carried:
        apply_transforms.keep_normals(mesh)
    editable = bmesh.new()
    editable.from_mesh(mesh)
    editable.faces.ensure_lookup_table()
    layer = editable.loops.layers.float_vector.get(apply_transforms.CARRIER) if carried else None
    for index in np.flatnonzero(which).tolist():
        face = editable.faces[index]
        face.normal_flip()
        for loop in face.loops if layer is not None else ():
            loop[layer] = -loop[layer]
    editable.to_mesh(mesh)
    editable.free()
    if carried:
        apply_transforms.restore_normals(mesh)
    mesh.update()

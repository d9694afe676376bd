"""Merges vertices that stand in the same place, and faces that are there twice. May import bpy and bmesh."""

from __future__ import annotations

import bmesh
import numpy as np

from ..meshes.extract_model import Model, drop_loose
from ..meshes.reshape import carried_normals
from ..open_file import mesh_of
from .sentences import counted
from .surface import Surface

#: Parts of the model's longest side below which two vertices are one.
_SAME_PLACE = 1e-5


def merge(model: Model) -> tuple[Model, list[str]]:
    """In each mesh by itself: parts stay apart. The seams that a texture's map leaves in a file are merged too."""
    distance = Surface.of(model.meshes).longest * _SAME_PLACE
    vertices = faces = 0
    for item in model.unique_meshes:
        mesh = mesh_of(item)
        editable = bmesh.new()
        editable.from_mesh(mesh)
        scale = float(np.abs(np.linalg.det(np.array(item.matrix_basis)[:3, :3])) ** (1 / 3)) or 1.0
        own = distance / scale
        found = bool(bmesh.ops.find_doubles(editable, verts=editable.verts[:], dist=own)["targetmap"])
        found = found or bool(_twice(editable))
        editable.free()
        if not found:
            continue
        before = len(mesh.vertices), len(mesh.polygons)
        with carried_normals(mesh):
            editable = bmesh.new()
            editable.from_mesh(mesh)
            bmesh.ops.remove_doubles(editable, verts=editable.verts[:], dist=own)
            bmesh.ops.delete(editable, geom=_twice(editable), context="FACES_ONLY")
            editable.to_mesh(mesh)
            editable.free()
        drop_loose(mesh)
        vertices += before[0] - len(mesh.vertices)
        faces += before[1] - len(mesh.polygons)
    if not vertices and not faces:
        return model, []
    gone = [counted(vertices, "vertex", "vertices")] * bool(vertices) + [counted(faces, "face")] * bool(faces)
    return model, [f"Doubles: {', '.join(gone)} merged with others in the same place."]


def _twice(editable: bmesh.types.BMesh) -> list[bmesh.types.BMFace]:
    """Faces of the same vertices as another one, which stays."""
    seen: set[frozenset[int]] = set()
    found = []
    editable.verts.index_update()
    crowded = {face for edge in editable.edges if len(edge.link_faces) > 2 for face in edge.link_faces}
    crowded |= {face for edge in editable.edges if len(edge.link_faces) == 2 for face in _same(edge)}
    for face in sorted(crowded, key=lambda one: one.index):
        key = frozenset(vertex.index for vertex in face.verts)
        if key in seen:
            found.append(face)
        seen.add(key)
    return found


def _same(edge: bmesh.types.BMEdge) -> list[bmesh.types.BMFace]:
    one, other = edge.link_faces
    return [one, other] if len(one.verts) == len(other.verts) and set(one.verts) == set(other.verts) else []

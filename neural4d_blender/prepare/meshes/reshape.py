"""Makes of the model's meshes what was asked for: normals anew, quads.

May import bpy, bmesh and numpy. The size is set afterwards, on the result.

Importers of GLB split a mesh along the seams of its texture. Whatever changes faces welds those seams first,
else it would tear them open; normals of the file are carried through it at the corners of the faces.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager

import bmesh
import bpy
import numpy as np

from ..open_file import mesh_of
from . import apply_transforms
from .extract_model import Model, drop_loose

#: Parts of the model's size below which two corners are the same one.
_SAME_PLACE = 1e-7
#: Edges that bend more than this stay sharp where normals are made anew.
_SMOOTH_UP_TO = math.radians(30)
#: Two triangles become a quad where they bend no more than this, nor is the quad's corner further from square.
_QUAD_BEND = math.radians(40)


def recalculate_normals(model: Model) -> None:
    """All faces outwards; smooth ones shaded by the surface alone, with edges of more than 30 degrees sharp."""
    weld(model)
    for item in model.unique_meshes:
        mesh = mesh_of(item)
        with _edited(mesh) as editable:
            bmesh.ops.recalc_face_normals(editable, faces=editable.faces[:])
        if mesh.has_custom_normals:
            with bpy.context.temp_override(object=item, active_object=item):
                bpy.ops.mesh.customdata_custom_splitnormals_clear()
        mesh.set_sharp_from_angle(angle=_SMOOTH_UP_TO)


def make_quads(model: Model) -> None:
    """Quads of pairs of triangles, never across a sharp edge, a texture's seam or two materials."""
    weld(model)
    for item in model.unique_meshes:
        mesh = mesh_of(item)
        with carried_normals(mesh), _edited(mesh) as editable:
            bmesh.ops.join_triangles(
                editable,
                faces=[face for face in editable.faces if len(face.verts) == 3],
                cmp_seam=True,
                cmp_sharp=True,
                cmp_uvs=True,
                cmp_vcols=True,
                cmp_materials=True,
                angle_face_threshold=_QUAD_BEND,
                angle_shape_threshold=_QUAD_BEND,
            )


def weld(model: Model) -> None:
    """Make one of the corners that stand in the same place, as the seams of a texture leave them."""
    lower, upper = apply_transforms.bounds((item, np.array(item.matrix_basis)) for item in model.meshes)
    distance = float((upper - lower).max()) * _SAME_PLACE
    for item in model.unique_meshes:
        mesh = mesh_of(item)
        with carried_normals(mesh), _edited(mesh) as editable:
            bmesh.ops.remove_doubles(editable, verts=editable.verts[:], dist=distance)
        drop_loose(mesh)


@contextmanager
def _edited(mesh: bpy.types.Mesh) -> Iterator[bmesh.types.BMesh]:
    """The mesh in the form in which its faces can be changed, written back at the end."""
    editable = bmesh.new()
    try:
        editable.from_mesh(mesh)
        yield editable
        editable.to_mesh(mesh)
    finally:
        editable.free()
    mesh.update()


@contextmanager
def carried_normals(mesh: bpy.types.Mesh) -> Iterator[None]:
    """The file's own normals stay with the corners of the faces while those change places."""
    has_normals = mesh.has_custom_normals
    if has_normals:
        apply_transforms.keep_normals(mesh)
    yield
    if has_normals:
        apply_transforms.restore_normals(mesh)

"""Removes small parts that touch nothing. May import bpy, bmesh and mathutils."""

from __future__ import annotations

from dataclasses import replace

import bmesh
import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from ..meshes.apply_transforms import Floats
from ..meshes.extract_model import Model, drop_loose
from ..open_file import mesh_of
from .bvh_tree import inside, tree
from .sentences import counted, share
from .surface import Ints, Surface

#: A part is small up to this share of the model's volume, and this share of its longest side.
_VOLUME, _SIDE = 0.01, 0.2
#: It touches what is nearer than this share of the longest side.
_NEAR = 0.002


def remove(model: Model) -> tuple[Model, list[str]]:
    """By volume: what is large stays, and so does what touches it, or is within it, or touches what stays."""
    surface = Surface.of(model.meshes)
    floats = _floating(surface)
    if not len(floats):
        return model, []
    volume = np.abs(surface.volumes())
    gone = np.isin(surface.parts, floats)
    emptied = _delete(model, surface, gone)
    if emptied:
        model = _without(model, emptied)
    removed = share(float(volume[floats].sum() / max(volume.sum(), 1e-30)))
    left = counted(int(volume.size - len(floats)), "part")
    told = (
        f"Floaters: {counted(len(floats), 'part')} that touched nothing removed ({removed} of the volume), {left} left."
    )
    return model, [told]


def _floating(surface: Surface) -> Ints:
    """The numbers of the parts that float."""
    volume = np.abs(surface.volumes())
    lower, upper = surface.boxes()
    small = (volume <= _VOLUME * volume.sum()) & ((upper - lower).max(axis=1) <= _SIDE * surface.longest)
    if not small.any() or small.all():
        return np.zeros(0, dtype=np.int64)
    triangles, faces = surface.triangles
    part = surface.parts[faces]
    near = _NEAR * surface.longest
    waiting, standing = set(np.flatnonzero(small).tolist()), np.flatnonzero(~small)
    while waiting and len(standing):  # what touches what stays, stays
        rocks = tree(surface.points, triangles[np.isin(part, standing)])
        standing = np.array([one for one in waiting if _touches(rocks, surface.points, triangles[part == one], near)])
        waiting -= set(standing.tolist())
    return np.array(sorted(waiting), dtype=np.int64)


def _touches(rocks: BVHTree, points: Floats, triangles: Ints, near: float) -> bool:
    """It is near, cuts through or lies within."""
    corners = points[np.unique(triangles)].tolist()
    if any(rocks.find_nearest(corner, near)[0] is not None for corner in corners):
        return True
    return bool(rocks.overlap(tree(points, triangles))) or inside(rocks, Vector(corners[0]))


def _delete(model: Model, surface: Surface, gone: np.ndarray) -> set[bpy.types.Object]:
    """Take the faces away, of a mesh that several objects show those that float in each; returns what is left empty."""
    faces: dict[bpy.types.Mesh, np.ndarray] = {}
    for number, item in enumerate(model.meshes):
        mesh, own = mesh_of(item), gone[surface.owners == number]
        faces[mesh] = faces[mesh] & own if mesh in faces else own
    emptied = set()
    for mesh, which in faces.items():
        if which.all():
            emptied |= {item for item in model.meshes if item.data == mesh}
        elif which.any():
            editable = bmesh.new()
            editable.from_mesh(mesh)
            editable.faces.ensure_lookup_table()
            bmesh.ops.delete(
                editable, geom=[editable.faces[i] for i in np.flatnonzero(which).tolist()], context="FACES"
            )
            editable.to_mesh(mesh)
            editable.free()
            drop_loose(mesh)
    return emptied


def _without(model: Model, emptied: set[bpy.types.Object]) -> Model:
    """The model less these objects; what hung on one of them hangs on what that hung on."""
    parents = {}
    for item, parent in model.parents.items():
        above: bpy.types.Object | None = parent
        while above in emptied:
            above = model.parents.get(above)
        if item not in emptied and above is not None:
            parents[item] = above
    left = [item for item in model.meshes if item not in emptied]
    grown = {item: growth for item, growth in model.grown.items() if item not in emptied}
    groups = set(model.groups)
    model = replace(model, meshes=left, parents=parents, grown=grown)
    bpy.data.batch_remove([*emptied, *(groups - set(model.groups))])
    return model

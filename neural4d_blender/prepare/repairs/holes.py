"""Fills holes. May import bpy and bmesh."""

from __future__ import annotations

from collections.abc import Iterable

import bmesh
import bpy
import numpy as np

from ..checks.shape.components import components
from ..meshes import apply_transforms, reshape
from ..meshes.extract_model import Model
from ..open_file import corners_of, mesh_of
from .sentences import counted, share
from .surface import Ints, Surface

#: A hole is small up to this share of the model's longest side.
_SMALL = 0.1


def fill(model: Model) -> tuple[Model, list[str]]:
    """Close small ones with faces that have the material, the texture and the colours of their rim."""
    filled = close(model, _SMALL)
    left = [size for item in model.unique_meshes for _, size in _rims(item, _longest(model))]
    told = [f"Holes: {counted(filled, 'hole')} filled."] if filled else []
    if holes := [size for size in left if size < np.inf]:
        told.append(
            f"Holes: {counted(len(holes), 'opening')} left, the largest one {share(max(holes))} of the longest side."
        )
    if sheets := len(left) - len(holes):
        told.append(f"Holes: {counted(sheets, 'border')} of thin sheets left open.")
    return model, told


def close(model: Model, most: float) -> int:
    """Close holes up to a share of the model's longest side; returns how many. The border of a sheet is none."""
    longest = _longest(model)
    if not any(size <= most for item in model.unique_meshes for _, size in _rims(item, longest)):
        return 0
    reshape.weld(model)
    filled = 0
    for item in model.unique_meshes:
        small = [rim for rim, size in _rims(item, longest) if size <= most]
        if small:
            with reshape.carried_normals(mesh_of(item)):
                filled += _fill(mesh_of(item), small)
    return filled


def _longest(model: Model) -> float:
    return Surface.of(model.meshes).longest


def _rims(item: bpy.types.Object, longest: float) -> list[tuple[Ints, float]]:
    """The corners at the edges of each opening, and its size as a share of the model's longest side.

    The border of a sheet is of infinite size.
    """
    surface = Surface.of([item])
    at = surface.open_edges
    if not len(at):
        return []
    begin, end = surface.corners[at], surface.following[at]
    labels = components(len(surface.points), begin, end)[begin]
    sheets = surface.sheets()
    found = []
    for label in np.unique(labels):
        own = at[labels == label]
        size = float(np.ptp(surface.points[surface.corners[own]], axis=0).max())
        found.append((own, np.inf if sheets[surface.parts[surface.faces[own[0]]]] else size / longest))
    return found


def _fill(mesh: bpy.types.Mesh, rims: Iterable[Ints]) -> int:
    """Fill the openings at these corners of a welded mesh; returns how many have faces now."""
    edges = corners_of(mesh, "edge")
    editable = bmesh.new()
    editable.from_mesh(mesh)
    editable.edges.ensure_lookup_table()
    rings = [[editable.edges[number] for number in edges[rim]] for rim in rims]
    filled = 0
    for ring in rings:
        made = bmesh.ops.holes_fill(editable, edges=ring, sides=0)["faces"]
        paint(editable, made)
        bmesh.ops.triangulate(editable, faces=[face for face in made if len(face.verts) > 4])
        filled += bool(made)
    editable.to_mesh(mesh)
    editable.free()
    mesh.update()
    return filled


def paint(editable: bmesh.types.BMesh, faces: Iterable[bmesh.types.BMFace]) -> None:
    """Give new faces what those at their rim have: material, UVs, colours; but normals of the surface's own."""
    layers = editable.loops.layers
    normals = layers.float_vector.get(apply_transforms.CARRIER)
    new = set(faces)
    for face in new:
        for loop in face.loops:
            around = [one for one in loop.vert.link_loops if one.face not in new]
            beside = next((one for one in around if loop.edge in one.face.edges), around[0] if around else None)
            if beside is not None:
                face.material_index = beside.face.material_index
                for layer in layers.uv.values():
                    loop[layer].uv = beside[layer].uv
                for colours in (layers.color, layers.float_color):
                    for shade in colours.values():
                        loop[shade] = beside[shade]
            if normals is not None:
                loop[normals] = (0, 0, 0)

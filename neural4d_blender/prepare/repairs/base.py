"""Cuts the bottom flat, so that the model stands. May import bpy and bmesh."""

from __future__ import annotations

import bmesh
import bpy
import numpy as np
from mathutils.geometry import convex_hull_2d

from ..meshes import apply_transforms, reshape
from ..meshes.apply_transforms import Floats
from ..meshes.extract_model import Model
from ..open_file import mesh_of
from .holes import paint
from .sentences import counted, share
from .surface import Surface

#: Of the height: what is cut off at first, and at most; what is lower than this above the ground touches it.
_SLICE, _MOST, _TOUCHING = 0.01, 0.08, 0.001
#: It stands where what touches the ground spans this share of its outline, seen from above, and its middle is over it.
_SPAN = 0.04


def cut(model: Model) -> tuple[Model, list[str]]:
    """Off the lowest part, as little as it takes to stand; one that stands, or would not, is left alone."""
    surface = Surface.of(model.meshes)
    points = surface.points[np.unique(surface.corners)]
    bottom, height = float(points[:, 2].min()), float(np.ptp(points[:, 2]))
    if not height or _stands(points, points[points[:, 2] <= bottom + _TOUCHING * height]):
        return model, []
    slices = (_SLICE, 2 * _SLICE, 4 * _SLICE, _MOST)
    part = next((one for one in slices if _stands(points, _outline(surface, bottom + one * height))), None)
    if part is None:
        return model, [f"Base: not cut, since it would not stand on anything up to {share(_MOST)} above its foot."]
    apply_transforms.unshare(model.meshes)
    reshape.weld(model)
    unfilled = sum(_cut(item, bottom + part * height) for item in model.meshes)
    told = [f"Base: cut flat {share(part)} above the lowest point."]
    if unfilled:
        told.append(f"Base: {counted(unfilled, 'edge')} of the cut left open, where the surface was open before.")
    return model, told


def _stands(points: Floats, touching: Floats) -> bool:
    """What touches the ground spans enough of the outline, and the middle of the model is over it."""
    if len(touching) < 3:
        return False
    foot, whole = _hull(touching), _hull(points)
    if _area(foot) < _SPAN * _area(whole):
        return False
    middle = points[:, :2].mean(axis=0)
    a, b = foot - middle, np.roll(foot, -1, axis=0) - middle
    return bool((a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0] >= 0).all())


def _hull(points: Floats) -> Floats:
    """The convex outline of points as seen from above, anticlockwise."""
    flat = np.unique(points[:, :2], axis=0)
    hull = flat[convex_hull_2d(flat.tolist())] if len(flat) > 2 else flat
    return hull if _signed(hull) >= 0 else hull[::-1]


def _signed(outline: Floats) -> float:
    x, y = outline[:, 0], outline[:, 1]
    return float(x @ np.roll(y, -1) - y @ np.roll(x, -1)) / 2


def _area(outline: Floats) -> float:
    return abs(_signed(outline))


def _outline(surface: Surface, height: float) -> Floats:
    """Where edges cross a height."""
    a, b = surface.points[surface.corners], surface.points[surface.following]
    crossing = (a[:, 2] - height) * (b[:, 2] - height) < 0
    a, b = a[crossing], b[crossing]
    along = ((height - a[:, 2]) / (b[:, 2] - a[:, 2]))[:, None]
    return a + (b - a) * along


def _cut(item: bpy.types.Object, height: float) -> int:
    """Cut a mesh and close the cut; returns how many edges of it are open."""
    mesh = mesh_of(item)
    with reshape.carried_normals(mesh):
        editable = bmesh.new()
        editable.from_mesh(mesh)
        everything = [*editable.verts, *editable.edges, *editable.faces]
        found = bmesh.ops.bisect_plane(
            editable, geom=everything, plane_co=(0, 0, height), plane_no=(0, 0, 1), clear_inner=True
        )["geom_cut"]
        edges = [one for one in found if isinstance(one, bmesh.types.BMEdge) and len(one.link_faces) == 1]
        before = set(editable.faces)
        if edges:
            bmesh.ops.triangle_fill(editable, edges=edges, use_beauty=True, use_dissolve=False, normal=(0, 0, -1))
        paint(editable, [face for face in editable.faces if face not in before])
        left = sum(1 for edge in edges if edge.is_valid and len(edge.link_faces) != 2)
        editable.to_mesh(mesh)
        editable.free()
    mesh.update()
    return left

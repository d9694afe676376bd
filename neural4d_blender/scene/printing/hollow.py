"""Hollows a body: a wall of a thickness, and holes through which resin or powder drains. May import bpy and numpy.

The inside is the surface at that depth, found in a grid of distances (OpenVDB, by Blender's own modifiers).
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import bpy
import numpy as np
from mathutils.bvhtree import BVHTree
from mathutils.kdtree import KDTree

from ...engine.protocol import InvalidInput
from .body import Body, joined

_NAME = "neural4d_hollow"
#: Voxels of a wall; and at most so many along the longest side, which is what memory and time take.
_FINE, _MOST = 4, 400
#: How deep distances are known, in walls. Blender has them from 0 to 1, the 1 at that depth; or, of a body that is less
#: thick, at the deepest place, by which its walls would come out thinner than they are to be.
_BAND, _THINNER = 1.25, 0.9
#: So many points of a cavity are measured.
_MEASURED = 500
#: A cavity that holds less than a cube of so many walls is left filled.
_SMALLEST = 1.0
#: Where a hole goes instead, in its widths: one that meets a corner of the surface may leave it open.
_SHIFTS = (0.0, 0.07, -0.13)


def hollow(body: Body, wall: float, drains: int = 0, drain: float = 3.0) -> tuple[Body, tuple[str, ...]]:
    """The body with a cavity, and in sentences what became of it.

    Args:
        wall: thickness in millimetres. drains: how many holes, down from the cavity. drain: their width in millimetres.

    Raises:
        InvalidInput: the wall is none, or the body is not closed.
    """
    if not 0 < wall < float(body.size.max()) or drain <= 0 or not 0 <= drains <= 9:
        raise InvalidInput("A wall, and a hole's width, are lengths in millimetres above 0; there are 0 to 9 holes.")
    if body.open_edges:
        raise InvalidInput(
            f"{body.name} is not closed, so it has no inside to hollow.", "Import it with the repair printable first."
        )
    voxel = max(wall / _FINE, float(body.size.max()) / _MOST)
    with _scene() as scene:
        inside = _inside(scene, body, wall, voxel)
        cavities = [part for part in inside if part.volume > _SMALLEST * wall**3]
        if not cavities or voxel > wall or _depth(body, cavities) < _THINNER * wall:
            return body, (f"It is too thin for a cavity with walls of {wall:g} mm, and stays solid.",)
        turned = [replace(part, triangles=part.triangles[:, ::-1]) for part in cavities]
        made = _together(body, turned)
        gone = sum(part.volume for part in cavities)
        told = [f"Hollowed with walls of {wall:g} mm, which saves {gone / body.volume:.0%} of the material."]
        if not drains:
            return made, tuple(told)
        pierced = _pierced(scene, made, cavities, drains, drain)
        if pierced is None:
            return made, (*told, "No drain holes could be cut; what is inside stays inside.")
        return pierced, (*told, f"{drains} drain {'holes' if drains > 1 else 'hole'} of {drain:g} mm in the bottom.")


@contextmanager
def _scene() -> Iterator[bpy.types.Scene]:
    """A scene for what is made on the way, which leaves the user's as it is."""
    before = {kind: set(getattr(bpy.data, kind)) for kind in ("objects", "meshes", "volumes")}
    scene = bpy.data.scenes.new(_NAME)
    try:
        yield scene
    finally:
        bpy.data.scenes.remove(scene)
        for kind, there in before.items():
            bpy.data.batch_remove([one for one in getattr(bpy.data, kind) if one not in there])


def _object(scene: bpy.types.Scene, data: Any) -> Any:
    item = bpy.data.objects.new(_NAME, data)
    scene.collection.objects.link(item)
    return item


def _mesh(body: Body) -> bpy.types.Mesh:
    mesh = bpy.data.meshes.new(_NAME)
    mesh.from_pydata(body.points.tolist(), [], body.triangles.tolist())
    return mesh


def _evaluated(scene: bpy.types.Scene, item: bpy.types.Object) -> Body:
    layer = scene.view_layers[0]
    layer.update()
    evaluated = item.evaluated_get(layer.depsgraph)
    mesh: Any = evaluated.to_mesh()
    mesh.calc_loop_triangles()
    points = np.empty((len(mesh.vertices), 3), dtype=np.float32)
    mesh.vertices.foreach_get("co", points.ravel())
    triangles = np.empty((len(mesh.loop_triangles), 3), dtype=np.int32)
    mesh.loop_triangles.foreach_get("vertices", triangles.ravel())
    evaluated.to_mesh_clear()
    return joined(item.name, [Body(item.name, points.astype(np.float64), triangles.astype(np.int64))])


def _inside(scene: bpy.types.Scene, body: Body, wall: float, voxel: float) -> list[Body]:
    """What lies deeper than the wall, in parts."""
    solid = _object(scene, _mesh(body))
    volume = _object(scene, bpy.data.volumes.new(_NAME))
    to_volume = volume.modifiers.new("Volume", "MESH_TO_VOLUME")
    to_volume.object, to_volume.resolution_mode, to_volume.voxel_size = solid, "VOXEL_SIZE", voxel
    to_volume.interior_band_width, to_volume.density = wall * _BAND, 1.0
    made = _object(scene, bpy.data.meshes.new(_NAME))
    to_mesh = made.modifiers.new("Mesh", "VOLUME_TO_MESH")
    to_mesh.object, to_mesh.resolution_mode, to_mesh.threshold = volume, "GRID", 1 / _BAND
    whole = _evaluated(scene, made)
    if not len(whole.triangles):
        return []
    return _parts(whole if whole.volume > 0 else replace(whole, triangles=whole.triangles[:, ::-1]))


def _depth(body: Body, cavities: list[Body]) -> float:
    """How thin the wall is anywhere, in millimetres."""
    tree: Any = BVHTree.FromPolygons(body.points.tolist(), body.triangles.tolist(), all_triangles=True)
    points = np.concatenate([cavity.points for cavity in cavities])
    return float(min(tree.find_nearest(point)[3] for point in points[:: len(points) // _MEASURED + 1].tolist()))


def _parts(body: Body) -> list[Body]:
    """The pieces of a body that do not touch."""
    labels = np.arange(len(body.points))
    while True:
        low = labels[body.triangles].min(axis=1)
        before = labels.copy()
        for corner in range(3):
            np.minimum.at(labels, body.triangles[:, corner], low)
        labels = labels[labels]
        if (labels == before).all():
            break
    found = []
    for label in np.unique(labels[body.triangles[:, 0]]):
        own = body.triangles[labels[body.triangles[:, 0]] == label]
        used, local = np.unique(own, return_inverse=True)
        found.append(Body(body.name, body.points[used], local.reshape(-1, 3)))
    return found


def _together(body: Body, inner: list[Body]) -> Body:
    """One body of a surface and those within, which have its colours where it has any."""
    made = joined(body.name, [replace(body, colours=None), *inner])
    return _coloured(made, body)


def _coloured(made: Body, before: Body) -> Body:
    """The colours of the nearest points of another body."""
    if before.colours is None:
        return made
    tree = KDTree(len(before.points))
    for number, point in enumerate(before.points.tolist()):
        tree.insert(point, number)
    tree.balance()
    nearest = [tree.find(point)[1] for point in made.points.tolist()]
    return replace(made, colours=before.colours[nearest])


def _pierced(scene: bpy.types.Scene, body: Body, cavities: list[Body], drains: int, width: float) -> Body | None:
    """The body with holes through its bottom; None where no closed surface comes of it."""
    low = np.concatenate([cavity.points[cavity.points[:, 2] < cavity.lower[2] + width] for cavity in cavities])
    places = [low[np.argmin(low[:, 2])]]
    while len(places) < drains:  # each as far as can be from those before
        away = np.min([np.linalg.norm(low[:, :2] - place[:2], axis=1) for place in places], axis=0)
        places.append(low[np.argmax(away)])
    item = _object(scene, _mesh(body))
    for solver, shift in itertools.product(_solvers(), _SHIFTS):
        item.modifiers.clear()
        for place in places:
            bottom, top = float(body.lower[2]) - width, float(place[2]) + width / 2
            cylinder = _object(scene, _cylinder(width / 2, bottom, top))
            cylinder.location = (place[0] + shift * width, place[1] + shift * width / 2, 0)
            cut = item.modifiers.new("Drain", "BOOLEAN")
            cut.operation, cut.solver, cut.object = "DIFFERENCE", solver, cylinder
        made = replace(_evaluated(scene, item), name=body.name)
        if len(made.triangles) and not made.open_edges and 0 < made.volume < body.volume:
            return _coloured(made, body)
    return None


def _solvers() -> list[str]:
    """Blender's for solids, which is there from 4.5 on and quick, and the one for everything."""
    known: Any = bpy.types.BooleanModifier.bl_rna.properties["solver"]
    there = known.enum_items.keys()
    return [solver for solver in ("MANIFOLD", "EXACT") if solver in there]


def _cylinder(radius: float, bottom: float, top: float, sides: int = 32) -> bpy.types.Mesh:
    angles = np.arange(sides) * 2 * np.pi / sides
    ring = np.stack([np.cos(angles) * radius, np.sin(angles) * radius], axis=1)
    points = [(*place, height) for height in (bottom, top) for place in ring.tolist()]
    walls = [(one, (one + 1) % sides, sides + (one + 1) % sides, sides + one) for one in range(sides)]
    mesh = bpy.data.meshes.new(_NAME)
    mesh.from_pydata(points, [], [*walls, tuple(range(sides))[::-1], tuple(range(sides, 2 * sides))])
    return mesh

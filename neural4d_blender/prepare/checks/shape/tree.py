"""The triangles of a model as a tree that rays are sent through. May import bpy and numpy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree
from numpy.typing import NDArray

#: Shares of the longest side: what a ray starts beside the surface, and how many faces it goes through at most.
_BESIDE, _STEPS = 2e-5, 24
_TRIANGLES_AS_LISTS = 2_000


class Tree:
    """Of triangles (n, 3) of points (m, 3); what it finds it tells by the triangle's number.

    Args:
        as_lists: in however long it takes, but with nothing made in the open file.
    """

    def __init__(
        self, points: NDArray[np.float32], triangles: NDArray[np.int32], extent: float, *, as_lists: bool = False
    ) -> None:
        self.bvh = _built(points, triangles, as_lists=as_lists)
        self.beside = _BESIDE * extent

    def hits(self, origin: Any, direction: Any, reach: float = 1e30) -> Iterator[tuple[float, Vector, int]]:
        """Distance, normal and triangle of what a ray goes through, one after the other; `direction` has length 1."""
        start, gone = Vector(origin), 0.0
        direction = Vector(direction)
        for _ in range(_STEPS):
            place, normal, triangle, distance = self.bvh.ray_cast(start, direction, reach - gone)
            if place is None:
                return
            gone += distance
            yield gone, normal, triangle
            start, gone = place + direction * self.beside, gone + self.beside

    def sees_out(self, origin: Any, direction: Any) -> bool:
        """Nothing stands in the way of a ray."""
        return self.bvh.ray_cast(origin, direction)[0] is None


def _built(points: NDArray[np.float32], triangles: NDArray[np.int32], *, as_lists: bool = False) -> BVHTree:
    if 3 * len(triangles) < len(points):  # of a sample
        used, corners = np.unique(triangles, return_inverse=True)
        points, triangles = points[used], corners.reshape(-1, 3).astype(np.int32)
    if as_lists or len(triangles) <= _TRIANGLES_AS_LISTS:
        return BVHTree.FromPolygons(points.tolist(), triangles.tolist(), all_triangles=True)
    # Lists of a million of anything take seconds. A mesh in a scene of its own does not, nor does it need edges.
    mesh: Any = bpy.data.meshes.new("Neural4D checks")
    item = bpy.data.objects.new("Neural4D checks", mesh)
    scene = bpy.data.scenes.new("Neural4D checks")
    try:
        mesh.vertices.add(len(points))
        mesh.attributes["position"].data.foreach_set("vector", points.ravel())
        mesh.loops.add(triangles.size)
        mesh.attributes[".corner_vert"].data.foreach_set("value", triangles.ravel())  # loops take ten times as long
        mesh.polygons.add(len(triangles))
        mesh.polygons.foreach_set("loop_start", np.arange(0, triangles.size, 3, dtype=np.int32))
        scene.collection.objects.link(item)
        scene.view_layers[0].update()
        return BVHTree.FromObject(item, scene.view_layers[0].depsgraph)
    finally:
        bpy.data.batch_remove([scene, item, mesh])

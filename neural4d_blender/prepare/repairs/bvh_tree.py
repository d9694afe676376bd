"""Where points are to a surface, by mathutils' trees of its triangles. May import mathutils and numpy."""

from __future__ import annotations

import numpy as np
from mathutils import Vector
from mathutils.bvhtree import BVHTree

from ..meshes.apply_transforms import Floats
from .surface import Ints


def tree(points: Floats, triangles: Ints) -> BVHTree:
    used, local = np.unique(triangles, return_inverse=True)
    return BVHTree.FromPolygons(points[used].tolist(), local.reshape(-1, 3).tolist(), all_triangles=True)


def inside(rocks: BVHTree, point: Vector) -> bool:
    """A ray from the point meets the surface an odd number of times."""
    direction = Vector((0.5773, 0.5774, 0.5773))
    crossed = 0
    while crossed < 1000:
        hit, _, _, distance = rocks.ray_cast(point, direction)
        if hit is None:
            break
        crossed += 1
        point = hit + direction * max(distance * 1e-5, 1e-7)
    return crossed % 2 == 1

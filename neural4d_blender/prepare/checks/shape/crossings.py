"""Which triangles go through which. May import numpy."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .geometry import Geometry
from .tree import Tree

Pairs = NDArray[np.int64]
#: Up to so many triangles all are looked at; of more, so many; first so many, to see how many pairs there will be.
_ALL, _SAMPLE, _FIRST, _MOST_PAIRS = 150_000, 10_000, 500, 2_000_000
#: As a share of the longest side: how far they go through each other at least.
_DEEP = 1e-5


def crossings(shape: Geometry) -> tuple[Pairs, bool]:
    """Pairs of triangles (n, 2) that go through each other, and whether all triangles were looked at."""
    count = len(shape.triangles)
    shape.topology  # noqa: B018 (it welds what the grid's cells part)
    few = _of_sample(shape, min(_FIRST, count))
    most = len(few) / min(_FIRST, count) * count
    if count <= _ALL and most < _MOST_PAIRS:
        return _really(shape, np.array(shape.tree.bvh.overlap(shape.tree.bvh), dtype=np.int64).reshape(-1, 2)), True
    sample = _SAMPLE if most * _SAMPLE / count < _MOST_PAIRS else _FIRST
    pairs = few if sample == _FIRST else _of_sample(shape, sample)
    return _really(shape, pairs), False


def _of_sample(shape: Geometry, size: int) -> Pairs:
    """Half of it of all parts but the largest, where there are several: these are what sticks in others."""
    generator = np.random.default_rng(0)
    small = np.flatnonzero(shape.triangle_part != np.argmax(shape.part_areas))
    small = generator.choice(small, min(size // 2, len(small)), replace=False, shuffle=False)
    rest = generator.choice(len(shape.triangles), size - len(small), replace=False, shuffle=False)
    sample = np.union1d(small, rest)
    found = Tree(shape.points, shape.triangles[sample], shape.extent).bvh.overlap(shape.tree.bvh)
    pairs = np.array(found, dtype=np.int64).reshape(-1, 2)
    pairs[:, 0] = sample[pairs[:, 0]]
    one, other = shape.triangles[pairs[:, 0]], shape.triangles[pairs[:, 1]]
    neighbours = (one[:, :, None] == other[:, None, :]).any(axis=(1, 2))
    return pairs[~neighbours]


def _really(shape: Geometry, pairs: Pairs) -> Pairs:
    """Without those that only touch."""
    deep = np.float32(_DEEP * shape.extent)
    for one, other in ((0, 1), (1, 0)):
        plane = pairs[:, other]
        normals, origins = shape.normals(plane), shape.points[shape.triangles[plane, 0]]
        corners = shape.points[shape.triangles[pairs[:, one]]] - origins[:, None]
        heights = np.einsum("ijk,ik->ij", corners, normals)
        pairs = pairs[(heights.min(axis=1) < -deep) & (heights.max(axis=1) > deep)]
    return pairs

"""The faces of meshes by where their corners are, as numpy arrays: a texture's seam opens nothing. May import bpy.

What is looked for is looked for here, so that nothing is opened for editing that has nothing wrong with it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import bpy
import numpy as np
from numpy.typing import NDArray

from ..checks.shape.components import components
from ..meshes import apply_transforms
from ..meshes.apply_transforms import Floats
from ..open_file import corners_of, mesh_of

Ints = NDArray[np.int64]
#: Volume of a part, as a share of its area to the power of 1.5, from which it has an inside: a ball's is 0.094.
_HOLLOW = 0.01


@dataclass(frozen=True)
class Surface:
    """Faces of one or several objects, in the world.

    Attributes:
        points: (p, 3), places of vertices, each once.
        corners: of each corner of a face its place.
        faces: of each corner its face. starts: of each face its first corner.
        owners: of each face the number of its object.
    """

    points: Floats
    corners: Ints
    faces: Ints
    starts: Ints
    owners: Ints

    @classmethod
    def of(cls, items: Sequence[bpy.types.Object]) -> Surface:
        """Of these mesh objects, as their own transforms place them."""
        points, corners, sizes, owners = [], [], [], []
        first = 0
        for number, item in enumerate(items):
            mesh = mesh_of(item)
            matrix = np.array(item.matrix_basis, dtype=np.float64)
            points.append(apply_transforms.coordinates(mesh) @ matrix[:3, :3].T + matrix[:3, 3])
            corners.append(corners_of(mesh, "vert").astype(np.int64) + first)
            sides = np.empty(len(mesh.polygons), dtype=np.int32)
            mesh.polygons.foreach_get("loop_total", sides)
            sizes.append(sides.astype(np.int64))
            owners.append(np.full(len(sides), number, dtype=np.int64))
            first += len(mesh.vertices)
        places, unique = welded(np.concatenate(points))
        total = np.concatenate(sizes)
        starts = np.concatenate([[0], np.cumsum(total)[:-1]]).astype(np.int64)
        faces = np.repeat(np.arange(len(total)), total)
        return cls(unique, places[np.concatenate(corners)], faces, starts, np.concatenate(owners))

    @cached_property
    def longest(self) -> float:
        """The longest side of the box around it, in metres."""
        return float(np.ptp(self.points[self.corners], axis=0).max())

    @cached_property
    def following(self) -> Ints:
        """Of each corner the place of the next one in its face."""
        after = np.arange(1, len(self.corners) + 1)
        after[np.append(self.starts[1:], len(self.corners)) - 1] = self.starts
        return self.corners[after]

    @cached_property
    def edges(self) -> tuple[Ints, Ints, Ints]:
        """Of each corner the number of the edge that begins there, -1 where it has no length; of each edge how many
        faces there are, and how many more run along it forwards than backwards.
        """
        low, high = np.minimum(self.corners, self.following), np.maximum(self.corners, self.following)
        real = low != high
        _, inverse, counts = np.unique(
            low[real] * len(self.points) + high[real], return_inverse=True, return_counts=True
        )
        numbers = np.full(len(self.corners), -1)
        numbers[real] = inverse.ravel()
        forwards = np.where(self.corners[real] == low[real], 1, -1)
        return numbers, counts, np.bincount(inverse.ravel(), forwards, len(counts)).astype(np.int64)

    @property
    def open_edges(self) -> Ints:
        """Corners at which an edge begins that has no other face."""
        numbers, counts, _ = self.edges
        return np.flatnonzero((numbers >= 0) & (counts[numbers] == 1))

    @property
    def is_closed(self) -> bool:
        """Every edge has two faces, which run along it the one forwards and the other backwards."""
        _, counts, sums = self.edges
        return bool(len(counts) and (counts == 2).all() and not sums.any())

    @cached_property
    def parts(self) -> Ints:
        """Of each face the number of the part that it hangs together with, from 0."""
        labels = components(len(self.points), self.corners, self.following)
        return np.unique(labels[self.corners[self.starts]], return_inverse=True)[1].ravel()

    @cached_property
    def triangles(self) -> tuple[Ints, Ints]:
        """(t, 3) places, faces split into fans; and of each the face."""
        middle = np.ones(len(self.corners), dtype=bool)
        middle[self.starts] = False
        middle[np.append(self.starts[1:], len(self.corners)) - 1] = False
        at = np.flatnonzero(middle)
        faces = self.faces[at]
        return np.stack([self.corners[self.starts[faces]], self.corners[at], self.following[at]], axis=1), faces

    def mesh(self, name: str, which: NDArray[np.bool_] | None = None) -> bpy.types.Mesh:
        """A new mesh of the bare faces, or of some of them."""
        used = np.ones(len(self.starts), dtype=bool) if which is None else which
        here = used[self.faces]
        places, corners = np.unique(self.corners[here], return_inverse=True)
        sizes = np.bincount(self.faces, minlength=len(self.starts))[used]
        made = bpy.data.meshes.new(name)
        made.vertices.add(len(places))
        made.vertices.foreach_set("co", self.points[places].astype(np.float32).ravel())
        made.loops.add(len(corners))
        made.loops.foreach_set("vertex_index", corners.ravel().astype(np.int32))
        made.polygons.add(len(sizes))
        made.polygons.foreach_set("loop_start", (np.cumsum(sizes) - sizes).astype(np.int32))
        made.update(calc_edges=True)
        return made

    def volumes(self) -> Floats:
        """Of each part its volume about its own middle (m³), below 0 where it is inside out."""
        triangles, faces = self.triangles
        part = self.parts[faces]
        count = self.parts.max() + 1
        weights = np.maximum(np.bincount(part, minlength=count), 1)[:, None]
        centers = self.points[triangles].mean(axis=1)
        middle = np.stack([np.bincount(part, centers[:, axis], count) for axis in range(3)], axis=1) / weights
        a, b, c = (self.points[triangles[:, corner]] - middle[part] for corner in range(3))
        return _summed(part, np.einsum("ij,ij->i", a, np.cross(b, c)) / 6, count)

    @cached_property
    def areas(self) -> Floats:
        """Of each face (m²)."""
        triangles, faces = self.triangles
        a, b, c = (self.points[triangles[:, corner]] for corner in range(3))
        return _summed(faces, np.linalg.norm(np.cross(b - a, c - a), axis=1) / 2, len(self.starts))

    def sheets(self) -> NDArray[np.bool_]:
        """Of each part whether it encloses next to nothing: a leaf, a sail."""
        volumes = self.volumes()
        return np.abs(volumes) < _HOLLOW * np.bincount(self.parts, self.areas, len(volumes)) ** 1.5

    def boxes(self) -> tuple[Floats, Floats]:
        """Of each part the lower and the upper corner."""
        count = self.parts.max() + 1
        lower, upper = np.full((count, 3), np.inf), np.full((count, 3), -np.inf)
        owner = self.parts[self.faces]
        np.minimum.at(lower, owner, self.points[self.corners])
        np.maximum.at(upper, owner, self.points[self.corners])
        return lower, upper


def welded(points: Floats) -> tuple[Ints, Floats]:
    """Of each point the number of its place, and the places: points of the very same coordinates are one."""
    order = np.lexsort(points.T)
    new = np.ones(len(points), dtype=bool)
    new[1:] = (points[order[1:]] != points[order[:-1]]).any(axis=1)
    places = np.empty(len(points), dtype=np.int64)
    places[order] = np.cumsum(new) - 1
    return places, points[order[new]]


def _summed(where: Ints, values: Floats, count: int) -> Floats:
    return np.bincount(where, values, count).astype(np.float64)

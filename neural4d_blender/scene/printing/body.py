"""A model as a printer's program sees it: one set of triangles in millimetres. May import bpy and numpy."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ...engine.protocol import InvalidInput
from ..placing.lod_collections import model_of
from ..placing.placement import metres_per_unit

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Body:
    """Triangles whose corners are joined where they stand in the same place.

    Attributes:
        name: of the root. points: (p, 3) in millimetres. triangles: (t, 3), anticlockwise seen from outside.
        colours: (p, 3) of bytes, sRGB; None where it has none at its vertices.
    """

    name: str
    points: Floats
    triangles: Ints
    colours: NDArray[np.uint8] | None = None

    @classmethod
    def of(cls, root: bpy.types.Object) -> Body:
        """A root and all that is seen below it, modifiers included, as it stands in its scene.

        Raises:
            InvalidInput: there are no faces.
        """
        depsgraph = bpy.context.evaluated_depsgraph_get()
        scale = metres_per_unit(bpy.context.scene) * 1000
        items = [item for item in model_of(root) if item.type == "MESH" and item.visible_get()]
        parts = [_read(item.evaluated_get(depsgraph), scale) for item in items]
        parts = [part for part in parts if len(part.triangles)]
        if not parts:
            raise InvalidInput(f"{root.name} has no faces to print.", "Select a model that can be seen.")
        return joined(root.name, parts)

    @property
    def lower(self) -> Floats:
        return np.asarray(self.points.min(axis=0))

    @property
    def size(self) -> Floats:
        """Width, depth and height in millimetres."""
        return np.asarray(np.ptp(self.points, axis=0))

    @cached_property
    def volume(self) -> float:
        """Cubic millimetres inside; below 0 where it is inside out."""
        a, b, c = (self.points[self.triangles[:, corner]] - self.lower for corner in range(3))
        return float(np.einsum("ij,ij->i", a, np.cross(b, c)).sum() / 6)

    @cached_property
    def open_edges(self) -> int:
        """Edges that have no two triangles which run along them the one forwards, the other backwards."""
        a = self.triangles.ravel()
        b = np.roll(self.triangles, -1, axis=1).ravel()
        keys = np.minimum(a, b) * len(self.points) + np.maximum(a, b)
        _, inverse, counts = np.unique(keys, return_inverse=True, return_counts=True)
        sums = np.bincount(inverse.ravel(), np.where(a < b, 1, -1))
        return int(((counts != 2) | (sums != 0)).sum())

    def moved(self, by: Any) -> Body:
        """The same elsewhere."""
        return replace(self, points=self.points + np.asarray(by, dtype=np.float64))


def joined(name: str, parts: list[Body]) -> Body:
    """One body of several, corners of the same place made one."""
    first = np.cumsum([0, *(len(part.points) for part in parts[:-1])])
    triangles = np.concatenate([part.triangles + start for part, start in zip(parts, first, strict=True)])
    points = np.concatenate([part.points for part in parts])
    plain = np.full((1, 3), 204, dtype=np.uint8)
    colours = None
    if any(part.colours is not None for part in parts):
        shades = [np.repeat(plain, len(p.points), 0) if p.colours is None else p.colours for p in parts]
        colours = np.concatenate(shades)
    _, chosen, places = np.unique(points.astype(np.float32), axis=0, return_index=True, return_inverse=True)
    triangles = places.ravel()[triangles]
    real = (triangles != np.roll(triangles, 1, axis=1)).all(axis=1)
    return Body(name, points[chosen], triangles[real], None if colours is None else colours[chosen])


def _read(item: bpy.types.Object, scale: float) -> Body:
    """An evaluated object's own mesh in the world."""
    mesh: Any = item.to_mesh()
    try:
        mesh.calc_loop_triangles()
        points = np.empty((len(mesh.vertices), 3), dtype=np.float32)
        mesh.vertices.foreach_get("co", points.ravel())
        triangles = np.empty((len(mesh.loop_triangles), 3), dtype=np.int32)
        mesh.loop_triangles.foreach_get("vertices", triangles.ravel())
        matrix = np.array(item.matrix_world, dtype=np.float64)
        places = (points.astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]) * scale
        if np.linalg.det(matrix[:3, :3]) < 0:
            triangles = triangles[:, ::-1]
        return Body(item.name, places, triangles.astype(np.int64), _colours(mesh))
    finally:
        item.to_mesh_clear()


def _colours(mesh: Any) -> NDArray[np.uint8] | None:
    """The colours that the mesh shows at its vertices; of several corners at one, those of the last."""
    layers = mesh.color_attributes
    if not 0 <= layers.render_color_index < len(layers):
        return None
    layer = layers[layers.render_color_index]
    values = np.empty((len(layer.data), 4), dtype=np.float32)
    layer.data.foreach_get("color_srgb", values.ravel())
    if layer.domain == "CORNER":
        corners = np.empty(len(mesh.loops), dtype=np.int32)
        mesh.loops.foreach_get("vertex_index", corners)
        at = np.ones((len(mesh.vertices), 4), dtype=np.float32)
        at[corners] = values
        values = at
    return np.asarray((values[:, :3].clip(0, 1) * 255).round(), dtype=np.uint8)

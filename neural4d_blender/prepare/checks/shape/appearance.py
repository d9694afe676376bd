"""UV maps, materials and colours of a model, as arrays beside those of its `Shape`. May import bpy and numpy."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .components import totals
from .geometry import Geometry


class Appearance:
    """Of the faces of a `Shape`."""

    def __init__(self, shape: Geometry) -> None:
        self.shape = shape

    @cached_property
    def uv(self) -> NDArray[np.float32]:
        """(corners, 2): places in the UV map that is shown; 0 where there is none."""
        found = np.zeros((len(self.shape.corner_vertex), 2), dtype=np.float32)
        for piece in self.shape.pieces:
            layers: Any = piece.mesh.uv_layers
            layer = next((one for one in layers if one.active_render), None)
            if layer is not None:
                layer.uv.foreach_get("vector", found[piece.corners].ravel())
        return found

    @cached_property
    def uv_areas(self) -> NDArray[np.float32]:
        """Of the triangles, where all of the UV map is 1."""
        corners = self.uv if self.shape.triangular else self.uv[self.shape.triangle_corners.ravel()]
        u, v = (np.ascontiguousarray(corners[:, axis].reshape(-1, 3).T) for axis in range(2))
        areas: NDArray[np.float32] = np.abs((u[1] - u[0]) * (v[2] - v[0]) - (v[1] - v[0]) * (u[2] - u[0])) / 2
        return areas

    @cached_property
    def first_of_mesh(self) -> NDArray[np.bool_]:
        """By face: it is of the first object that shows its mesh."""
        found = np.zeros(len(self.shape.face_start), dtype=bool)
        for piece in {piece.mesh: piece for piece in reversed(self.shape.pieces)}.values():
            found[piece.faces] = True
        return found

    @cached_property
    def materials(self) -> list[bpy.types.Material | None]:
        """All there are; the first is none."""
        found = {material: None for piece in self.shape.pieces for material in piece.mesh.materials if material}
        return [None, *found]

    @cached_property
    def material(self) -> NDArray[np.int32]:
        """By face, its material's place in `materials`."""
        number = {material: place for place, material in enumerate(self.materials)}
        found = np.zeros(len(self.shape.face_start), dtype=np.int32)
        for piece in self.shape.pieces:
            of_slot = np.array([number[material or None] for material in piece.mesh.materials] or [0], dtype=np.int32)
            slots = np.zeros(len(piece.mesh.polygons), dtype=np.int32)
            attribute: Any = piece.mesh.attributes.get("material_index")
            if attribute is not None:
                attribute.data.foreach_get("value", slots)
            found[piece.faces] = of_slot[slots.clip(0, len(of_slot) - 1)]
        return found

    @cached_property
    def material_areas(self) -> NDArray[np.float64]:
        """Of each of `materials`, in mm²."""
        return totals(self.material[self.shape.triangle_face], self.shape.areas, len(self.materials))

    @cached_property
    def coloured(self) -> NDArray[np.bool_]:
        """By face: its mesh has colours of its own."""
        found = np.zeros(len(self.shape.face_start), dtype=bool)
        for piece in self.shape.pieces:
            found[piece.faces] = bool(piece.mesh.color_attributes)
        return found

"""How many faces an object has once its modifiers are applied, and how often it is there: estimated, never evaluated.

May import bpy and numpy.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np

from . import node_growth

Item = bpy.types.Object
_ON_MESH = {"VERTS": "vertices", "FACES": "polygons"}


class Growth:
    """Of the objects of a model; raises node_growth.Endless as what it measures.

    Attributes:
        nodes: what the Geometry Nodes among it came to.
    """

    def __init__(self, items: Iterable[Item]) -> None:
        self._below: dict[Item, list[Item]] = {}
        for item in items:
            if item.parent is not None:
                self._below.setdefault(item.parent, []).append(item)
        self.nodes = node_growth.Estimate(self._brought)
        self._faces: dict[Any, float] = {}
        self._shown: dict[Any, float] = {}

    def faces(self, item: Item) -> float:
        """Faces (of what has none its points), with modifiers."""
        if item not in self._faces:
            self._faces[item] = 0.0  # where objects name each other
            amount = _own(item)
            for modifier in item.modifiers:
                if modifier.show_viewport:
                    amount = self._modified(item, modifier, amount)
                    # What a later modifier takes away has been there.
                    self.nodes.most = max(self.nodes.most, amount)
            self._faces[item] = amount
        return self._faces[item]

    def shown(self, item: Item) -> float:
        """How many objects show up for this one: itself and its instances, and theirs."""
        if item not in self._shown:
            self._shown[item] = 1.0
            if item.instance_type == "COLLECTION" and item.instance_collection:
                self._shown[item] += self._all(item.instance_collection.all_objects)
            elif item.instance_type in _ON_MESH and isinstance(item.data, bpy.types.Mesh):
                points = max(len(getattr(item.data, _ON_MESH[item.instance_type])), self.faces(item))
                self._shown[item] += points * self._all(self._below.get(item, ()))
        return self._shown[item]

    def _all(self, items: Iterable[Item]) -> float:
        return sum(map(self.shown, items))

    def _brought(self, what: Any) -> float:
        items = what.all_objects if isinstance(what, bpy.types.Collection) else [what]
        return sum(self.faces(item) * self.shown(item) for item in items)

    def _modified(self, item: Item, modifier: Any, amount: float) -> float:
        match modifier.type:
            case "NODES":
                return node_growth.of_modifier(modifier, amount, self.nodes)
            case "REMESH":
                return _remeshed(item, modifier)
            case "BOOLEAN":
                others = modifier.collection.all_objects if modifier.operand_type == "COLLECTION" else [modifier.object]
                return amount + sum(self.faces(other) for other in others if other)
        return amount * _times(item, modifier)


def _own(item: Item) -> float:
    data: Any = item.data
    match item.type:
        case "MESH":
            return float(len(data.polygons) or max(len(data.edges), len(data.vertices)))
        case "CURVE" | "FONT":
            return _curve(item, data)
        case "SURFACE":
            size = sum(s.point_count_u * s.resolution_u * s.point_count_v * s.resolution_v for s in data.splines)
            return float(size)
        case "META":
            # Cells that the surface goes through; each element is a ball at most.
            size = max(data.resolution, 1e-4)
            return sum(4 * math.pi * (abs(one.radius) / size) ** 2 for one in data.elements)
        case "CURVES" | "POINTCLOUD":
            return float(len(data.points))
    return 0.0


def _curve(item: Item, data: Any) -> float:
    """Points along times points around."""
    along = sum(
        max(len(spline.points), len(spline.bezier_points)) * max(spline.resolution_u, 1) for spline in data.splines
    )
    if item.type == "FONT":
        along = 4 * len(data.body) * max(data.resolution_u, 1)  # of a letter's points
    around = 4.0 + 2 * data.bevel_resolution if data.bevel_depth or data.extrude else 1.0
    profile = data.bevel_object if data.bevel_mode == "OBJECT" else None
    if profile and profile != item and isinstance(profile.data, bpy.types.Curve) and not profile.data.bevel_object:
        around = max(around, _curve(profile, profile.data))
    return float(along * around)


def _times(item: Item, modifier: Any) -> float:
    """How many times as many faces there are after a modifier; those that only move or remove count once."""
    match modifier.type:
        case "SUBSURF":
            return 4.0 ** min(modifier.levels, 64)
        case "ARRAY":
            return _copies(item, modifier)
        case "MIRROR":
            return 2.0 ** sum(modifier.use_axis)
        case "SCREW":
            return float(modifier.steps * modifier.iterations)
        case "BEVEL":
            return (1.0 + modifier.segments) ** (2 if modifier.limit_method == "NONE" else 1)
        case "SOLIDIFY":
            return 2.0
        case "DECIMATE" if modifier.decimate_type == "COLLAPSE":
            return float(modifier.ratio)
        case "WIREFRAME":
            return 8.0
        case "SKIN":
            return 16.0
    return 1.0


def _copies(item: Item, modifier: Any) -> float:
    if modifier.fit_type == "FIXED_COUNT":
        return float(modifier.count)
    step = [0.0, 0.0, 0.0]
    if modifier.use_constant_offset:
        step = list(modifier.constant_offset_displace)
    if modifier.use_relative_offset:
        sides = _sides(item)
        step = [at + part * side for at, part, side in zip(step, modifier.relative_offset_displace, sides, strict=True)]
    length = modifier.fit_length
    if modifier.fit_type == "FIT_CURVE":
        splines = modifier.curve.data.splines if modifier.curve and modifier.curve.type == "CURVE" else ()
        length = sum(spline.calc_length() for spline in splines)
    return 1.0 + length / size if (size := math.hypot(*step)) > 1e-6 else 1.0


def _sides(item: Item) -> list[float]:
    """Of the box about its mesh as the file has it; bound_box would be that of what is evaluated, where it is."""
    if not isinstance(item.data, bpy.types.Mesh) or not len(item.data.vertices):
        return [0.0, 0.0, 0.0]
    points = np.empty(3 * len(item.data.vertices), dtype=np.float32)
    item.data.vertices.foreach_get("co", points)
    return [float(side) for side in np.ptp(points.reshape(-1, 3), axis=0)]


def _remeshed(item: Item, modifier: Any) -> float:
    """About as many faces as the sides of its box have cells."""
    sides = _sides(item)
    if modifier.mode != "VOXEL":
        return 2.0 * 4.0**modifier.octree_depth
    x, y, z = (side / max(modifier.voxel_size, 1e-6) for side in sides)
    return 2 * (x * y + y * z + x * z)

"""The Python API for sizes that are measured in the open scene, instead of typed. May import scene."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import bpy

from ..batching.table.argument_types import checked
from ..engine.protocol import InvalidInput
from ..scene import measuring
from ..scene.placing.fitting import boxes

__all__ = ["distance_mm", "size_mm_of"]


@checked
def distance_mm(one: bpy.types.Object | Sequence[float], other: bpy.types.Object | Sequence[float]) -> float:
    """Real millimetres between two points, for ``size_mm``.

    Args:
        one, other: points in Blender units, or objects, whose origins count.

    Raises:
        InvalidInput: one of them is no point, or both are the same.
    """
    points = [_point(one), _point(other)]
    scene: Any = bpy.context.scene
    if not (length := measuring.distance_mm(points[0], points[1], scene)):
        raise InvalidInput("The two points are the same.", "Give two that are apart.")
    return length


@checked
def size_mm_of(things: bpy.types.Object | Iterable[bpy.types.Object], axis: str = "Z") -> float:
    """How large objects are together as they stand, in real millimetres: half as tall as a door is
    ``size_mm=size_mm_of(door) / 2, axis="Z"``.

    Args:
        axis: of the world, X, Y or Z; or LONGEST.

    Raises:
        InvalidInput: there is no such axis, or nothing with a size along it.
    """
    if axis not in ("X", "Y", "Z", "LONGEST"):
        raise InvalidInput(f"axis must be X, Y, Z or LONGEST, not {axis!r}.")
    scene: Any = bpy.context.scene
    scene.view_layers[0].update()
    sides = measuring.sides_mm(boxes.given(things), scene)
    size = max(sides) if axis == "LONGEST" else sides["XYZ".index(axis)]
    if not size > 0:
        raise InvalidInput(f"There is no size along {axis}.", "Choose another axis.")
    return size


def _point(what: bpy.types.Object | Sequence[float]) -> list[float]:
    if isinstance(what, bpy.types.Object):
        return [*what.matrix_world.translation[:]]
    try:
        x, y, z = (float(value) for value in what)
    except (TypeError, ValueError):
        raise InvalidInput(f"A point is three numbers or an object, not {what!r:.100}.") from None
    return [x, y, z]

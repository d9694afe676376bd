"""How much two models differ to the eye: small pictures from all sides. May import bpy, mathutils and numpy.

By Cycles, on the processor, because a Blender in background may have no graphics to draw with.
"""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Euler, Vector
from numpy.typing import NDArray

from ..open_file import scene, update
from ..output.preview_render import render_with_cycles

_PIXELS, _SAMPLES = 128, 8
#: From the front and behind, and from above and below.
_SIDES = ((70, 30), (70, 210), (20, 120), (120, 300))
Pictures = NDArray[np.float32]


def pictures(items: Sequence[bpy.types.Object]) -> Pictures:
    """What is seen of the meshes alone: (sides, rows, columns, 4), colors as a screen has them, with transparency."""
    update()
    settings: Any = scene()
    shown = {item: item.hide_render for item in settings.objects}
    for item in shown:
        item.hide_render = item not in items
    corners = [item.matrix_world @ Vector(corner) for item in items for corner in item.bound_box]
    lower, upper = (Vector([limit(corner[way] for corner in corners) for way in range(3)]) for limit in (min, max))
    camera, light, world = _studio(settings, (lower + upper) / 2, (upper - lower).length / 2)
    try:
        with tempfile.TemporaryDirectory() as folder:
            return np.stack([_picture(settings, camera, side, Path(folder)) for side in _SIDES])
    finally:
        bpy.data.batch_remove([camera, camera.data, light, light.data, world])
        for item, hidden in shown.items():
            item.hide_render = hidden


def difference(one: Pictures, other: Pictures) -> float:
    """The mean difference of colors, 0 to 1, where either of them shows anything; an outline counts as a color."""
    seen = np.maximum(one[..., 3], other[..., 3])
    apart = np.abs(one[..., :3] * one[..., 3:] - other[..., :3] * other[..., 3:]).mean(axis=-1)
    return float(apart.sum() / max(float(seen.sum()), 1.0))


def outline(one: Pictures, other: Pictures) -> float:
    """The part of what is seen of either that is not seen of both."""
    return float(
        np.abs(one[..., 3] - other[..., 3]).sum() / max(float(np.maximum(one[..., 3], other[..., 3]).sum()), 1.0)
    )


def _studio(settings: Any, middle: Vector, radius: float) -> tuple[Any, Any, Any]:
    camera: Any = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.data.type, camera.data.ortho_scale = "ORTHO", 2 * radius
    camera.data.clip_start, camera.data.clip_end = radius / 100, radius * 10
    camera["middle"], camera["radius"] = middle, radius
    light: Any = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    light.data.energy, light.rotation_euler = 2.0, Euler((0.6, 0.3, 0.5))
    world = bpy.data.worlds.new("Studio")
    world.color = (0.5, 0.5, 0.5)
    for item in (camera, light):
        settings.collection.objects.link(item)
    settings.camera, settings.world = camera, world
    render_with_cycles(settings, _PIXELS, _SAMPLES)
    settings.cycles.max_bounces = 1
    settings.view_settings.view_transform = "Standard"
    settings.render.resolution_percentage = 100
    settings.render.image_settings.color_mode = "RGBA"
    return camera, light, world


def _picture(settings: Any, camera: Any, side: tuple[float, float], folder: Path) -> Pictures:
    camera.rotation_euler = Euler((math.radians(side[0]), 0, math.radians(side[1])))
    back = camera.rotation_euler.to_matrix() @ Vector((0, 0, 3 * camera["radius"]))
    camera.location = Vector(camera["middle"]) + back
    settings.render.filepath = str(folder / "picture.png")
    bpy.ops.render.render(write_still=True)
    image: Any = bpy.data.images.load(settings.render.filepath)
    image.colorspace_settings.name = "Non-Color"
    pixels = np.empty(_PIXELS * _PIXELS * 4, dtype=np.float32)
    image.pixels.foreach_get(pixels)
    bpy.data.images.remove(image)
    return pixels.reshape(_PIXELS, _PIXELS, 4)

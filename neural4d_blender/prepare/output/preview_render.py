"""Renders a small picture of a model, for which the service has none. May import bpy, mathutils and `engine`.

With Cycles on the processor, because a Blender in background may have no graphics to draw with.
"""

from __future__ import annotations

import math
import os
import tempfile
from collections.abc import Sequence
from typing import Any

import bpy
from mathutils import Euler, Vector

_PIXELS, _SAMPLES = 256, 12


def render_with_cycles(scene: Any, pixels: int, samples: int) -> None:
    """Have a scene render square pictures on the processor, with nothing behind what is seen."""
    scene.render.engine = "CYCLES"
    scene.cycles.device, scene.cycles.samples, scene.cycles.use_denoising = "CPU", samples, False
    scene.render.resolution_x = scene.render.resolution_y = pixels
    scene.render.film_transparent = True
    scene.render.image_settings.file_format = "PNG"


def render(objects: Sequence[bpy.types.Object]) -> str:
    """Path of a new picture of the objects, from the front and above; the scene holds nothing more afterwards."""
    scene: Any = bpy.context.scene
    scene.view_layers[0].update()
    corners = [item.matrix_world @ Vector(c) for item in objects if item.type == "MESH" for c in item.bound_box]
    lower, upper = (Vector([limit(corner[axis] for corner in corners) for axis in range(3)]) for limit in (min, max))
    radius = max((upper - lower).length / 2, 1e-6)
    camera: Any = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    camera.rotation_euler = Euler((math.radians(65), 0, math.radians(30)))
    camera.data.angle = math.radians(30)
    distance = radius / math.sin(camera.data.angle / 2) * 1.05
    camera.location = (lower + upper) / 2 + camera.rotation_euler.to_matrix() @ Vector((0, 0, distance))
    camera.data.clip_start, camera.data.clip_end = distance / 100, distance * 10
    sun: Any = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.rotation_euler, sun.data.energy = Euler((0.9, 0.2, 0.9)), 4.0
    world = bpy.data.worlds.new("Portrait")
    world.color = (0.35, 0.35, 0.35)
    for item in (camera, sun):
        scene.collection.objects.link(item)
    scene.camera, scene.world = camera, world
    render_with_cycles(scene, _PIXELS, _SAMPLES)
    descriptor, path = tempfile.mkstemp(suffix=".png")
    os.close(descriptor)
    scene.render.filepath = path
    try:
        bpy.ops.render.render(write_still=True)
    finally:
        bpy.data.batch_remove([camera.data, sun.data, camera, sun, world])
    return path

"""Renders a picture of a model on the processor: no window and no graphics card has to be there.

May import bpy and what Blender brings along. Cycles, because Workbench and Eevee need a graphics card, or a
display, even in the background.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from ...engine.protocol import Neural4DError
from ...engine.system import SYSTEM
from ...scene.placing.lod_collections import model_of

#: Pixels, and samples where a denoiser does the rest and where there is none.
SIZE, SAMPLES, SAMPLES_NOISY = 512, 16, 64
#: From the model to the camera: from the front, a little from the right and from above.
_DIRECTION = Vector((0.55, -1.0, 0.45))
#: Vertices of an object that its outline is taken from, at least.
_OUTLINE = 4000
_TO_SUN = Vector((-0.6, -0.8, 1.4))


def render(roots: Sequence[bpy.types.Object], path: Path) -> None:
    """Render the objects to a PNG; its light and camera are added to the scene and taken away again.

    Raises:
        Neural4DError: the file could not be written.
    """
    scene = bpy.context.scene
    added = [_sun(), _camera(roots)]
    world = bpy.data.worlds.new("Thumbnail")
    if bpy.app.version < (5, 0):  # from there on a world always has nodes
        world.use_nodes = True
    light = world.node_tree.nodes["Background"].inputs
    light["Color"].default_value, light["Strength"].default_value = (0.86, 0.9, 1.0, 1.0), 0.75
    before, scene.world = scene.world, world
    for item in added:
        scene.collection.objects.link(item)
    try:
        _frame(added[1], roots)
        _settings(scene)
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.stem}-part.png")
        scene.render.filepath = str(part)
        bpy.ops.render.render(write_still=True)
        SYSTEM.replace(part, path)
    except (OSError, RuntimeError) as error:
        raise Neural4DError(f"{path} could not be rendered: {error}", "Run the command again.") from error
    finally:
        scene.world = before
        bpy.data.batch_remove([*(item.data for item in added), *added, world])


def _settings(scene: Any) -> None:
    render, cycles = scene.render, scene.cycles
    render.engine = "CYCLES"
    render.resolution_x, render.resolution_y, render.resolution_percentage = SIZE, SIZE, 100
    render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"
    render.film_transparent = True
    scene.view_settings.view_transform = "Standard"
    cycles.device = "CPU"
    try:
        cycles.denoiser = "OPENIMAGEDENOISE"
    except TypeError:  # not among the choices of a Blender that was built without it
        cycles.use_denoising = False
    else:
        cycles.use_denoising, cycles.denoising_prefilter = True, "FAST"
    cycles.samples = SAMPLES if cycles.use_denoising else SAMPLES_NOISY
    cycles.use_adaptive_sampling = False
    cycles.max_bounces = 3


def _sun() -> bpy.types.Object:
    data = bpy.data.lights.new("Thumbnail Sun", "SUN")  # as bright for a thimble as for a tower
    data.energy, data.angle = 3.0, 0.3
    item: bpy.types.Object = bpy.data.objects.new(data.name, data)
    item.rotation_euler = _TO_SUN.to_track_quat("Z", "Y").to_euler()
    return item


def _camera(roots: Sequence[bpy.types.Object]) -> bpy.types.Object:
    data = bpy.data.cameras.new("Thumbnail Camera")
    size = float(np.ptp(_points(roots), axis=0).max()) or 1.0
    data.lens, data.clip_start, data.clip_end = 85.0, max(1e-6, size / 100), size * 100
    item: bpy.types.Object = bpy.data.objects.new(data.name, data)
    item.rotation_euler = _DIRECTION.to_track_quat("Z", "Y").to_euler()
    return item


def _frame(camera: bpy.types.Object, roots: Sequence[bpy.types.Object]) -> None:
    """Move the camera so far away that everything is in the picture, with some room."""
    scene = bpy.context.scene
    scene.camera = camera
    scene.render.resolution_x = scene.render.resolution_y = SIZE
    points = _points(roots)
    middle = (points.min(axis=0) + points.max(axis=0)) / 2
    roomy = (points - middle) * 1.05 + middle
    bpy.context.view_layer.update()
    camera.location, _ = camera.camera_fit_coords(bpy.context.evaluated_depsgraph_get(), roomy.ravel().tolist())


def _points(roots: Sequence[bpy.types.Object]) -> np.ndarray:
    """Enough vertices of the objects and all below them, in the world, to know their outline; an (n, 3) array."""
    bpy.context.view_layer.update()
    found = [np.zeros((0, 3))]
    for item in (child for root in roots for child in model_of(root)):
        if isinstance(item.data, bpy.types.Mesh):
            flat = np.empty(len(item.data.vertices) * 3, dtype=np.float32)
            item.data.vertices.foreach_get("co", flat)
            thinned = flat.reshape(-1, 3)[:: max(1, len(item.data.vertices) // _OUTLINE)].astype(np.float64)
            matrix = np.array(item.matrix_world)
            found.append(thinned @ matrix[:3, :3].T + matrix[:3, 3])
    return np.concatenate(found)

"""The set of the demo's picture: a floor, light, labels and a camera around models of any size. Runs inside Blender.

May import bpy and what Blender brings along. Lengths are metres, points are (x, y, z).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import bpy
import numpy as np
from mathutils import Vector

GAP = 0.05  # metres between two models
RESOLUTION = (1120, 630)
SAMPLES = 12  # enough where the denoiser does the rest
SAMPLES_NOISY = 32  # for a Blender that was built without a denoiser
_PAPER, _INK = (0.78, 0.77, 0.75), (0.02, 0.022, 0.03)
_DIRECTION = Vector((0.25, -1.0, 0.27))  # from the models to the camera


def points_of(roots: Sequence[bpy.types.Object]) -> np.ndarray:
    """All vertices of the objects and what is below them as they stand in the world, an (n, 3) array in metres."""
    bpy.context.view_layer.update()
    graph = bpy.context.evaluated_depsgraph_get()
    found = [np.empty((0, 3))]
    for item in (child for root in roots for child in (root, *root.children_recursive)):
        evaluated = item.evaluated_get(graph)
        if isinstance(evaluated.data, bpy.types.Mesh):
            flat = np.empty(len(evaluated.data.vertices) * 3)
            evaluated.data.vertices.foreach_get("co", flat)
            matrix = np.array(evaluated.matrix_world)
            found.append(flat.reshape(-1, 3) @ matrix[:3, :3].T + matrix[:3, 3])
    return np.concatenate(found)


def side_by_side(groups: Sequence[Sequence[bpy.types.Object]]) -> None:
    """Move the models so that they stand in a row along X, the row's middle at the origin."""
    bounds = [(points.min(axis=0), points.max(axis=0)) for points in map(points_of, groups)]
    x = -(sum(float(high[0] - low[0]) for low, high in bounds) + GAP * (len(groups) - 1)) / 2
    for roots, (low, high) in zip(groups, bounds, strict=True):
        for root in roots:
            root.location.x += x - float(low[0])
            root.location.y -= float(low[1] + high[1]) / 2
        x += float(high[0] - low[0]) + GAP


def build(groups: Sequence[Sequence[bpy.types.Object]], labels: Sequence[str]) -> None:
    """Put floor, light, labels and camera around the models, in a collection of their own."""
    scene = bpy.context.scene
    collection = bpy.data.collections.new("Set")
    scene.collection.children.link(collection)
    points = points_of([root for roots in groups for root in roots])
    low, high = Vector(points.min(axis=0)), Vector(points.max(axis=0))
    size = float(np.ptp(points, axis=0).max())
    _floor(collection, size)
    _light(collection, (low + high) / 2, size)
    towards = _DIRECTION.xy.normalized().to_3d() * 0.24 * size
    ends = points
    for roots, text in zip(groups, labels, strict=True):
        own = points_of(roots)
        place = Vector(((own[:, 0].min() + own[:, 0].max()) / 2, own[:, 1].min(), 0.0)) + towards
        collection.objects.link(_label(text, place, 0.034 * size))
        ends = np.append(ends, [place], axis=0)
    _camera(scene, collection, ends)


def prepare_render(scene: bpy.types.Scene, png: str) -> None:
    """Cycles on the processor: the engine that needs neither a window nor a graphics card."""
    scene.render.engine = "CYCLES"
    scene.render.resolution_x, scene.render.resolution_y = RESOLUTION
    scene.render.resolution_percentage = 100
    scene.render.image_settings.file_format = "PNG"
    scene.render.filepath = png
    scene.view_settings.exposure = 0.4
    cycles = scene.cycles
    cycles.device = "CPU"
    try:
        cycles.denoiser = "OPENIMAGEDENOISE"
    except TypeError:  # not among the choices of a Blender that was built without it
        cycles.use_denoising = False
    else:
        cycles.use_denoising = True
        cycles.denoising_prefilter = "FAST"
    cycles.samples = SAMPLES if cycles.use_denoising else SAMPLES_NOISY
    cycles.adaptive_threshold = 0.1
    cycles.adaptive_min_samples = SAMPLES // 2  # its own choice is above SAMPLES
    cycles.max_bounces = 3
    cycles.caustics_reflective = cycles.caustics_refractive = False


def _floor(collection: bpy.types.Collection, size: float) -> None:
    """A floor that bends up into a wall far behind the models, so that no horizon shows."""
    radius, back, bend = 0.8 * size, 1.6 * size, 16
    profile = [(-6 * size, 0.0)]
    for step in range(bend + 1):
        angle = math.pi / 2 * step / bend
        profile.append((back + radius * math.sin(angle), radius * (1 - math.cos(angle))))
    profile.append((back + radius, 6 * size))
    half = 8 * size
    mesh = bpy.data.meshes.new("Floor")
    mesh.from_pydata(
        [(x, y, z) for y, z in profile for x in (-half, half)],
        [],
        [(2 * row, 2 * row + 1, 2 * row + 3, 2 * row + 2) for row in range(len(profile) - 1)],
    )
    mesh.shade_smooth()
    mesh.materials.append(_material("Paper", _PAPER, 0.9))
    collection.objects.link(bpy.data.objects.new("Floor", mesh))


def _light(collection: bpy.types.Collection, middle: Vector, size: float) -> None:
    """A soft key light from the left, a weak one from the right, and one from behind for the edges."""
    for name, place, power, width in (
        ("Key", (-1.5, -1.3, 1.9), 46.0, 0.9),
        ("Fill", (1.9, -1.4, 0.9), 5.0, 1.6),
        ("Rim", (0.7, 1.3, 1.7), 30.0, 0.8),
    ):
        light = bpy.data.lights.new(name, "AREA")
        light.energy, light.size = power * size**2, width * size
        item = bpy.data.objects.new(name, light)
        item.location = middle + Vector(place) * size
        item.rotation_euler = (item.location - middle).to_track_quat("Z", "Y").to_euler()
        collection.objects.link(item)
    world = bpy.data.worlds.new("Studio")
    bpy.context.scene.world = world
    world.use_nodes = True
    world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.75, 0.85, 1.0, 1.0)
    world.node_tree.nodes["Background"].inputs["Strength"].default_value = 0.4


def _label(text: str, place: Vector, height: float) -> bpy.types.Object:
    curve = bpy.data.curves.new(text, "FONT")
    curve.body, curve.size = text, height
    curve.align_x, curve.align_y = "CENTER", "BOTTOM"
    curve.space_line = 1.15
    curve.extrude = 0.01 * height
    curve.materials.append(_material("Ink", _INK, 0.6))
    item: bpy.types.Object = bpy.data.objects.new(text.splitlines()[0], curve)
    item.location = place
    item.rotation_euler = (math.radians(65), 0.0, math.atan2(_DIRECTION.x, -_DIRECTION.y))  # to the camera
    return item


def _camera(scene: bpy.types.Scene, collection: bpy.types.Collection, points: np.ndarray) -> None:
    """A camera that shows the box around these points, with some room."""
    low, high = points.min(axis=0), points.max(axis=0)
    corners = np.array([(x, y, z) for x in (low[0], high[0]) for y in (low[1], high[1]) for z in (low[2], high[2])])
    middle = corners.mean(axis=0)
    camera = bpy.data.cameras.new("Camera")
    camera.lens, camera.clip_start = 85.0, 0.001
    item = bpy.data.objects.new("Camera", camera)
    item.rotation_euler = _DIRECTION.to_track_quat("Z", "Y").to_euler()
    collection.objects.link(item)
    scene.camera = item
    scene.render.resolution_x, scene.render.resolution_y = RESOLUTION
    roomy = (corners - middle) * 1.05 + middle
    bpy.context.view_layer.update()
    item.location, _ = item.camera_fit_coords(bpy.context.evaluated_depsgraph_get(), roomy.ravel().tolist())


def _material(name: str, colour: tuple[float, float, float], roughness: float) -> bpy.types.Material:
    material = bpy.data.materials.get(name) or bpy.data.materials.new(name)
    material.use_nodes = True
    shader = material.node_tree.nodes["Principled BSDF"]
    shader.inputs["Base Color"].default_value = (*colour, 1.0)
    shader.inputs["Roughness"].default_value = roughness
    material.diffuse_color = (*colour, 1.0)
    return material

"""Looks at model files where bpy is a module: python -m ..._view_in_bpy; a JSON object a line in, one a line out.

A task names ``path``, ``format`` ("PREPARED" for what the preparer wrote) and ``picture``, a .npy file to write.
The answer is a :class:`..views.View` as a dictionary, or ``error``.
"""

from __future__ import annotations

import contextlib
import json
import math
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from mathutils import Vector

from neural4d_blender.scene.placing import append

SIDE = 64
_SAMPLES = 16
#: Where the camera stands and where the sun is, seen from the middle of the model.
_CAMERA, _SUN = (0.62, -0.9, 0.55), (0.9, -0.4, 0.8)


def view(path: Path, model_format: str, picture: Path) -> dict[str, Any]:
    """What there is of a model to be seen, and a picture of it."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    if model_format == "PREPARED":
        for item in append.append(path):
            bpy.context.scene.collection.objects.link(item)
    else:
        _import_plainly(path, model_format)
    _leave_the_model_alone()
    facts, corners = _counted()
    facts["mended"] = _without_missing_images()
    facts["light"] = _render(corners, picture) if corners is not None else 0.0
    return facts


def _import_plainly(path: Path, model_format: str) -> None:
    """As Blender's own File > Import does with its defaults."""
    operators: Any = bpy.ops
    match model_format:
        case "BLEND":
            operators.wm.open_mainfile(filepath=str(path), load_ui=False, use_scripts=False)
        case "GLB":
            operators.import_scene.gltf(filepath=str(path))
        case "FBX" if "fbx_import" in dir(operators.wm):
            operators.wm.fbx_import(filepath=str(path))
        case "FBX":
            operators.import_scene.fbx(filepath=str(path))
        case "OBJ":
            operators.wm.obj_import(filepath=str(path))
        case "STL":
            operators.wm.stl_import(filepath=str(path))
        case "PLY":
            operators.wm.ply_import(filepath=str(path))
        case "USDZ":
            operators.wm.usd_import(filepath=str(path))


def _leave_the_model_alone() -> None:
    """No light, camera or animation of the file's; what is hidden in the viewport or in renders is hidden in both."""
    data = bpy.data
    cutters = {
        modifier.object
        for item in data.objects
        for modifier in item.modifiers
        if modifier.type == "BOOLEAN" and modifier.object
    }
    for item in data.objects:
        if item.type == "LIGHT":  # not removed: something may hang below it
            item.hide_render = True
        elif item.hide_render or item.hide_viewport or (item in cutters and item.display_type in ("WIRE", "BOUNDS")):
            item.hide_render = item.hide_viewport = True
        for modifier in item.modifiers:  # renders show what the viewport shows
            modifier.show_render = modifier.show_viewport
            if modifier.type in ("SUBSURF", "MULTIRES"):
                modifier.render_levels = modifier.levels
    for item in [*data.objects, *data.armatures, *data.shape_keys]:
        item.animation_data_clear()
    for collection in data.collections:
        if collection.hide_render:
            collection.hide_viewport = True
    bpy.context.view_layer.update()


def _seen() -> Iterator[tuple[Any, bpy.types.Mesh]]:
    """Each instance that is visible, and its evaluated mesh."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    for instance in depsgraph.object_instances:
        item = instance.object
        if item.type not in ("MESH", "CURVE", "SURFACE", "FONT", "META"):
            continue
        if not instance.show_self or not (instance.is_instance or item.original.visible_get()):
            continue
        parent = instance.parent
        if parent and item.type != "MESH" and parent.original == item.original:
            continue  # a curve's faces, which are looked at as the curve's own
        mesh = item.to_mesh()
        if mesh is not None and len(mesh.polygons):
            yield instance, mesh
        item.to_mesh_clear()


def _counted() -> tuple[dict[str, Any], np.ndarray | None]:
    """The figures, and the two corners of the box around all faces (None where there are none)."""
    faces, uv_sets, colours = 0, 0, 0
    materials: dict[bpy.types.Material, None] = {}
    boxes: list[np.ndarray] = []
    for instance, mesh in _seen():
        faces += len(mesh.polygons)
        uv_sets = max(uv_sets, len(mesh.uv_layers))
        colours += len(mesh.color_attributes) > 0
        slots = [slot.material for slot in instance.object.material_slots]
        used = np.zeros(len(mesh.polygons), dtype=np.int32)
        mesh.polygons.foreach_get("material_index", used)
        materials |= {
            slots[index].original: None for index in set(used.tolist()) if index < len(slots) and slots[index]
        }
        points = np.zeros((len(mesh.vertices), 3), dtype=np.float32)
        mesh.vertices.foreach_get("co", points.ravel())
        corners = np.zeros(len(mesh.loops), dtype=np.int32)
        mesh.loops.foreach_get("vertex_index", corners)
        points = points[np.unique(corners)].astype(np.float64)
        world = np.array(instance.matrix_world, dtype=np.float64)
        points = points @ world[:3, :3].T + world[:3, 3]
        boxes.append(np.array([points.min(axis=0), points.max(axis=0)]))
    images = {node.image for material in materials for node in _textures(material)}
    sizes = sorted(tuple(image.size) for image in images if image is not None and image.size[0])
    box = np.array([np.min([b[0] for b in boxes], axis=0), np.max([b[1] for b in boxes], axis=0)]) if boxes else None
    return {
        "faces": faces,
        "size": [] if box is None else (box[1] - box[0]).tolist(),
        "materials": len(materials),
        "images": sizes,
        "missing": len(images) - len(sizes),
        "uv_sets": uv_sets,
        "colours": colours,
    }, box


def _textures(material: bpy.types.Material) -> Iterator[Any]:
    """The image textures of a material that are connected to something, in groups too."""
    waiting, seen = [material.node_tree], set()
    while waiting:
        tree = waiting.pop()
        if tree is None or tree in seen:
            continue
        seen.add(tree)
        for node in tree.nodes:
            if node.bl_idname == "ShaderNodeTexImage" and any(socket.is_linked for socket in node.outputs):
                yield node
            waiting.append(getattr(node, "node_tree", None))


def _without_missing_images() -> bool:
    """Take the links of images that are not there away, which show magenta; True where there were any."""
    found = False
    for material in bpy.data.materials:
        for node in list(_textures(material)):
            if node.image is None or not node.image.size[0]:
                found = True
                for link in [link for socket in node.outputs for link in socket.links]:
                    node.id_data.links.remove(link)
    return found


def _render(box: np.ndarray, picture: Path) -> float:
    """A picture of what is in the box, as (SIDE, SIDE, 4) numbers; returns the mean of its opacity."""
    scene = bpy.context.scene
    for item in bpy.context.view_layer.objects:  # far from the origin there is no precision to render with
        if item.parent is None:
            item.location -= Vector(box.mean(axis=0))
    box = box - box.mean(axis=0)
    middle, across = Vector(box.mean(axis=0)), max(float(np.linalg.norm(box[1] - box[0])), 1e-9)
    camera = bpy.data.objects.new("View", bpy.data.cameras.new("View"))
    towards = Vector(_CAMERA).normalized()
    camera.location = middle + towards * across * 2
    camera.rotation_euler = towards.to_track_quat("Z", "Y").to_euler()
    camera.data.type, camera.data.ortho_scale = "ORTHO", across * 1.05
    camera.data.clip_start, camera.data.clip_end = across / 100, across * 10
    sun = bpy.data.objects.new("Sun", bpy.data.lights.new("Sun", "SUN"))
    sun.rotation_euler = Vector(_SUN).to_track_quat("Z", "Y").to_euler()
    sun.data.energy, sun.data.angle = 2.0, 0.0
    for item in (camera, sun):
        scene.collection.objects.link(item)
    scene.camera = camera
    scene.world = bpy.data.worlds.new("Grey")
    scene.world.use_nodes = True
    scene.world.node_tree.nodes["Background"].inputs["Color"].default_value = (0.5, 0.5, 0.5, 1.0)
    render = scene.render
    render.engine, render.film_transparent, render.use_simplify = "CYCLES", True, False
    render.resolution_x = render.resolution_y = SIDE
    render.resolution_percentage = 100
    render.use_compositing = render.use_sequencer = render.use_border = render.use_motion_blur = False
    cycles: Any = scene.cycles
    cycles.samples, cycles.seed, cycles.use_denoising, cycles.use_adaptive_sampling = _SAMPLES, 0, False, False
    cycles.device, cycles.max_bounces = "CPU", 4
    scene.view_settings.view_transform = "Standard"
    with tempfile.TemporaryDirectory() as folder:
        render.image_settings.file_format, render.image_settings.color_mode = "PNG", "RGBA"
        render.filepath = str(Path(folder) / "view.png")
        bpy.ops.render.render(write_still=True)
        image = bpy.data.images.load(render.filepath)
        pixels = np.zeros(SIDE * SIDE * 4, dtype=np.float32)
        image.pixels.foreach_get(pixels)
    pixels = pixels.reshape(SIDE, SIDE, 4)
    np.save(picture, pixels)
    return float(pixels[:, :, 3].mean())


def main() -> None:
    """Answer one task a line, on what was standard output before Blender's own chatter took its place."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        task = json.loads(line)
        try:
            with contextlib.redirect_stdout(sys.stderr):
                facts = view(Path(task["path"]), task["format"], Path(task["picture"]))
            facts["size"] = [value if math.isfinite(value) else 0.0 for value in facts["size"]]
        except Exception as error:  # whatever Blender or its importers say of a stranger's file
            facts = {"error": f"{type(error).__name__}: {error}"[-500:]}
        print(json.dumps(facts), file=answers, flush=True)


if __name__ == "__main__":
    main()

"""Models to prepare, built and exported with bpy: every kind of node tree that a service may send.

Each builder fills an empty file. `export` writes it in any of the formats; `world_points` tells what it looks
like, independently of the code under test.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path

import bpy
import numpy as np
from mathutils import Matrix

FORMATS = ("GLB", "BLEND", "FBX", "OBJ", "STL", "USDZ")
_ENDINGS = {"GLB": "glb", "BLEND": "blend", "FBX": "fbx", "OBJ": "obj", "STL": "stl", "USDZ": "usdz"}


def single() -> None:
    """One mesh, unevenly sized and off centre: a wedge whose corners tell all directions apart."""
    _add("Wedge", _wedge(), Matrix.Translation((3, -2, 5)) @ Matrix.Diagonal((1, 2, 0.5, 1)))


def family() -> None:
    """Several meshes under empties that are rotated, mirrored and unevenly scaled, one mesh used three times."""
    mesh = _wedge()
    top = _add("Top", None, Matrix.Translation((10, 0, 2)) @ Matrix.Rotation(0.7, 4, (1, 2, 3)) @ Matrix.Scale(2, 4))
    sheared = _add("Sheared", None, Matrix.Diagonal((1, 3, 0.5, 1)), top)
    _add("Plain", mesh, Matrix.Translation((1, 2, 3)), top)
    _add("Turned", mesh, Matrix.Rotation(0.5, 4, "Z") @ Matrix.Rotation(0.4, 4, "X"), sheared)
    _add("Mirrored", mesh, Matrix.Translation((-2, 0, 1)) @ Matrix.Diagonal((-1, 1, 1, 1)), top)
    _add("Nobody", None, Matrix.Identity(4), sheared)


def mirrored() -> None:
    """One smooth, unevenly scaled mesh, mirrored: its outside has to stay outside."""
    mesh = _wedge()
    mesh.polygons.foreach_set("use_smooth", [True] * len(mesh.polygons))
    _add("Mirror", mesh, Matrix.Rotation(0.3, 4, "Y") @ Matrix.Diagonal((-1, 2, 0.7, 1)))


def rigged() -> None:
    """A skinned mesh below an armature of scale 0.01 that is turned by 90 degrees, as game tools export it."""
    armature = bpy.data.armatures.new("Bones")
    rig = _add("Rig", armature, Matrix.Rotation(math.pi / 2, 4, "X") @ Matrix.Scale(0.01, 4))
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for name, head, tail in (("Low", (0, 0, 0), (0, 100, 0)), ("High", (0, 100, 0), (0, 200, 0))):
        bone = armature.edit_bones.new(name)
        bone.head, bone.tail = head, tail
    armature.edit_bones["High"].parent = armature.edit_bones["Low"]
    bpy.ops.object.mode_set(mode="OBJECT")
    mesh = _wedge()
    mesh.transform(Matrix.Scale(100, 4))
    skin = _add("Skin", mesh, Matrix.Identity(4), rig)
    for index, name in enumerate(("Low", "High")):
        vertices = [v.index for v in mesh.vertices if (v.co.z > 0) == bool(index)]
        skin.vertex_groups.new(name=name).add(vertices, 1.0, "REPLACE")
    skin.modifiers.new("Armature", "ARMATURE").object = rig


def paint(item: bpy.types.Object, image: bpy.types.Image, socket: str = "Base Color") -> bpy.types.Material:
    """Connect an image to a socket of the object's material, which is made when missing."""
    if not item.data.materials:
        item.data.materials.append(bpy.data.materials.new("Skin"))
    material: bpy.types.Material = item.data.materials[0]
    material.use_nodes = True
    nodes, links = material.node_tree.nodes, material.node_tree.links
    texture = nodes.new("ShaderNodeTexImage")
    texture.image = image
    output = texture.outputs["Color"]
    if socket == "Normal":
        bumps = nodes.new("ShaderNodeNormalMap")
        links.new(output, bumps.inputs["Color"])
        output = bumps.outputs["Normal"]
    links.new(output, nodes["Principled BSDF"].inputs[socket])
    return material


MODELS: dict[str, Callable[[], None]] = {"single": single, "family": family, "mirrored": mirrored, "rigged": rigged}


def export(model_format: str, folder: Path, name: str = "model") -> Path:
    """Write the open file's objects as a user of that format would."""
    path = folder / f"{name}.{_ENDINGS[model_format]}"
    bpy.context.view_layer.update()
    match model_format:
        case "GLB":
            bpy.ops.export_scene.gltf(filepath=str(path), export_format="GLB")
        case "BLEND":
            bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True)
        case "FBX":
            bpy.ops.export_scene.fbx(filepath=str(path), path_mode="COPY", embed_textures=True)
        case "OBJ":
            bpy.ops.wm.obj_export(filepath=str(path), path_mode="COPY")
        case "STL":
            bpy.ops.wm.stl_export(filepath=str(path))
        case "USDZ":
            bpy.ops.wm.usd_export(filepath=str(path))
    assert path.stat().st_size > 0
    return path


def world_points() -> np.ndarray:
    """The distinct vertices of all meshes in the world, sorted: an (n, 3) array in the file's units."""
    depsgraph = bpy.context.evaluated_depsgraph_get()
    points = [
        instance.matrix_world @ vertex.co
        for instance in depsgraph.object_instances
        if instance.object.type == "MESH"
        for vertex in instance.object.data.vertices
    ]
    return np.array([tuple(point) for point in points])


def normalised(points: np.ndarray) -> np.ndarray:
    """A cloud of points moved to its bottom centre and scaled to a longest side of 1."""
    lower, upper = points.min(axis=0), points.max(axis=0)
    anchor = np.array([*(lower + upper)[:2] / 2, lower[2]])
    return (points - anchor) / (upper - lower).max()


def same_shape(one: np.ndarray, other: np.ndarray, tolerance: float = 1e-3) -> bool:
    """Whether each point of one normalised cloud has a partner in the other, both ways."""
    distances = np.linalg.norm(normalised(one)[:, None] - normalised(other)[None], axis=2)
    return bool(distances.min(axis=0).max() < tolerance and distances.min(axis=1).max() < tolerance)


def signed_volume(item: bpy.types.Object) -> float:
    """The volume inside a closed mesh in its own units; negative where its faces look inwards."""
    mesh = item.data
    mesh.calc_loop_triangles()
    corners = [[mesh.vertices[i].co for i in triangle.vertices] for triangle in mesh.loop_triangles]
    return sum(a.dot(b.cross(c)) for a, b, c in corners) / 6


def _add(
    name: str, data: bpy.types.ID | None, local: Matrix, parent: bpy.types.Object | None = None
) -> bpy.types.Object:
    item = bpy.data.objects.new(name, data)
    bpy.context.scene.collection.objects.link(item)
    item.parent = parent
    item.matrix_local = local
    return item


def _wedge() -> bpy.types.Mesh:
    """A closed box with one corner pulled out, looking the same from no two sides, with a UV map."""
    mesh = bpy.data.meshes.new("Wedge")
    corners = [(x, y, z) for x in (-1, 1) for y in (-1, 1) for z in (-1, 1)]
    corners[-1] = (1.5, 1.8, 2.2)
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    mesh.from_pydata(corners, [], faces)
    uvs = mesh.uv_layers.new(name="UVMap")
    for loop in mesh.loops:
        uvs.data[loop.index].uv = (
            mesh.vertices[loop.vertex_index].co.xy / 4 + mesh.vertices[loop.vertex_index].co.zz / 8
        )
    return mesh

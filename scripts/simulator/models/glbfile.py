"""Writes a model as a binary glTF file.

May import numpy, Pillow and trimesh.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import trimesh
from numpy.typing import NDArray
from PIL import Image

from .catalogue import Model

#: trimesh is typed only in part.
_TRIMESH: Any = trimesh
#: From Z up, front to -Y, to glTF's Y up, front to +Z.
TO_GLTF = np.array([[1.0, 0, 0], [0, 0, 1], [0, -1, 0]])
#: Above this size PNG takes seconds to pack and JPEG does not.
LARGEST_PNG = 1024


def write_glb(model: Model, *, pbr: bool, textured: bool = True) -> bytes:
    """The file's bytes; the same model gives the same ones.

    Args:
        pbr: with metallic-roughness and normal textures; else with base colour only.
        textured: whether there are textures at all.
    """
    material = _material(model, pbr) if textured else _plain()
    scene: Any = trimesh.Scene(base_frame="world")
    if model.nested:
        _add_nested(scene, model, material)
    else:
        scene.add_geometry(
            _mesh(model, np.ones(len(model.faces), bool), np.eye(4), material), node_name="model", geom_name="model"
        )
    packed: bytes = scene.export(file_type="glb", include_normals=True)
    return packed


def _add_nested(scene: Any, model: Model, material: Any) -> None:
    """The same picture from a tree: each part an object, under turned, scaled and mirrored parents."""
    root = _transform(scale=0.5, degrees=30, axis=(0, 1, 0), move=(0.3, 0.1, -0.2))
    arm = _transform(scale=2.0, degrees=-70, axis=(1, 0, 0.4), move=(-0.5, 0.2, 0.1))
    mirrored = _transform(scale=1.0, degrees=15, axis=(0, 0, 1), move=(0.1, 0, 0)) @ np.diag([-1.0, 1, 1, 1])
    scene.graph.update(frame_from="world", frame_to="root", matrix=root)
    scene.graph.update(frame_from="root", frame_to="arm", matrix=arm)
    scene.graph.update(frame_from="arm", frame_to="mirror", matrix=mirrored)
    places = {"root": root, "arm": root @ arm, "mirror": root @ arm @ mirrored}
    parents = list(places)
    # Many small parts make no better tree than a few: neighbours go together.
    parts = np.unique(model.groups)
    for index, together in enumerate(np.array_split(parts, min(6, len(parts)))):
        parent = parents[index % len(parents)]
        own = _transform(
            scale=1.0 + 0.25 * index, degrees=40 * index, axis=(0.2, 1, 0.1 * index), move=(0, 0.1 * index, 0)
        )
        mesh = _mesh(model, np.isin(model.groups, together), places[parent] @ own, material)
        scene.add_geometry(
            mesh, node_name=f"part-{index}", geom_name=f"part-{index}", parent_node_name=parent, transform=own
        )


def _transform(
    *, scale: float, degrees: float, axis: tuple[float, float, float], move: tuple[float, float, float]
) -> Any:
    matrix = _TRIMESH.transformations.rotation_matrix(math.radians(degrees), axis)
    matrix[:3, :3] *= scale
    matrix[:3, 3] = move
    return matrix


def _mesh(model: Model, chosen: NDArray[np.bool_], place: NDArray[np.float64], material: Any) -> trimesh.Trimesh:
    """The chosen faces, in the coordinates of a node that stands at `place`."""
    used, faces = np.unique(model.faces[chosen], return_inverse=True)
    faces = faces.reshape(-1, 3)
    inverse = np.linalg.inv(place)
    vertices = model.vertices[used] @ TO_GLTF.T @ inverse[:3, :3].T + inverse[:3, 3]
    normals = model.normals[used] @ TO_GLTF.T @ place[:3, :3]
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    if np.linalg.det(place[:3, :3]) < 0:
        faces = faces[:, ::-1]
    visual = _TRIMESH.visual.texture.TextureVisuals(uv=model.uv[used], material=material)
    return trimesh.Trimesh(vertices=vertices, faces=faces, vertex_normals=normals, visual=visual, process=False)


def _material(model: Model, pbr: bool) -> Any:
    textures = model.textures
    if not pbr:
        return _TRIMESH.visual.material.PBRMaterial(
            name="model", baseColorTexture=_image(textures.base, "JPEG"), metallicFactor=0.0, roughnessFactor=0.8
        )
    data = "PNG" if textures.base.shape[0] <= LARGEST_PNG else "JPEG"
    return _TRIMESH.visual.material.PBRMaterial(
        name="model",
        baseColorTexture=_image(textures.base, "JPEG"),
        normalTexture=_image(textures.normal, data),
        metallicRoughnessTexture=_image(textures.metallic_roughness, "JPEG"),
        metallicFactor=1.0,
        roughnessFactor=1.0,
    )


def _plain() -> Any:
    grey = [204, 204, 204, 255]
    return _TRIMESH.visual.material.PBRMaterial(
        name="model", baseColorFactor=grey, metallicFactor=0.0, roughnessFactor=0.8
    )


def _image(pixels: NDArray[np.uint8], kind: str) -> Image.Image:
    image = Image.fromarray(pixels)
    # trimesh packs an image in the format it says it came from.
    image.format = kind
    return image

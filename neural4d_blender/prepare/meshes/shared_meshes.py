"""A mesh that several parts show stays one: linked duplicates, each with its own place. May import bpy and numpy.

Rotation and scale go into the mesh where all agree. Parts that are mirrored share a mirrored one among them; what no
transform of an object can express (a sheared part), and what a rig bends, has a mesh of its own.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Hashable, Sequence

import bpy
import numpy as np
from mathutils import Matrix
from numpy.typing import NDArray

from ..open_file import armature_of, mesh_of
from .evaluate import Part

Floats = NDArray[np.float64]

#: Two directions, or lengths, of single precision that differ by no more are the same.
_SAME = 1e-5
_MIRROR = np.diag((-1.0, 1.0, 1.0, 1.0))


def divide(parts: list[Part]) -> tuple[list[Part], list[list[Part]]]:
    """Parts that need data of their own, and groups of those that can share a mesh, with materials and all."""
    groups: dict[Hashable, list[Part]] = defaultdict(list)
    linear = np.array([part.world for part in parts], dtype=np.float64).reshape(-1, 4, 4)[:, :3, :3]
    square, mirrored = _are_square(linear), np.linalg.det(linear) < 0
    for number, part in enumerate(parts):
        key: Hashable = number
        if square[number] and _is_free(part.item):
            materials = tuple(slot.material for slot in part.item.material_slots)
            key = (part.item.data, materials, bool(mirrored[number]))
        groups[key].append(part)
    alone = [group[0] for group in groups.values() if len(group) == 1]
    return alone, [group for group in groups.values() if len(group) > 1]


def one_mesh(group: list[Part]) -> bpy.types.Mesh:
    """The mesh of a group, which nothing else uses.

    A copy, unless its number of users is right: Blender's FBX importer (5.0) leaves one, however many show it.
    """
    mesh = mesh_of(group[0].item)
    if mesh.users != len(group):
        mesh = mesh.copy()
        for part in group:
            part.item.data = mesh
    return mesh


def fitting_all(worlds: Sequence[Floats]) -> tuple[Floats, list[Matrix]]:
    """What to apply to the shared mesh, and what remains of the 4x4 matrices for each object: no mirroring, and no
    scale or rotation beyond what tells them apart."""
    mirror = _MIRROR if np.linalg.det(worlds[0]) < 0 else np.eye(4)
    worlds = [world @ mirror for world in worlds]
    scales = np.linalg.norm(np.array(worlds)[:, :3, :3], axis=1)
    alike = bool(np.abs(scales / scales[0] - 1).max() <= _SAME)
    if alike or bool(np.abs(scales / scales[:, :1] - 1).max() <= _SAME):
        basis = worlds[0].copy()
        basis[:3, 3] = 0
    else:
        basis = np.diag((*scales[0], 1.0))
    places, inverse = [], np.linalg.inv(basis)
    for world in worlds:
        location, rotation, scale = Matrix((world @ inverse).tolist()).decompose()
        if alike:
            scale[:] = 1, 1, 1
        places.append(Matrix.LocRotScale(location, rotation, scale))
    return basis @ mirror, places


def put(item: bpy.types.Object, place: Matrix) -> None:
    """Give an object without a parent its place; noise of single precision is no rotation and no scale."""
    location, rotation, scale = place.decompose()
    item.location = location
    item.rotation_euler = rotation.to_euler() if rotation.angle > _SAME / 10 else (0, 0, 0)
    item.scale = [1 if abs(length - 1) < _SAME / 10 else length for length in scale[:]]


def _is_free(item: bpy.types.Object) -> bool:
    """Whether it is a mesh that no rig bends."""
    bone = item.parent_type == "BONE" and item.parent is not None
    return item.type == "MESH" and not bone and not any(armature_of(modifier) for modifier in item.modifiers)


def _are_square(linear: Floats) -> NDArray[np.bool_]:
    """Of each 3x3 matrix, whether the axes stay square to each other, and no length is lost."""
    lengths = np.linalg.norm(linear, axis=1)
    whole: NDArray[np.bool_] = lengths.min(axis=1) > _SAME * lengths.max(axis=1)
    directions = linear / np.where(lengths > 0, lengths, 1)[:, None, :]
    lean = np.abs(directions.transpose(0, 2, 1) @ directions - np.eye(3)).max(axis=(1, 2))
    return whole & (lean <= _SAME)

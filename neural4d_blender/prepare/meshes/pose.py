"""A rigged model stands as its file shows it: the pose becomes the rest pose of rig and meshes. May import bpy.

Afterwards nothing is posed any more, and the meshes' own vertices are what is seen.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ..open_file import armature_of, mesh_of, own, update

Item = bpy.types.Object

#: Poses that differ from rest by no more, beside the size of the rig, are noise of single precision.
_AT_REST = 1e-5
#: What a bone that its pose shrinks to nothing keeps of its length: Blender removes those without any.
_SHORTEST = 1e-3


def posed_rigs() -> set[Item]:
    """The armature objects whose pose, as it is evaluated, is not their rest pose."""
    return {item for item in own("objects") if item.pose and _is_posed(item)}


def bake_shape_keys(item: Item) -> None:
    """Bend each shape key of a mesh as its rig bends the mesh, whose topology stays."""
    mesh = item.data = mesh_of(item).copy() if mesh_of(item).users > 1 else mesh_of(item)
    blocks = list(mesh.shape_keys.key_blocks)
    kept = [(block, block.mute, block.vertex_group) for block in blocks]
    shown = item.show_only_shape_key, item.active_shape_key_index
    item.show_only_shape_key = True
    bent = []
    for index, block in enumerate(blocks):
        block.mute, block.vertex_group = False, ""
        item.active_shape_key_index = index
        update()
        evaluated = mesh_of(item.evaluated_get(bpy.context.evaluated_depsgraph_get()))
        points = np.empty(len(evaluated.vertices) * 3, dtype=np.float32)
        evaluated.vertices.foreach_get("co", points)
        bent.append(points)
    item.show_only_shape_key, item.active_shape_key_index = shown
    for (block, mute, vertex_group), points in zip(kept, bent, strict=True):
        block.mute, block.vertex_group = mute, vertex_group
        block.data.foreach_set("co", points)
    mesh.vertices.foreach_set("co", bent[0])
    mesh.update()


def apply_poses(rigs: Iterable[Item]) -> None:
    """Make the pose of each rig its rest pose; its meshes have been bent before."""
    shown = bpy.context.view_layer.objects.active
    for rig in rigs:
        armature: Any = rig.data
        if armature.users > 1:
            armature = rig.data = armature.copy()
        rig.hide_viewport = False
        rig.hide_set(False)
        matrices = {bone.name: bone.matrix.copy() for bone in rig.pose.bones}
        bpy.context.view_layer.objects.active = rig
        bpy.ops.object.mode_set(mode="EDIT")
        _set_rest(armature, matrices)
        bpy.ops.object.mode_set(mode="OBJECT")
    bpy.context.view_layer.objects.active = shown


def clear_poses() -> None:
    """Every armature at rest, free of whatever held it elsewhere."""
    for item in own("objects"):
        for bone in item.pose.bones if item.pose else ():
            bone.matrix_basis.identity()
            bone.custom_shape = None
            for constraint in list(bone.constraints):
                bone.constraints.remove(constraint)


def is_bent_by(item: Item, rigs: set[Item]) -> bool:
    return any(armature_of(modifier) in rigs for modifier in item.modifiers if modifier.show_viewport)


def _set_rest(armature: bpy.types.Armature, matrices: dict[str, Matrix]) -> None:
    bones = armature.edit_bones
    connected = [bone for bone in bones if bone.use_connect]
    for bone in connected:
        bone.use_connect = False
    for bone in bones:
        location, rotation, scale = matrices[bone.name].decompose()
        length = bone.length * max(abs(scale.y), _SHORTEST)
        bone.matrix = Matrix.LocRotScale(location, rotation, None)
        bone.length = length
    for bone in connected:
        if (bone.head - bone.parent.tail).length <= _AT_REST * bone.length:
            bone.use_connect = True


def _is_posed(rig: Item) -> bool:
    bones = rig.pose.bones
    if not bones:
        return False
    posed = np.array([bone.matrix for bone in bones], dtype=np.float64)
    rest = np.array([bone.bone.matrix_local for bone in bones], dtype=np.float64)
    size = max(1e-12, np.abs(rest[:, :3, 3]).max(), *(bone.bone.length for bone in bones))
    turned = np.abs(posed[:, :3, :3] - rest[:, :3, :3]).max() > _AT_REST
    return bool(turned or np.abs(posed[:, :3, 3] - rest[:, :3, 3]).max() > _AT_REST * size)

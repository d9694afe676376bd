"""Takes away everything of the model that could run code or read files when it is evaluated, and notes.

A .blend from a service brings drivers (Python expressions), text blocks, script nodes and modifiers that
read caches. All of it goes before any object is linked to a scene. May import bpy.
"""

from __future__ import annotations

from typing import Any

import bpy

from ..open_file import all_own, own

_READS_FILES_OR_SIMULATES = frozenset({
    "CLOTH", "COLLISION", "DYNAMIC_PAINT", "EXPLODE", "FLUID", "MESH_CACHE", "MESH_SEQUENCE_CACHE", "MULTIRES",
    "OCEAN", "PARTICLE_INSTANCE", "PARTICLE_SYSTEM", "SOFT_BODY",
})  # fmt: skip
_FORBIDDEN_NODES = ("ShaderNodeScript", "ShaderNodeTexIES", "GeometryNodeImport")
#: What `animation=True` keeps the actions of.
_MOVES = (bpy.types.Object, bpy.types.Key)
#: Kinds of data that a model does not need and that point at files or run code.
_DROPPED_KINDS = ("texts", "sounds", "movieclips", "cache_files", "volumes", "speakers", "actions")


def disarm(*, keep_actions: bool = False) -> None:
    """Strip drivers, animation, constraints, texts, script nodes, file-reading modifiers and notes from all of it."""
    trees = _node_trees()
    for datablock in [*all_own(), *trees]:
        if keep_actions and isinstance(datablock, _MOVES):
            for driver in list(datablock.animation_data.drivers) if datablock.animation_data else ():
                datablock.animation_data.drivers.remove(driver)
        elif hasattr(datablock, "animation_data_clear"):
            datablock.animation_data_clear()
    for tree in trees:
        for node in [node for node in tree.nodes if node.bl_idname.startswith(_FORBIDDEN_NODES)]:
            tree.nodes.remove(node)
    for item in own("objects"):
        for modifier in [m for m in item.modifiers if m.type in _READS_FILES_OR_SIMULATES]:
            item.modifiers.remove(modifier)
    _strip_notes(trees)
    for kind in _DROPPED_KINDS:
        if keep_actions and kind == "actions":  # of animation=True; they hold curves of numbers, no code
            continue
        bpy.data.batch_remove(own(kind))


def _node_trees() -> list[bpy.types.NodeTree]:
    """Node groups, and the trees that are a part of another datablock."""
    parts = [getattr(datablock, "node_tree", None) for datablock in all_own()]
    return [*own("node_groups"), *(tree for tree in parts if tree is not None)]


def _strip_notes(trees: list[bpy.types.NodeTree]) -> None:
    """Custom properties, asset marks and fake users are the maker's own, not the user's.

    A custom property may keep any other datablock in the file, unseen by all that looks at the model; so may a mesh
    that is named as the source of texture coordinates.
    """
    holders: list[Any] = [*all_own(), *trees]
    holders += [node for tree in trees for node in tree.nodes]
    holders += [bone for armature in own("armatures") for bone in armature.bones]
    holders += [bone for item in own("objects") if item.pose for bone in item.pose.bones]
    for holder in holders:
        for key in list(holder.keys()):
            del holder[key]
    for datablock in all_own():
        datablock.asset_clear()
        datablock.use_fake_user = False
    for mesh in own("meshes"):
        mesh.texture_mesh = None

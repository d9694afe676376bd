"""Takes away everything of the model that could run code or read files when it is evaluated, and notes.

A .blend from a service brings drivers (Python expressions), text blocks, script nodes and modifiers that
read caches. All of it goes before any object is linked to a scene. May import bpy.
"""

from __future__ import annotations

import bpy

from .opened import all_own, own

_READS_FILES_OR_SIMULATES = frozenset({
    "CLOTH", "COLLISION", "DYNAMIC_PAINT", "EXPLODE", "FLUID", "MESH_CACHE", "MESH_SEQUENCE_CACHE", "MULTIRES",
    "OCEAN", "PARTICLE_INSTANCE", "PARTICLE_SYSTEM", "SOFT_BODY",
})  # fmt: skip
_FORBIDDEN_NODES = ("ShaderNodeScript", "ShaderNodeTexIES", "GeometryNodeImport")
#: Kinds of data that a model does not need and that point at files or run code.
_DROPPED_KINDS = ("texts", "sounds", "movieclips", "cache_files", "volumes", "speakers", "actions")
_MODEL_KINDS = (bpy.types.Object, bpy.types.Mesh, bpy.types.Armature, bpy.types.Material, bpy.types.Image)


def disarm() -> None:
    """Strip drivers, animation, constraints, texts, script nodes and file-reading modifiers from all of it."""
    trees: list[bpy.types.NodeTree] = []
    for datablock in list(all_own()):
        tree = getattr(datablock, "node_tree", None)
        if isinstance(datablock, bpy.types.NodeTree):
            tree = datablock
        if tree is not None:
            trees.append(tree)
        if hasattr(datablock, "animation_data_clear"):
            datablock.animation_data_clear()
        if isinstance(datablock, _MODEL_KINDS):
            _strip_notes(datablock)
    for tree in trees:
        tree.animation_data_clear()
        for node in [node for node in tree.nodes if node.bl_idname.startswith(_FORBIDDEN_NODES)]:
            tree.nodes.remove(node)
    for item in own("objects"):
        for modifier in [m for m in item.modifiers if m.type in _READS_FILES_OR_SIMULATES]:
            item.modifiers.remove(modifier)
    for kind in _DROPPED_KINDS:
        bpy.data.batch_remove(own(kind))


def _strip_notes(datablock: bpy.types.ID) -> None:
    """Custom properties, asset marks and fake users are the maker's own, not the user's."""
    keys: list[str] = list(datablock.keys())
    for key in keys:
        del datablock[key]
    datablock.asset_clear()
    datablock.use_fake_user = False

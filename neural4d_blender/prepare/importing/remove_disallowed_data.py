"""Takes away of the model all that is not on the list of what a model needs (engine/blenders/allowed_data.py).

A .blend from a service brings drivers (Python expressions), texts, scripts, modifiers and nodes that read files, and
whatever a later Blender adds. All of it goes before any object is linked to a scene. May import bpy.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator
from typing import Any

import bpy

from ...engine.blenders import allowed_data
from ..open_file import KINDS, all_own, node_trees, own, scene
from .external_files import outside_images
from .external_files.named_files import NamedFiles

#: Whose animation a model keeps where it is wanted, and what of it: plain curves.
_ANIMATED = (bpy.types.Object, bpy.types.Armature, bpy.types.Key)
#: Modifiers that change nothing of what they are on, and what is told as the animation that it is.
_UNSEEN = frozenset({"COLLISION", "MESH_SEQUENCE_CACHE", "SURFACE"})
#: Data of objects that go later: with it the object would go now, and with that the place of what hangs below it.
_CARRIERS = frozenset({"grease_pencils", "grease_pencils_v3", "speakers", "volumes"})


def disarm(files: NamedFiles, warnings: list[str], *, animation: bool = False) -> None:
    """Leave of the model what is on the list, and no names of files but those of images and fonts in the folder.

    Args:
        files: what came with the model; nothing else is ever read.
        warnings: is told what was left out that the model shows.
        animation: actions of objects, armatures and shape keys stay, without drivers.
    """
    kept = allowed_data.MODEL_KINDS | {"actions"} if animation else allowed_data.MODEL_KINDS
    gone: set[str] = set()
    for item in own("objects"):
        gone |= _strip_object(item)  # first: objects go together with what their particles were
    if gone:
        warnings.append(f"Left out: {', '.join(sorted(gone))}.")
    others = [one for kind in KINDS if kind not in kept for one in own(kind) if kind not in _CARRIERS or not one.users]
    others += [one for one in own("scenes") if one != scene()]
    others += [tree for tree in own("node_groups") if tree.bl_idname not in allowed_data.MODEL_TREES]
    bpy.data.batch_remove(others)
    trees = node_trees()
    for datablock in [*all_own(), *trees]:
        if animation and isinstance(datablock, _ANIMATED):
            _leave_curves(datablock)
        elif hasattr(datablock, "animation_data_clear"):
            datablock.animation_data_clear()
    for tree in trees:
        for node in [node for node in tree.nodes if node.bl_idname not in allowed_data.MODEL_NODES]:
            tree.nodes.remove(node)
    outside_images.leave_out_strange(files, warnings)
    _strip_notes(trees)


def _leave_curves(datablock: bpy.types.Object | bpy.types.Armature | bpy.types.Key) -> None:
    if datablock.animation_data:
        for driver in list(datablock.animation_data.drivers):
            datablock.animation_data.drivers.remove(driver)


def _strip_object(item: bpy.types.Object) -> set[str]:
    """Returns what Blender calls the modifiers that were shown."""
    gone = [one for one in item.modifiers if one.type not in allowed_data.MODEL_MODIFIERS]
    kinds: Any = bpy.types.Modifier.bl_rna.properties["type"]
    seen = {kinds.enum_items[one.type].name for one in gone if one.show_viewport and one.type not in _UNSEEN}
    for modifier in gone:
        item.modifiers.remove(modifier)
    for holder in [item, *(item.pose.bones if item.pose else ())]:
        for constraint in [one for one in holder.constraints if one.type not in allowed_data.MODEL_CONSTRAINTS]:
            holder.constraints.remove(constraint)
    item.shader_effects.clear()
    return seen


def _strip_notes(trees: list[bpy.types.NodeTree]) -> None:
    """Custom properties, asset marks, fake users and paths are the maker's own, not the user's.

    A property may keep any other datablock in the file, unseen by all that looks at the model (since 5.0 there are
    those of add-ons beside the custom ones); so may a mesh that is named as the source of texture coordinates.
    """
    for holder in _holders(trees):
        for key in list(holder.keys()):
            del holder[key]
        if hasattr(holder, "bl_system_properties_get") and (noted := holder.bl_system_properties_get()):
            for key in list(noted.keys()):
                del noted[key]
    for datablock in all_own():
        datablock.asset_clear()
        datablock.use_fake_user = False
        if not isinstance(datablock, bpy.types.Image | bpy.types.VectorFont):
            _forget_paths(datablock)
    for item in own("objects"):
        for modifier in item.modifiers:
            for holder in (modifier, *getattr(modifier, "bakes", ())):
                _forget_paths(holder)
    for mesh in own("meshes"):
        mesh.texture_mesh = None


def _holders(trees: list[bpy.types.NodeTree]) -> Iterator[Any]:
    """All that may have properties of its own. A modifier's are what its nodes take, and stay."""
    yield from (*all_own(), *trees)
    for tree in trees:
        yield from tree.nodes
    for armature in own("armatures"):
        yield from (*armature.bones, *getattr(armature, "collections_all", ()))
    for item in own("objects"):
        yield from item.pose.bones if item.pose else ()


def _forget_paths(holder: Any) -> None:
    for name in _paths(holder.bl_rna.identifier):
        if getattr(holder, name):
            setattr(holder, name, "")


@functools.cache
def _paths(kind: str) -> list[str]:
    return [
        entry.identifier
        for entry in getattr(bpy.types, kind).bl_rna.properties
        if getattr(entry, "subtype", "") in ("FILE_PATH", "DIR_PATH") and not entry.is_readonly
    ]

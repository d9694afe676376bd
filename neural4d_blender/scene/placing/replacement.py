"""Puts a prepared model into the place of one that stands in the scene, and of all its linked duplicates.

The object that the user knows stays that object wherever it can: a mesh gets another mesh, an Empty other objects
below it, and so transform, parent, collections, visibility, name, modifiers, constraints, animation and whatever
points at it stay without being touched. Only where a mesh makes way for a hierarchy, or the other way
round, another object takes over. May import bpy and the engine's ``errors``.
"""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Any

import bpy

from ...engine.errors import InvalidInput
from ...engine.protocol import Facts
from . import lod_collections, placement, provenance
from .remap_users import take_over

#: What a successor takes over beside its place.
_LOOKS = ("display_type", "show_in_front", "color", "pass_index")


def twins(root: bpy.types.Object) -> list[bpy.types.Object]:
    """The root, and what was duplicated from it with its mesh linked (Alt D)."""
    meshes = {item.data for item in (root, *provenance.parts_of(root)) if item.data is not None}
    found = {root: None}
    for item in bpy.data.objects:
        if item.data in meshes:
            owner = provenance.root_of(item)
            if owner is None and item.data == root.data:
                owner = item  # a duplicate whose properties were deleted
            if owner is not None:
                found[owner] = None
    return list(found)


def check_replaceable(root: bpy.types.Object) -> list[bpy.types.Object]:
    """The root and its linked duplicates; InvalidInput where one of them belongs to another file."""
    places = twins(root)
    if any(place.library or place.override_library for place in places):
        raise InvalidInput(f"{root.name} is linked from another file.", "Replace it in that file.")
    return places


def replace(
    root: bpy.types.Object, blend_path: str | Path, scene: bpy.types.Scene, facts: Facts | None = None
) -> list[bpy.types.Object]:
    """Put a prepared model where a root and its linked duplicates stand; returns what stands there now.

    Args:
        blend_path: what the preparer wrote, and facts: what it told of it. scene: whose unit scale counts.

    Raises:
        BrokenModel: the file is missing, damaged or empty; nothing has changed.
        InvalidInput: one of the objects belongs to another file.
    """
    places = check_replaceable(root)
    if root.users_scene and scene not in root.users_scene:  # it was moved
        scene = root.users_scene[0]
    model = placement.bring(blend_path, scene, facts)
    (new,) = (item for item in model if item.parent is None)
    parts = {item: _free_name(item, places) for item in model if item != new}
    for part in parts:
        part.name = "new"  # out of the way of what gets its name
    old_data = _data_of(places)
    name = root.data.name if root.data is not None else root.name
    plain = {part: name for part, name in parts.items() if not lod_collections.is_extra(part)}
    held = [_put(new, parts if place == root else plain, place) for place in places]
    bpy.data.batch_remove(model)  # each place has copies of its own, which share the data
    _purge(old_data)
    for item in (held[0], *provenance.parts_of(held[0])):
        if item.data is not None:
            item.data.name = name if item == held[0] else item.name
    return held


def _put(new: bpy.types.Object, parts: dict[bpy.types.Object, str], place: bpy.types.Object) -> bpy.types.Object:
    """The model in one place; returns its root there.

    Args:
        parts: what is below the new root, with the name it is to have.
    """
    old_parts = provenance.parts_of(place)
    seen = [part for part in old_parts if not lod_collections.is_extra(part)]
    hidden = bool(seen) and all(part.hide_viewport for part in seen)
    homes = lod_collections.homes_of(old_parts)
    holder = place if (place.data is None) == (new.data is None) else _successor(place, new)
    if holder == place and new.data is not None:
        place.data = new.data
        for slot in place.material_slots:
            slot.link = "DATA"
    _adopt([child for part in old_parts for child in part.children if child not in old_parts], holder)
    bpy.data.batch_remove(old_parts)
    lod_collections.remove_empty(homes)
    made = {new: holder} | {part: part.copy() for part in parts}
    for part, name in parts.items():
        copy = made[part]
        copy.name, copy.parent = name, made[part.parent]
        if lod_collections.is_extra(part):
            continue
        copy.hide_viewport, copy.hide_render = holder.hide_viewport or hidden, holder.hide_render
        for modifier in copy.modifiers:
            if isinstance(modifier, bpy.types.ArmatureModifier) and modifier.object in made:
                modifier.object = made[modifier.object]
        for collection in holder.users_collection:
            collection.objects.link(copy)
        if place != holder:
            _copy_modifiers(place, copy)
    lod_collections.put_away(holder, [copy for part, copy in made.items() if lod_collections.is_extra(part)])
    if place != holder:
        bpy.data.objects.remove(place)
    return holder


def _free_name(item: bpy.types.Object, places: list[bpy.types.Object]) -> str:
    """The name that an object had in its file, where only what makes way for it kept it from having that here."""
    plain = item.name.rpartition(".")[0]
    taken = {part.name for place in places for part in provenance.parts_of(place)}
    return plain if plain in taken else item.name


def _successor(place: bpy.types.Object, new: bpy.types.Object) -> bpy.types.Object:
    """Another object that is what ``place`` was to the user and to everything that points at it."""
    copy: bpy.types.Object = new.copy()
    _copy_modifiers(place, copy)
    _copy_properties(place, copy)
    for attribute in _LOOKS:
        setattr(copy, attribute, getattr(place, attribute))
    take_over(place, copy)
    return copy


def _copy_modifiers(source: bpy.types.Object, target: bpy.types.Object) -> None:
    """The user's modifiers, in their order, where the target can have such."""
    for modifier in source.modifiers:
        copy = target.modifiers.new(modifier.name, modifier.type) if target.type == "MESH" else None
        if copy is None:
            continue
        for attribute in modifier.bl_rna.properties:
            if not attribute.is_readonly:
                with suppress(AttributeError, TypeError):
                    setattr(copy, attribute.identifier, getattr(modifier, attribute.identifier))
        with suppress(TypeError):  # only a modifier of nodes has properties of its own: the inputs
            _copy_properties(modifier, copy)


def _copy_properties(source: Any, target: Any) -> None:
    for key in source.keys():  # noqa: SIM118
        target[key] = source[key]


def _adopt(children: list[bpy.types.Object], holder: bpy.types.Object) -> None:
    """What the user has put below a part goes below the root, and stays where it is."""
    for child in children:
        inverse = holder.matrix_world.inverted_safe() @ child.parent.matrix_world @ child.matrix_parent_inverse
        child.parent, child.parent_type = holder, "OBJECT"
        child.matrix_parent_inverse = inverse


def _data_of(places: list[bpy.types.Object]) -> list[list[Any]]:
    """What the models in these places consist of, in the order in which it can go."""
    items = [item for place in places for item in (place, *provenance.parts_of(place))]
    data = {item.data for item in items if item.data is not None}
    materials = {m for mesh in data if isinstance(mesh, bpy.types.Mesh) for m in mesh.materials if m is not None}
    trees = [material.node_tree for material in materials if material.node_tree]
    images = {n.image for tree in trees for n in tree.nodes if isinstance(n, bpy.types.ShaderNodeTexImage) and n.image}
    return [list(data), list(materials), list(images)]


def _purge(candidates: list[list[Any]]) -> None:
    for blocks in candidates:
        bpy.data.batch_remove([block for block in blocks if not block.users])

"""Levels of detail and collision shapes in the scene: below their root, in a hidden collection of their own.

They belong to the model and move with it, but are no part of what is seen or measured. May import bpy and the engine's
``protocol``.
"""

from __future__ import annotations

from collections.abc import Iterable

import bpy

from ...engine.protocol import GAME


def is_extra(item: bpy.types.Object) -> bool:
    """It is a level of detail, or a collision shape."""
    return bool(item.get(GAME))


def model_of(root: bpy.types.Object) -> list[bpy.types.Object]:
    """The root and all below it, less the extras."""
    return [item for item in (root, *root.children_recursive) if not is_extra(item)]


def extras_of(root: bpy.types.Object) -> dict[str, list[bpy.types.Object]]:
    """The extras below a root by what they are: LOD0, LOD1, ..., BOX, CONVEX, PIECES."""
    found: dict[str, list[bpy.types.Object]] = {}
    for item in sorted((item for item in root.children_recursive if is_extra(item)), key=lambda item: item.name):
        found.setdefault(str(item[GAME]), []).append(item)
    return found


def put_away(root: bpy.types.Object, extras: Iterable[bpy.types.Object]) -> None:
    """Link extras that are in no collection yet to a hidden one, within the one that the root is in."""
    extras = list(extras)
    if not extras:
        return
    home = bpy.data.collections.new(f"{root.name[:40]} LODs and Collision")
    home[GAME] = True
    home.hide_viewport = home.hide_render = True
    around = root.users_collection[0] if root.users_collection else bpy.context.scene.collection
    around.children.link(home)
    for item in extras:
        home.objects.link(item)


def homes_of(items: Iterable[bpy.types.Object]) -> set[bpy.types.Collection]:
    """The collections made for these objects."""
    return {home for item in items if is_extra(item) for home in item.users_collection if home.get(GAME)}


def remove_empty(homes: Iterable[bpy.types.Collection]) -> None:
    """Remove those of the collections that hold nothing any more."""
    bpy.data.batch_remove([home for home in homes if not home.all_objects])

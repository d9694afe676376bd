"""Makes one object what another was to the user, and to everything in the file that points at it. May import bpy."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import bpy

_TRANSFORM = (
    *("parent", "parent_type", "parent_bone", "parent_vertices", "matrix_parent_inverse", "location", "scale"),
    *("rotation_mode", "rotation_euler", "rotation_quaternion", "rotation_axis_angle", "delta_location", "delta_scale"),
    *("delta_rotation_euler", "delta_rotation_quaternion", "lock_location", "lock_rotation", "lock_scale"),
)
_VISIBILITY = ("hide_viewport", "hide_render", "hide_select")


def take_over(old: bpy.types.Object, new: bpy.types.Object, parts: Sequence[bpy.types.Object] = ()) -> None:
    """Give ``new`` the transform, parent, children, collections, visibility, selection, constraints, animation and name
    of ``old``, to which nothing points any more then: it is to be deleted.

    Args:
        new: in no collection yet. parts: what belongs to it and is seen and hidden with it.
    """
    looks = _looks(old)
    for attribute in _TRANSFORM:
        setattr(new, attribute, getattr(old, attribute))
    for item in (new, *parts):
        for attribute in _VISIBILITY:
            setattr(item, attribute, getattr(old, attribute))
        for collection in old.users_collection:
            collection.objects.link(item)
    for constraint in old.constraints:
        new.constraints.copy(constraint)
    copy_action(old.animation_data, new)
    for collection in old.users_collection:
        collection.objects.unlink(old)
    old.use_fake_user = False
    old.user_remap(new)
    name, old.name = old.name, f"{old.name} (replaced)"
    new.name = name
    for look in looks:
        _restore(look, new, parts)


def copy_action(source: Any, target: bpy.types.Object) -> None:
    """The action that moves an object, for another one as well."""
    if source and source.action:
        moves: Any = target.animation_data_create()
        moves.action = source.action
        if getattr(source, "action_slot", None):  # since Blender 4.4
            moves.action_slot = source.action_slot


#: A view layer, or a viewport in local view; whether the object is hidden or in it, selected, active.
_Look = tuple[Any, bool, bool, bool]


def _looks(old: bpy.types.Object) -> list[_Look]:
    """How the object is seen: in each view layer, and in each viewport that is in local view."""
    layers: list[_Look] = [
        (layer, old.hide_get(view_layer=layer), old.select_get(view_layer=layer), layer.objects.active == old)
        for scene in old.users_scene
        for layer in scene.view_layers
    ]
    manager = bpy.context.window_manager
    spaces = [area.spaces.active for window in manager.windows for area in window.screen.areas] if manager else []
    local = [space for space in spaces if isinstance(space, bpy.types.SpaceView3D) and space.local_view]
    return layers + [(space, old.local_view_get(space), False, False) for space in local]


def _restore(look: _Look, new: bpy.types.Object, parts: Sequence[bpy.types.Object]) -> None:
    where, mark, selected, active = look
    with suppress(RuntimeError):  # its collection is excluded there
        if isinstance(where, bpy.types.SpaceView3D):
            for item in (new, *parts):
                item.local_view_set(where, mark)
            return
        if mark:
            for item in (new, *parts):
                item.hide_set(True, view_layer=where)
        new.select_set(selected, view_layer=where)
        if active:
            where.objects.active = new

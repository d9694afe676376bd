"""Shorthands for the one file that is open in the preparer. May import bpy."""

from __future__ import annotations

import bpy


def scene() -> bpy.types.Scene:
    """The open file's only scene."""
    found = bpy.context.scene
    assert found is not None  # noqa: S101 (there always is one; its type says otherwise for scripts without a file)
    return found


def update() -> None:
    """Bring world matrices up to date."""
    scene().view_layers[0].update()


def mesh_of(item: bpy.types.Object) -> bpy.types.Mesh:
    """The mesh of a mesh object."""
    if not isinstance(item.data, bpy.types.Mesh):
        raise TypeError(f"{item.name!r} is no mesh object")
    return item.data


def armature_of(modifier: bpy.types.Modifier) -> bpy.types.Object | None:
    """The armature object that a modifier deforms by; None for other modifiers and where it is not set."""
    return modifier.object if isinstance(modifier, bpy.types.ArmatureModifier) else None


def purge() -> None:
    """Remove what nobody uses, and what only that used."""
    bpy.data.orphans_purge(do_recursive=True)  # type: ignore[call-arg]  # the stubs know no arguments

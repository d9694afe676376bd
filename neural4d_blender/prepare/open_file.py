"""Shorthands for the file that is open in the preparer, and what of it is the model's own. May import bpy.

Where the model is prepared inside the user's Blender the file holds the user's own work too. What stood in it
at `begin` is nobody's business here: everything that is stripped or removed comes from `own`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

#: What stood in the file before the model came; only compared, never looked into.
_others: set[bpy.types.ID] = set()
#: Not of a model, and in use whatever their number of users says.
_BLENDERS_OWN = ("scenes", "screens", "window_managers", "workspaces")
#: How deep what is used only by what is not used may be nested; beyond that it is left, and not written either.
_NESTED = 64
#: All kinds of datablocks that this Blender has and a model may bring.
KINDS = [
    kind.identifier
    for kind in bpy.types.BlendData.bl_rna.properties
    if kind.type == "COLLECTION" and kind.identifier not in ("libraries", "all_ids", *_BLENDERS_OWN)
]


def begin() -> None:
    """All that is in the file from now on and was not before is the model's own."""
    _others.clear()
    _others.update(datablock for kind in [*KINDS, "libraries", "scenes"] for datablock in getattr(bpy.data, kind))


def own(kind: str) -> list[Any]:
    """The model's own datablocks of a kind: "objects", "meshes", ..."""
    return [datablock for datablock in getattr(bpy.data, kind, ()) if datablock not in _others]


def all_own() -> Iterator[bpy.types.ID]:
    """The model's own datablocks of all kinds but libraries."""
    for kind in KINDS:
        yield from own(kind)


def node_trees() -> list[bpy.types.NodeTree]:
    """Its node groups, and the trees that are a part of another datablock."""
    parts = (getattr(datablock, "node_tree", None) for datablock in all_own())
    return [*own("node_groups"), *(tree for tree in parts if tree is not None)]


def scene() -> bpy.types.Scene:
    """The scene that the model is imported to; it holds nothing else."""
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


def copy_of(item: bpy.types.Object) -> bpy.types.Object:
    """A copy of a mesh object, with a mesh of its own, in the scene."""
    copy: bpy.types.Object = item.copy()
    copy.data = mesh_of(item).copy()
    scene().collection.objects.link(copy)
    return copy


def corners_of(mesh: bpy.types.Mesh, what: str) -> NDArray[np.int32]:
    """Of all corners of its faces the "vert" or the "edge", by number: as an attribute it is copied at once."""
    corners = np.empty(len(mesh.loops), dtype=np.int32)
    attribute: Any = mesh.attributes.get(f".corner_{what}")
    if attribute is not None:  # there is none where there is no face
        attribute.data.foreach_get("value", corners)
    return corners


def armature_of(modifier: bpy.types.Modifier) -> bpy.types.Object | None:
    """The armature object that a modifier deforms by; None for other modifiers and where it is not set."""
    return modifier.object if isinstance(modifier, bpy.types.ArmatureModifier) else None


def purge() -> None:
    """Remove what nobody uses of the model's own, and what only that used."""
    for _ in range(_NESTED):
        unused = [datablock for datablock in all_own() if not datablock.users]
        if not unused:
            return
        bpy.data.batch_remove(unused)

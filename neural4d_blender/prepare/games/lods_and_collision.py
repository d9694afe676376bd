"""Makes the levels of detail and the collision shapes of a finished model. May import bpy, numpy and `engine`."""

from __future__ import annotations

from collections.abc import Sequence

import bpy
import numpy as np

from ...engine.blenders.shared_names import GAME, datablock_name
from ...engine.model.quality.facts import Facts
from ..meshes import apply_transforms, face_limit, join
from ..meshes.extract_model import Model, drop_loose
from ..open_file import copy_of, mesh_of, scene
from . import collision

#: Convex pieces are found on a model of at most so many triangles: more make no other pieces.
_SEARCHED = 1500


def make(
    model: Model, root: bpy.types.Object, lods: Sequence[float], kind: str, warnings: list[str]
) -> list[bpy.types.Object]:
    """The objects, each below the root and marked with GAME; none, with a warning, of a model that moves.

    Args:
        lods: below 1 a part of the model's faces, else a number of faces. kind: NONE, BOX, CONVEX or PIECES.
    """
    if not lods and kind == "NONE":
        return []
    if model.armatures or any(item.animation_data for item in model.objects):
        warnings.append("No levels of detail or collision shapes were made, since the model follows a rig or moves.")
        return []
    whole = join.whole(model)
    made = _levels(whole, _counts(len(mesh_of(whole).polygons), lods, warnings), several=len(model.meshes) > 1)
    if kind != "NONE":
        made += [(kind, item) for item in _shapes(whole, kind)]
    if whole not in [item for _, item in made]:
        _remove(whole)
    numbers = {kind: 0}
    for mark, item in made:
        ending = f"_{mark}"
        if mark == kind:
            ending = f"_collision_{numbers[kind]:02d}"
            numbers[kind] += 1
        item.name = datablock_name(root.name.encode()[: 63 - len(ending)].decode("utf-8", "ignore")) + ending
        item.data.name = item.name
        item[GAME] = mark
        item.parent = root
    return [item for _, item in made]


def count(made: Sequence[bpy.types.Object]) -> Facts:
    """The faces of each level of detail, and how many collision shapes there are; nothing where nothing was made."""
    levels = [item for item in made if item[GAME].startswith("LOD")]
    faces = [len(mesh_of(item).polygons) for item in levels if item[GAME] != "LOD0"]
    return {"lods": faces, "shapes": len(made) - len(levels)} if made else {}


def _counts(faces: int, lods: Sequence[float], warnings: list[str]) -> list[int]:
    """How many faces each level is to have at most, most first."""
    wanted = {max(round(lod * faces), face_limit.FEWEST) if lod < 1 else int(lod) for lod in lods}
    fewer = sorted((count for count in wanted if count < faces), reverse=True)
    if len(fewer) < len(lods):
        told = f"Of {len(lods)} levels of detail {len(fewer)} were made"
        warnings.append(f"{told}: the others have no fewer faces than the model, or as many as another.")
    return fewer


def _levels(whole: bpy.types.Object, counts: list[int], *, several: bool) -> list[tuple[str, bpy.types.Object]]:
    """Each level is made of the one before; where the model has several parts, LOD0 is all of it in one mesh."""
    made = [("LOD0", whole)] if several else []
    before = whole
    for number, count in enumerate(counts, 1):
        before = copy_of(before)
        # What comes of a limit that cannot be kept is fewer faces all the same.
        face_limit.limit_faces(Model([before], [], np.zeros(3)), count, [])
        if mesh_of(before).validate():  # of few faces, some have come to lie upon each other
            drop_loose(mesh_of(before))
        made.append((f"LOD{number}", before))
    return made


def _remove(item: bpy.types.Object) -> None:
    bpy.data.batch_remove([mesh_of(item), item])


def _shapes(whole: bpy.types.Object, kind: str) -> list[bpy.types.Object]:
    points = apply_transforms.coordinates(mesh_of(whole))
    if kind == "BOX":
        meshes = [collision.box(points)]
    elif kind == "CONVEX":
        meshes = [collision.hull(points)]
    else:
        few = copy_of(whole)
        face_limit.limit_faces(Model([few], [], np.zeros(3)), _SEARCHED, [])
        meshes = collision.pieces(mesh_of(few))
        _remove(few)
    made = [bpy.data.objects.new("collision", mesh) for mesh in meshes]
    for item in made:
        scene().collection.objects.link(item)
        item.display_type = "WIRE"
    return made

"""A model that moves, kept as its file has it: rigs, actions, and the transforms that they move. May import bpy.

Nothing is applied, since actions tell of the transforms as they are: an Empty between the root and the model has the
size and the origin. They are those of what is seen at the frame that is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ..open_file import mesh_of, own, scene, update
from . import apply_transforms, exact_size
from .evaluate import Part, parts_of
from .extract_model import Model, call, clean_meshes, deforming, remove_all_but

Item = bpy.types.Object


def moves() -> bool:
    """Whether there is anything to keep."""
    return bool(own("actions"))


def reduce_to_model(imported: Iterable[Item], warnings: list[str]) -> Model:
    """The meshes, what bends them and what they hang below; everything else is removed.

    Raises:
        BrokenModel: no faces are left, or vertices are not finite.
        UnsafeModel: instances multiply to absurd numbers.
    """
    parts = parts_of(imported, warnings, moving=True)
    meshes = clean_meshes(parts, warnings)
    for part in parts:
        _put_back(part)
    for item in meshes:
        if mesh_of(item).users > 1 and any(slot.link == "OBJECT" for slot in item.material_slots):
            item.data = mesh_of(item).copy()
    armatures = deforming(meshes)
    kept = dict.fromkeys([*meshes, *armatures])
    for item in list(kept):
        while (parent := item.parent) is not None and parent not in kept:
            if parent.data is not None:  # a lamp, or a mesh that is not to be seen
                world = item.matrix_world.copy()
                item.parent = None
                item.matrix_world = world
                break
            parent.instance_type = "NONE"
            kept[parent] = None
            item = parent
    _keep_unused_actions(armatures)
    remove_all_but(kept)
    parents = {item: item.parent for item in kept if item.parent is not None}
    return Model(meshes, armatures, np.zeros(3), parents)


def put_under_one_root(
    model: Model, name: str, *, size_mm: float | None, axis: str, origin: str
) -> tuple[Item, exact_size.Fitted]:
    """The root, called `name`, and what the sizing by the Empty below it came to; raises BrokenModel as exact_size."""
    root, holder = (bpy.data.objects.new(text, None) for text in (name, "Size"))
    items = model.objects
    call(items, name)
    for item in (root, holder):
        scene().collection.objects.link(item)
    for item in (holder, *items):
        if item.parent is None:
            item.parent = root if item == holder else holder
    root.name = name

    def move_and_scale(move: apply_transforms.Floats, factor: float) -> None:
        holder.matrix_basis = Matrix.Translation(move.tolist()) @ Matrix.Scale(factor, 4) @ holder.matrix_basis

    lower, upper = _seen(model)
    center = (lower + upper) / 2
    fitted = exact_size.fit_by(lambda: _seen(model), move_and_scale, center, size_mm=size_mm, axis=axis, origin=origin)
    # Object space knows of the Empty's scale by itself.
    model.grown.update(dict.fromkeys(model.meshes, 1 / fitted.scale))
    root.empty_display_size = max(fitted.dimensions_mm) / 2000
    return root, fitted


def _seen(model: Model) -> tuple[apply_transforms.Floats, apply_transforms.Floats]:
    """The corners of the box about all meshes as they are bent and stand."""
    update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    lower, upper = np.full(3, np.inf), np.full(3, -np.inf)
    for item in model.meshes:
        evaluated = item.evaluated_get(depsgraph)
        matrix = np.array(evaluated.matrix_world, dtype=np.float64)
        points = apply_transforms.coordinates(mesh_of(evaluated)) @ matrix[:3, :3].T + matrix[:3, 3]
        lower, upper = np.minimum(lower, points.min(axis=0)), np.maximum(upper, points.max(axis=0))
    return lower, upper


def _put_back(part: Part) -> None:
    """An instance, or a curve that became a mesh, stands where it stood, below what it stood below."""
    if part.item.name not in scene().objects:
        scene().collection.objects.link(part.item)
        part.item.parent = part.parent
        if part.parent is not None:
            part.item.matrix_parent_inverse = part.parent.matrix_world.inverted()
        part.item.matrix_basis = part.world


def _keep_unused_actions(armatures: list[Item]) -> None:
    """Further actions of the one rig there is, which nothing plays, become muted NLA tracks; else they were lost."""
    if len(armatures) != 1:
        return
    data: Any = armatures[0].animation_data_create()
    for action in own("actions"):
        if action.users == int(action.use_fake_user):
            with suppress(RuntimeError):
                track = data.nla_tracks.new()
                track.name, track.mute = action.name, True
                track.strips.new(action.name, 1, action)

"""A new mesh of few faces that looks like the model, by textures baked from it. May import bpy, numpy and `engine`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ...engine.blenders.shared_names import datablock_name
from ..meshes import apply_transforms, face_limit
from ..meshes.extract_model import Model, put_under_one_root, remove_all_but
from ..meshes.join import whole
from ..open_file import copy_of, mesh_of, scene
from . import baking, comparing

#: QuadriFlow is given so many triangles for a quad, and no more than it does in some seconds.
_GIVEN, _MOST_GIVEN = 6, 120_000
#: What it makes is taken where its outline differs in less than this part of what is seen.
_LOST = 0.05
#: Of the closed surface, along the longest side: at least and at most.
_VOXELS = (64, 200)
#: QuadriFlow takes no mesh with edges of less than 0.0001, so that side is made that long for it.
_LONG = 100.0
_FACES = 20_000
#: Smart UV Project cuts where faces turn by more.
_ISLAND = math.radians(66)
_GAP = 4  # pixels between islands


def make(
    model: Model, root: bpy.types.Object, kind: str, most: int | None, pixels: int, warnings: list[str]
) -> tuple[Model, bpy.types.Object, list[str]]:
    """The model as one new mesh, its root, and what became of it in sentences; as it is where it moves, which is told.

    Args:
        kind: QUADS or TRIANGLES. most: faces; None: 20,000.
        pixels: of a side of the textures; 0: as the model's largest, up to 2048.
    """
    most = most or _FACES
    if model.armatures or any(item.animation_data for item in model.objects):
        warnings.append("The model was not retopologised, since it follows a rig or moves.")
        return model, root, []
    if len(bpy.data.scenes) > 1:  # the user's own Blender does the work: it would stand still for minutes
        return _decimated(model, root, most, warnings, "no second Blender could be started to bake textures in")
    if not baking.is_there():
        return _decimated(model, root, most, warnings, "this Blender was built without Cycles, which bakes textures")
    before = sum(len(mesh_of(item).polygons) for item in model.meshes)
    name, side = root.name, pixels or baking.side_of(model.meshes)
    seen = comparing.pictures(model.meshes)
    low, made = _low(model, kind, most, seen, warnings)
    _unwrap(low, side)
    baking.bake(model.meshes, low, side, name)
    difference = comparing.difference(seen, comparing.pictures([low]))
    low.parent = None
    remove_all_but([low])
    model = Model([low], [], model.center)
    root = put_under_one_root(model, name)
    faces = len(mesh_of(low).polygons)
    told = f"Retopology: {before:,} faces became {faces:,} {made} with textures of {side} px"
    return model, root, [f"{told}; in renders they differ by {difference:.1%}."]


def _decimated(
    model: Model, root: bpy.types.Object, most: int, warnings: list[str], why: str
) -> tuple[Model, bpy.types.Object, list[str]]:
    face_limit.limit_faces(model, most, warnings)
    warnings.append(f"Faces were taken away, and the textures kept as they are: {why}.")
    return model, root, []


def _low(
    model: Model, kind: str, most: int, seen: comparing.Pictures, warnings: list[str]
) -> tuple[bpy.types.Object, str]:
    """A mesh of at most so many faces without materials, and what they are.

    Args:
        seen: pictures of the model, whose outline it has to have.
    """
    low = whole(model)
    mesh_of(low).materials.clear()
    if kind == "QUADS":
        for voxels in (int(min(max(3 * math.sqrt(most), _VOXELS[0]), _VOXELS[1])), 0):
            made = _quads(low, most, voxels)
            if made is not None:
                _reach_as_far(made, model.meshes)
                if comparing.outline(seen, comparing.pictures([made])) < _LOST:
                    bpy.data.batch_remove([mesh_of(low), low])
                    return made, "quads"
                bpy.data.batch_remove([mesh_of(made), made])
        warnings.append("QuadriFlow found no quads that keep this shape, so the faces are triangles.")
    face_limit.limit_faces(Model([low], [], np.zeros(3)), most, [])
    _reach_as_far(low, model.meshes)
    return low, "triangles"


def _quads(low: bpy.types.Object, most: int, voxels: int) -> bpy.types.Object | None:
    """What QuadriFlow makes of it; None where that is nothing.

    Args:
        voxels: of a closed surface around it, which has no faces inside where parts stand in each other; along the
            longest side. 0: of its own surface.
    """
    few = copy_of(low)
    face_limit.limit_faces(Model([few], [], np.zeros(3)), min(most * _GIVEN, _MOST_GIVEN), [])
    longest = float(np.ptp(apply_transforms.coordinates(mesh_of(few)), axis=0).max())
    made = copy_of(few)
    if voxels:
        _become(made, "REMESH", mode="VOXEL", voxel_size=longest / voxels)
    mesh_of(made).transform(Matrix.Scale(_LONG / longest, 4))
    worked = _remesh(made, most)
    if worked:
        mesh_of(made).transform(Matrix.Scale(longest / _LONG, 4))
        _become(made, "SHRINKWRAP", target=few, wrap_method="NEAREST_SURFACEPOINT")
    bpy.data.batch_remove([mesh_of(few), few, *(() if worked else (mesh_of(made), made))])
    return made if worked else None


def _remesh(item: bpy.types.Object, most: int) -> bool:
    """In place; whether it worked, and there are no more faces than wanted."""
    wanted = float(most)
    for _ in range(3):
        tried = copy_of(item)
        _only(tried)
        try:
            ended = bpy.ops.object.quadriflow_remesh(mode="FACES", target_faces=max(int(wanted), 4), seed=0)
        except RuntimeError:  # it takes no surface that is not a manifold one
            ended = {"CANCELLED"}
        faces = len(mesh_of(tried).polygons)
        if "FINISHED" not in ended or not faces:
            bpy.data.batch_remove([mesh_of(tried), tried])
            return False
        if faces <= most:
            old, item.data = mesh_of(item), mesh_of(tried)
            bpy.data.batch_remove([tried, old])
            return True
        bpy.data.batch_remove([mesh_of(tried), tried])
        wanted *= 0.97 * most / faces
    return False


def _become(item: bpy.types.Object, kind: str, **settings: object) -> None:
    """What a modifier makes of it."""
    modifiers: Any = item.modifiers
    modifier = modifiers.new(kind, kind)
    for name, value in settings.items():
        setattr(modifier, name, value)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    made = bpy.data.meshes.new_from_object(item.evaluated_get(depsgraph), depsgraph=depsgraph)
    modifiers.clear()
    old, item.data = mesh_of(item), made
    bpy.data.meshes.remove(old)


def _only(item: bpy.types.Object) -> None:
    """Select it alone, and make it active: QuadriFlow and edit mode go by that."""
    layer = scene().view_layers[0]
    layer.update()
    for other in layer.objects:
        other.select_set(other == item)
    layer.objects.active = item


def _reach_as_far(low: bpy.types.Object, items: Sequence[bpy.types.Object]) -> None:
    """Move the vertices nearest to the model's outermost points there, so that it is as large as that was."""
    mesh = mesh_of(low)
    points = apply_transforms.coordinates(mesh)
    every = []
    for item in items:
        matrix = np.array(item.matrix_world, dtype=np.float64)
        every.append(apply_transforms.coordinates(mesh_of(item)) @ matrix[:3, :3].T + matrix[:3, 3])
    model = np.concatenate(every)
    for tip in model[np.concatenate([model.argmin(axis=0), model.argmax(axis=0)])]:
        points[np.linalg.norm(points - tip, axis=1).argmin()] = tip
    points = points.clip(model.min(axis=0), model.max(axis=0))
    mesh.vertices.foreach_set("co", points.astype(np.float32).ravel())
    mesh.update()


def _unwrap(low: bpy.types.Object, side: int) -> None:
    """Smooth faces and a new UV map, in place of the model's own."""
    mesh = mesh_of(low)
    _only(low)
    if mesh.has_custom_normals:
        bpy.ops.mesh.customdata_custom_splitnormals_clear()
    for name in ("sharp_edge", "sharp_face", "uv_seam"):
        if name in mesh.attributes:
            mesh.attributes.remove(mesh.attributes[name])
    mesh.polygons.foreach_set("use_smooth", np.ones(len(mesh.polygons), dtype=bool))
    for layer in [*mesh.uv_layers]:
        mesh.uv_layers.remove(layer)
    for attribute in [*mesh.color_attributes]:
        mesh.color_attributes.remove(attribute)
    mesh.uv_layers.new(name="UVMap")
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="SELECT")
    bpy.ops.uv.smart_project(angle_limit=_ISLAND, island_margin=_GAP / side, margin_method="FRACTION")
    bpy.ops.object.mode_set(mode="OBJECT")
    mesh.name = datablock_name(low.name)

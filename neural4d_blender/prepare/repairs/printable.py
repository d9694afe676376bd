"""Makes one closed surface of all parts, which a printer's program takes. May import bpy and bmesh.

By voxels (OpenVDB, as Blender's Remesh modifier has it): whatever overlaps becomes one, and what is inside is filled.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bmesh
import bpy
import numpy as np

from ..meshes.extract_model import Model
from ..open_file import mesh_of, scene
from .look import Look
from .sentences import counted, share
from .surface import Surface

_NAME = "neural4d_printable"
#: Voxels along the longest side: half a millimetre of 100. The others are for where the first gives no closed surface.
_VOXELS = (200, 187, 211)
#: How thick sheets become, in voxels.
_THICK = 2.5
#: Less of the largest part's volume than this, and an opening has let the outside in.
_LEAKED = 0.5


def make(model: Model) -> tuple[Model, list[str]]:
    """One closed mesh, with the colours of the model at its vertices; or the model as it is, and why.

    One that is a single closed surface is left alone.
    """
    surface = Surface.of(model.meshes)
    volumes = surface.volumes()
    count = len(volumes)
    if count == 1 and surface.is_closed and volumes[0] > 0:
        return model, []
    if not bpy.app.build_options.openvdb:
        return model, ["Not printable: this Blender was built without OpenVDB, which makes closed surfaces."]
    made = _remeshed(surface)
    if made is None:
        return model, ["Not printable: no closed surface comes of it, because too much of it is open."]
    result = Surface.of([made.item])
    look = Look(model.meshes)
    look.paint(mesh_of(made.item))
    fine = share(made.voxel / surface.longest)
    told = [f"Printable: one closed surface of {counted(count, 'part')}, as fine as {fine} of its length; {look.told}."]
    if made.sheets:
        told.append(f"Printable: {made.sheets} given a thickness of {share(_THICK * made.voxel / surface.longest)}.")
    if surface.is_closed and 0 < (cavities := int((volumes < 0).sum())) < count:
        told.append(f"Printable: {counted(cavities, 'cavity', 'cavities')} filled.")
    if (pieces := int(result.parts.max()) + 1) > 1:
        told.append(f"Printable: {counted(pieces, 'piece')} left that do not touch each other.")
    model = _in_place_of(model, made.item)
    return model, told


@dataclass(frozen=True)
class _Made:
    """A closed mesh; how large its voxels are in metres, and what had no inside."""

    item: bpy.types.Object
    voxel: float
    sheets: str


def _remeshed(surface: Surface) -> _Made | None:
    """None where nothing closed comes of it. What leaks is taken for a sheet as a whole."""
    sheet = surface.sheets()[surface.parts]
    largest = float(np.abs(surface.volumes()).max())
    for thin, least in ((sheet, _LEAKED * largest * (not sheet.all())), (np.ones(len(sheet), dtype=bool), 0.0)):
        for voxels in _VOXELS:
            voxel = surface.longest / voxels
            item = _voxels(_solid(surface, thin, _THICK * voxel), voxel)
            result = Surface.of([item]) if len(mesh_of(item).polygons) else None
            if result is not None and result.is_closed and float(np.abs(result.volumes()).sum()) >= least:
                count = len(np.unique(surface.parts[thin]))
                return _Made(item, voxel, "an open surface was" if thin.all() else _sheets(count))
            bpy.data.meshes.remove(mesh_of(item))
        if thin.all():
            break
    return None


def _sheets(count: int) -> str:
    return f"{counted(count, 'sheet')} {'was' if count == 1 else 'were'}" if count else ""


def _solid(surface: Surface, thin: Any, thickness: float) -> bpy.types.Object:
    """All of it as bare faces, openings filled and sheets made thick."""
    item = _object(surface.mesh(_NAME, ~thin))
    editable = bmesh.new()
    editable.from_mesh(mesh_of(item))
    border = [edge for edge in editable.edges if len(edge.link_faces) == 1]
    bmesh.ops.holes_fill(editable, edges=border, sides=0)
    if thin.any():
        sheets = _object(surface.mesh(_NAME, thin))
        solidify: Any = sheets.modifiers.new("Thickness", "SOLIDIFY")
        solidify.thickness, solidify.offset = thickness, 0.0
        thick = _evaluated(sheets)
        editable.from_mesh(thick)
        bpy.data.meshes.remove(thick)
        bpy.data.meshes.remove(mesh_of(sheets))
    editable.to_mesh(mesh_of(item))
    editable.free()
    return item


def _voxels(item: bpy.types.Object, voxel: float) -> bpy.types.Object:
    """Remesh it; the object is given the new mesh."""
    remesh: Any = item.modifiers.new("Voxels", "REMESH")
    remesh.mode, remesh.voxel_size, remesh.use_smooth_shade = "VOXEL", voxel, True
    made = _evaluated(item)
    old = mesh_of(item)
    item.modifiers.clear()
    item.data = made
    bpy.data.meshes.remove(old)
    return item


def _object(mesh: bpy.types.Mesh) -> bpy.types.Object:
    item = bpy.data.objects.new(_NAME, mesh)
    scene().collection.objects.link(item)
    return item


def _evaluated(item: bpy.types.Object) -> bpy.types.Mesh:
    depsgraph = bpy.context.evaluated_depsgraph_get()
    return bpy.data.meshes.new_from_object(item.evaluated_get(depsgraph), depsgraph=depsgraph)


def _in_place_of(model: Model, item: bpy.types.Object) -> Model:
    """The model of that object alone, called as its first one was; those before are removed."""
    name = model.meshes[0].name
    gone = [*model.groups, *model.meshes]
    bpy.data.batch_remove(gone)
    item.name = name
    return Model([item], [], model.center)

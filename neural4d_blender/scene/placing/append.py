"""Brings the datablocks of a prepared model into the open file, at a cost that hardly grows with the file.

Appending goes through every datablock of the open file, once for each that it brings and a few times more: with two
hundred models there it takes three times what it took with none. So a model is appended to temporary data, which holds
nothing else, and copied from there: a copy shares its arrays with the original. What the preparer does not write, or
has pointers out of the ordinary, is appended the slow way.

Main thread of the host only; may import bpy and the engine's ``protocol``.
"""

from __future__ import annotations

import ctypes
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import bpy

from ...engine.protocol import BrokenModel, Facts, blend_version, check_sealed
from . import check_prepared

_AGAIN = "Place it once more: it is prepared again at no cost."
#: What the preparer writes, each kind before those that point to it. Shape keys come and go with their mesh.
_PLAIN = ("images", "node_groups", "materials", "meshes", "armatures", "objects")
#: What is looked at of a file that is appended the slow way; in what else there is nothing runs.
_CHECKED = (*_PLAIN, "shape_keys", "actions", "lights", "textures", "curves")
#: So many copies are asked one by one whether they point at an original; with more a walk through the file is quicker.
_FEW = 40

Copies = dict[bpy.types.ID, bpy.types.ID]


def append(path: Path, facts: Facts | None = None) -> list[bpy.types.Object]:
    """The objects of a prepared model with all they use, local to the open file and linked to nothing yet.

    Args:
        facts: what the preparer told of the file.

    Raises:
        UnsafeModel: there is more in it than a model needs.
        BrokenModel: the file is missing, damaged, empty, not the one that the facts tell of, or of a newer Blender,
            which this one may read in part only.
    """
    try:
        if (made_by := blend_version(path)) > bpy.app.version[:2]:
            what = f"was made by Blender {made_by[0]}.{made_by[1]}, which is newer than this one"
            raise BrokenModel(f"The prepared model {path.name} {what}.", _AGAIN)
        stamp = check_sealed(path, facts or {})
        objects = _by_copying(path, stamp)
        if objects is None:
            objects = _directly(path, stamp)
    except OSError as error:
        what = "is missing" if not path.exists() else "is damaged"
        raise BrokenModel(f"The prepared model {path.name} {what}.", _AGAIN) from error
    if not objects:
        raise BrokenModel(f"The prepared model {path.name} is empty.", _AGAIN)
    return objects


def _by_copying(path: Path, stamp: list[int] | None = None) -> list[bpy.types.Object] | None:
    """None where the model is not plain."""
    data: Any = bpy.data  # the stubs know no context manager
    with data.temp_data(filepath=data.filepath) as apart:
        # Blender gives this reference away and yet gives it up once more when the context manager goes.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(apart))
        # In functions of their own: no name here may still mean one of these datablocks when they are freed.
        return _copied(apart) if _load_plain(apart, path, stamp) else None


def _load_plain(apart: Any, path: Path, stamp: list[int] | None) -> bool:
    with apart.libraries.load(str(path), link=False) as (available, wanted):
        names = {kind: getattr(available, kind) for kind in dir(available)}  # and, since 5.0, the file's version
        check_prepared.check_kinds(path.name, names)
        plain = all(kind in _PLAIN for kind, there in names.items() if there and isinstance(there, list))
        if plain:
            wanted.objects = available.objects
    check_prepared.check_same(path, stamp)
    check_prepared.check(path.name, (datablock for kind in _PLAIN for datablock in getattr(apart, kind)))
    return plain and all(modifier.type == "ARMATURE" for item in apart.objects for modifier in item.modifiers)


def _copied(apart: Any) -> list[bpy.types.Object] | None:
    """Copies in the open file, which point to each other instead of the originals; None where one cannot be made so."""
    copies: Copies = {}
    try:
        for kind in _PLAIN:
            for original in getattr(apart, kind):
                copies[original] = original.copy()
        for datablock in copies.values():
            _redirect(datablock, copies)
        # Blender itself is asked whether a pointer was overlooked: it would be one into freed memory.
        whole = not _are_used(copies)
    except Exception:  # whatever it is, appending the slow way is left
        traceback.print_exc()
        whole = False
    made = list(copies.values())
    if not whole:
        bpy.data.batch_remove(made)
        return None
    for datablock in made:
        if isinstance(datablock, bpy.types.Image):
            _forget_origin(datablock)
    return [datablock for datablock in made if isinstance(datablock, bpy.types.Object)]


def _redirect(datablock: Any, copies: Copies) -> None:
    """Have a copy point to copies, wherever what the preparer writes has pointers as a rule."""
    match datablock:
        case bpy.types.Material():
            if datablock.node_tree:
                _redirect(datablock.node_tree, copies)
        case bpy.types.NodeTree():
            for node in datablock.nodes:
                _redirect_all(node, _pointers(node), copies)
                if isinstance(node, bpy.types.ShaderNodeBsdfPrincipled):
                    node.mute = node.mute  # has Blender look anew which inputs are to be seen
        case bpy.types.Mesh():
            materials: Any = datablock.materials
            for index, material in enumerate(materials):
                if material is not None:
                    materials[index] = copies[material]
        case bpy.types.Object():
            inverse = datablock.matrix_parent_inverse.copy()  # which setting a parent forgets
            _redirect_all(datablock, ["data", "parent"], copies)
            datablock.matrix_parent_inverse = inverse
            for slot in datablock.material_slots:
                _redirect_all(slot, ["material"], copies)
            for modifier in datablock.modifiers:
                _redirect_all(modifier, _pointers(modifier), copies)


def _pointers(holder: bpy.types.bpy_struct) -> list[str]:
    return [entry.identifier for entry in holder.bl_rna.properties if entry.type == "POINTER"]


def _redirect_all(holder: Any, names: Iterable[str], copies: Copies) -> None:
    for name in names:
        pointed = getattr(holder, name)
        if isinstance(pointed, bpy.types.ID) and pointed in copies:
            setattr(holder, name, copies[pointed])


def _are_used(copies: Copies) -> bool:
    """Whether anything in the open file, which can only be a copy, points to one of the originals."""
    data: Any = bpy.data  # the stubs know no call with one argument
    if len(copies) > _FEW:
        return any(data.user_map(subset=set(copies)).values())
    users = [*copies.values(), *(key for copy in copies.values() if (key := getattr(copy, "shape_keys", None)))]
    return any(user.user_of_id(original) for user in users for original in copies)


def _directly(path: Path, stamp: list[int] | None = None) -> list[bpy.types.Object]:
    libraries: Any = bpy.data.libraries
    before = set(libraries)
    there = {datablock for kind in _CHECKED for datablock in getattr(bpy.data, kind)}
    with libraries.load(str(path), link=False) as (available, wanted):
        check_prepared.check_kinds(path.name, {kind: getattr(available, kind) for kind in dir(available)})
        wanted.objects, wanted.images = available.objects, available.images
    # Appending leaves an entry of the file it came from. All of it is local by now, so the entry goes without the
    # look through every datablock of the file that removing takes otherwise.
    for library in [library for library in libraries if library not in before]:
        library.user_clear()
        libraries.remove(library, do_unlink=False)
    came = [datablock for kind in _CHECKED for datablock in getattr(bpy.data, kind) if datablock not in there]
    try:
        check_prepared.check_same(path, stamp)
        check_prepared.check(path.name, came)
    except BrokenModel:
        bpy.data.batch_remove(came)
        raise
    for image in wanted.images:
        _forget_origin(image)
    return [item for item in wanted.objects if item is not None]


def _forget_origin(image: bpy.types.Image) -> None:
    """Appending made a packed image's name a path to our own folder, where unpacking it would write to."""
    if image.packed_file is not None:
        image.filepath_raw = f"//textures/{Path(image.filepath_raw).name}"
        for packed in image.packed_files:
            packed.filepath = image.filepath_raw
    elif bpy.data.filepath:
        with suppress(ValueError):  # on another drive
            image.filepath_raw = bpy.path.relpath(image.filepath_raw)  # 4.2 made it absolute in temporary data

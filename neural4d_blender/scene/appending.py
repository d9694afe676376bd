"""Brings the datablocks of a prepared model into the open file, at a cost that hardly grows with the file.

Appending goes through every datablock of the open file, once for each that it brings and a few times more: with two
hundred models there it takes three times what it took with none. So a model is appended to temporary data, which holds
nothing else, and copied from there: a copy shares its arrays with the original. What is not made of plain meshes
(armatures, node groups, shape keys), or has pointers out of the ordinary, is appended the slow way.

Main thread of the host only; may import bpy and `engine`'s errors.
"""

from __future__ import annotations

import ctypes
import traceback
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

import bpy

from ..engine.errors import BrokenModel

_AGAIN = "Place it once more: it is prepared again at no cost."
#: What `_redirect` knows the pointers of.
_PLAIN = frozenset({"objects", "meshes", "materials", "images"})

Copies = dict[bpy.types.ID, bpy.types.ID]


def append(path: Path) -> list[bpy.types.Object]:
    """The objects of a prepared model with all they use, local to the open file and linked to nothing yet.

    Raises:
        BrokenModel: the file is missing, damaged or empty.
    """
    try:
        objects = _by_copying(path)
        if objects is None:
            objects = _directly(path)
    except OSError as error:
        what = "is missing" if not path.exists() else "is damaged"
        raise BrokenModel(f"The prepared model {path.name} {what}.", _AGAIN) from error
    if not objects:
        raise BrokenModel(f"The prepared model {path.name} is empty.", _AGAIN)
    return objects


def _by_copying(path: Path) -> list[bpy.types.Object] | None:
    """None where the model is not plain."""
    data: Any = bpy.data  # the stubs know no context manager
    with data.temp_data(filepath=data.filepath) as apart:
        # Blender gives this reference away and yet gives it up once more when the context manager goes.
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(apart))
        # In functions of their own: no name here may still mean one of these datablocks when they are freed.
        return _copied(apart) if _load_plain(apart, path) else None


def _load_plain(apart: Any, path: Path) -> bool:
    with apart.libraries.load(str(path), link=False) as (available, wanted):
        names = {kind: getattr(available, kind) for kind in dir(available)}  # and, since 5.0, the file's version
        plain = all(kind in _PLAIN for kind, there in names.items() if there and isinstance(there, list))
        if plain:
            wanted.objects = available.objects
    return plain and not apart.shape_keys and not any(_is_driven(item) for item in apart.objects)


def _is_driven(item: bpy.types.Object) -> bool:
    """It has pointers to others beside those to its data, materials and parent."""
    return bool(item.modifiers or item.constraints or item.animation_data or item.instance_collection)


def _copied(apart: Any) -> list[bpy.types.Object] | None:
    """Copies in the open file, which point to each other instead of the originals; None where one cannot be made so."""
    copies: Copies = {}
    data: Any = bpy.data  # the stubs know no call with one argument
    try:
        # In this order what is pointed to comes before what points to it.
        for original in (*apart.images, *apart.materials, *apart.meshes, *apart.objects):
            copies[original] = original.copy()
        for datablock in copies.values():
            _redirect(datablock, copies)
        # Blender itself is asked whether a pointer was overlooked: it would be one into freed memory.
        whole = not any(data.user_map(subset=set(copies)).values())
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
    if isinstance(datablock, bpy.types.Material):
        for node in datablock.node_tree.nodes if datablock.node_tree else ():
            _redirect_all(
                node, [entry.identifier for entry in node.bl_rna.properties if entry.type == "POINTER"], copies
            )
    elif isinstance(datablock, bpy.types.Mesh):
        materials: Any = datablock.materials
        for index, material in enumerate(materials):
            if material is not None:
                materials[index] = copies[material]
    elif isinstance(datablock, bpy.types.Object):
        _redirect_all(datablock, ["data", "parent"], copies)
        for slot in datablock.material_slots:
            _redirect_all(slot, ["material"], copies)


def _redirect_all(holder: Any, names: Iterable[str], copies: Copies) -> None:
    for name in names:
        pointed = getattr(holder, name)
        if isinstance(pointed, bpy.types.ID) and pointed in copies:
            setattr(holder, name, copies[pointed])


def _directly(path: Path) -> list[bpy.types.Object]:
    libraries: Any = bpy.data.libraries
    before = set(libraries)
    with libraries.load(str(path), link=False) as (available, wanted):
        wanted.objects, wanted.images = available.objects, available.images
    # Appending leaves an entry of the file it came from. All of it is local by now, so the entry goes without the
    # look through every datablock of the file that removing takes otherwise.
    for library in [library for library in libraries if library not in before]:
        library.user_clear()
        libraries.remove(library, do_unlink=False)
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

"""A model in several files, the parts of a kit: all are imported where they are, each under its own name.

May import bpy and `engine`. The list of the files is engine/files/multi_part.py's.
"""

from __future__ import annotations

import json
from pathlib import Path

import bpy

from ...engine.blenders.shared_names import datablock_name
from ...engine.errors import BrokenModel
from ..open_file import own, scene, update
from . import importers


def import_kit(listed: Path, warnings: list[str]) -> list[bpy.types.Object]:
    """Import all parts of the list.

    Raises:
        BrokenModel: the list or a part cannot be read. UnsafeModel, UnsupportedFeature: as importers.import_model.
    """
    try:
        parts = [(str(part["name"]), listed.parent / part["file"]) for part in json.loads(listed.read_bytes())]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise BrokenModel(f"The list of the model's parts cannot be read: {type(error).__name__}.") from error
    if not parts:
        raise BrokenModel("The model has no parts.")
    for name, file in parts:
        there = set(own("objects"))
        importers.import_model(file, "GLB", warnings)
        update()
        _call_it([item for item in own("objects") if item not in there], datablock_name(name, "Part"))
    return own("objects")


def _call_it(items: list[bpy.types.Object], name: str) -> None:
    """The part's name, for its one mesh or for what holds several of them together."""
    meshes = [item for item in items if item.type == "MESH"]
    if len(meshes) == 1:
        meshes[0].name = name
        return
    tops = [item for item in items if item.parent is None]
    while len(tops) == 1 and tops[0].data is None and len(tops[0].children) == 1:
        tops = list(tops[0].children)
    if len(tops) == 1:
        tops[0].name = name
        return
    holder = bpy.data.objects.new(name, None)
    scene().collection.objects.link(holder)
    for item in tops:
        world = item.matrix_world.copy()
        item.parent = holder
        item.matrix_world = world

"""Writes a prepared model as an asset: a .blend of its own with name, preview and catalog. May import bpy and `engine`.

One mesh is an object asset, which snaps to what it is dragged on; a hierarchy is a collection asset, because
dragging its root alone would leave the rest behind.
"""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

import bpy

from ...engine.blenders.job_file_format import AssetValues
from ...engine.blenders.shared_names import GAME, blend_version, datablock_name
from ...engine.errors import BrokenModel, PreparerFailed
from ...engine.model.quality.facts import Facts
from ...engine.system import SYSTEM
from . import preview_render


def write_asset(values: AssetValues) -> Facts:
    """Do the job in this Blender, whose file is emptied first; returns the facts.

    Raises:
        BrokenModel: the source is damaged, or of a newer Blender. PreparerFailed: the output cannot be written.
    """
    bpy.ops.wm.read_factory_settings(use_empty=True)
    root, objects = _append(Path(values["source"]))
    root.name = datablock_name(values["name"])
    for key, value in values["properties"].items():
        root[key] = value
    asset = _asset_of(root, objects)
    asset.asset_mark()
    told: Any = asset.asset_data
    told.description, told.author = values["description"], values["author"]
    if values["catalog"]:
        told.catalog_id = values["catalog"]
    for tag in values["tags"]:
        told.tags.new(tag, skip_if_exists=True)
    _show(asset, objects, values["preview"])
    for image in bpy.data.images:  # an asset is complete wherever it is dragged from
        if image.source == "FILE" and not image.packed_file:
            image.pack()
    _write(Path(values["output"]))
    return {"ok": True, "kind": asset.id_type, "preview": bool(asset.preview and asset.preview.image_size[0])}


def _append(path: Path) -> tuple[bpy.types.Object, list[bpy.types.Object]]:
    libraries: Any = bpy.data.libraries
    try:
        if blend_version(path) > bpy.app.version[:2]:
            raise BrokenModel(f"The prepared model {path.name} is of a newer Blender than this one.")
        with libraries.load(str(path), link=False) as (available, wanted):
            wanted.objects = available.objects
    except OSError as error:
        raise BrokenModel(f"The prepared model {path.name} cannot be read: {error}.") from error
    bpy.data.batch_remove(list(libraries))
    objects = [item for item in wanted.objects if item is not None]
    extras = [item for item in objects if item.get(GAME)]
    objects = [item for item in objects if item not in extras]
    bpy.data.batch_remove([*extras, *(item.data for item in extras)])  # an asset is the model alone
    if not objects:
        raise BrokenModel(f"The prepared model {path.name} is empty.")
    return next(item for item in objects if item.parent is None), objects


def _asset_of(root: bpy.types.Object, objects: list[bpy.types.Object]) -> bpy.types.ID:
    scene: Any = bpy.context.scene
    home = scene.collection
    if len(objects) > 1:
        home = bpy.data.collections.new(root.name)
        scene.collection.children.link(home)
    for item in objects:
        home.objects.link(item)
    if len(objects) == 1:
        if root.data is not None:
            root.data.name = root.name
        return root
    return home


def _show(asset: bpy.types.ID, objects: list[bpy.types.Object], picture: str) -> None:
    """The service's picture, or a rendered one. An asset without a picture is still an asset."""
    try:
        path = picture if picture and Path(picture).is_file() else preview_render.render(objects)
        with bpy.context.temp_override(id=asset):
            bpy.ops.ed.lib_id_load_custom_preview(filepath=path)
    except Exception:
        traceback.print_exc()


def _write(output: Path) -> None:
    unfinished = output.with_name(output.name + ".part")
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(unfinished), copy=True, compress=True, check_existing=False)
        SYSTEM.replace(unfinished, output)
    except (OSError, RuntimeError) as error:
        SYSTEM.discard(unfinished)
        raise PreparerFailed(
            f"The asset cannot be written to {output.parent}: {error}.", "Choose another folder."
        ) from error

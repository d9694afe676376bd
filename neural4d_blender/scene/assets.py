"""Results in the Asset Browser: as assets of the open file, and in a library folder that every file sees.

The .blend of a library is written by a background Blender (engine/blenders/asset_library.py). What is in the open file
is marked where it stands. May import bpy and the engine's ``protocol``.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import bpy

from ..client.jobs.snapshots import Job, Variant
from ..client.paths import is_same_file
from ..engine.protocol import AssetTexts, AssetWanted, InvalidInput, Neural4DError, catalog_id, declaration
from .placing import provenance
from .placing.lod_collections import is_extra
from .placing.placement import in_a_window
from .user_settings import LIBRARY


def wanted(
    job: Job,
    variant: Variant,
    folder: Path,
    *,
    name: str = "",
    catalog: str = LIBRARY,
    description: str = "",
    author: str = "",
    tags: Sequence[str] = (),
) -> AssetWanted:
    """What the engine's command ``asset`` takes, with something sensible where nothing is given."""
    from_service = defaults(provenance.properties(job, variant))
    return {
        "folder": str(folder),
        "name": name or from_service["name"],
        "catalog": catalog,
        "description": description or from_service["description"],
        "author": author or from_service["author"],
        "tags": [tag for tag in tags if tag.strip()] or from_service["tags"],
        "properties": provenance.properties(job, variant),
    }


def defaults(properties: Any) -> AssetTexts:
    """Name, description, author and tags of an asset, from the properties of its root."""
    said = provenance.read(properties)
    try:
        service = declaration(said.service).name
    except InvalidInput:
        service = said.service
    words, whence = (said.prompt or said.image).strip(), ", ".join(filter(None, (service, said.made[:10])))
    return {
        "name": said.title,
        "description": f"{words} ({whence})" if service else words,
        "author": service,
        "tags": [tag for tag in (service, "generated") if tag],
    }


def mark(
    root: bpy.types.Object,
    *,
    name: str = "",
    catalog: str = LIBRARY,
    description: str = "",
    author: str = "",
    tags: Sequence[str] = (),
    picture: str = "",
) -> bpy.types.ID:
    """Make the model an asset of the open file: the object itself where it is one mesh, else a collection of it all.

    Args:
        name: of the asset; the root's own where it is empty. catalog: a path; it is noted beside the .blend, and
            left out while the file has never been saved.
        picture: path of a preview; Blender makes one where it is empty.

    Raises:
        InvalidInput: it is linked from another file.
    """
    if root.library or root.override_library:
        raise InvalidInput(f"{root.name} is linked from another file.", "Mark it in that file.")
    given = defaults(root)
    asset: Any = _asset_of(root)
    if name:
        asset.name = name
    asset.asset_mark()
    told = asset.asset_data
    told.description, told.author = description or given["description"], author or given["author"]
    for tag in tags or given["tags"]:
        told.tags.new(tag, skip_if_exists=True)
    if bpy.data.filepath:
        told.catalog_id = _catalog_of_open_file(catalog) or told.catalog_id
    _show(asset, picture)
    return asset


def _asset_of(root: bpy.types.Object) -> bpy.types.ID:
    """A hierarchy goes into a collection of its own, within the one it is in: a root alone brings nothing along."""
    parts = [item for item in provenance.parts_of(root) if not is_extra(item)]
    if not parts:
        return root
    for collection in root.users_collection:
        if collection.asset_data and set(collection.objects) == {root, *parts}:
            return collection
    home = bpy.data.collections.new(root.name)
    around = root.users_collection[0] if root.users_collection else bpy.context.scene.collection
    around.children.link(home)
    for item in (root, *parts):
        for collection in item.users_collection:
            collection.objects.unlink(item)
        home.objects.link(item)
    return home


def _catalog_of_open_file(path: str) -> str:
    try:
        return catalog_id(_catalog_folder(), path)
    except OSError as error:
        raise Neural4DError(
            f"The catalog cannot be written: {error.strerror or error}.", "Save the file elsewhere."
        ) from error


def _catalog_folder() -> Path:
    """Where Blender looks for the catalogs of the open file: its library's folder, else its own."""
    file = Path(bpy.data.filepath).resolve()
    around = [
        Path(library.path).resolve() for library in bpy.context.preferences.filepaths.asset_libraries if library.path
    ]
    return next((folder for folder in around if folder in file.parents), file.parent)


def _show(asset: bpy.types.ID, picture: str) -> None:
    with in_a_window(), bpy.context.temp_override(id=asset):
        if picture and Path(picture).is_file():
            bpy.ops.ed.lib_id_load_custom_preview(filepath=picture)
        elif not bpy.app.background:  # rendered by a job of Blender's own, which needs a window
            bpy.ops.ed.lib_id_generate_preview()


def is_registered(folder: Path) -> bool:
    """The user's Asset Browser shows that folder."""
    libraries = bpy.context.preferences.filepaths.asset_libraries
    return any(is_same_file(library.path, folder) for library in libraries if library.path)


def register_library(folder: Path) -> None:
    """Have the user's Asset Browser show that folder, as "Neural4D"; a change of the user's own preferences."""
    folder.mkdir(parents=True, exist_ok=True)
    if not is_registered(folder):
        bpy.context.preferences.filepaths.asset_libraries.new(name=LIBRARY, directory=str(folder))
        bpy.context.preferences.is_dirty = True


def refresh() -> None:
    """Have every Asset Browser that is open look again."""
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.ui_type == "ASSETS":
                with bpy.context.temp_override(window=window, area=area, region=area.regions[-1]):
                    if bpy.ops.asset.library_refresh.poll():  # type: ignore[call-arg]  # the stubs ask for a context
                        bpy.ops.asset.library_refresh()

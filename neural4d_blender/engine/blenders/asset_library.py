"""Puts a prepared model into an asset library: a .blend of its own there, made by a background Blender.

Standard library only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..errors import BrokenModel, PreparerFailed
from ..model.job import Job
from ..model.request import Request
from ..model.variant import Variant
from .asset_catalogs import catalog_id
from .blender_pool import Preparers
from .job_file import job_values, run_in_blender
from .job_file_format import AssetValues, AssetWanted
from .prepared_file_hash import check_sealed, sealed
from .shared_names import name_of_file


def write_asset(
    preparers: Preparers,
    job: Job,
    variant: Variant,
    wanted: AssetWanted,
    *,
    stopped: Callable[[], bool] = lambda: False,
) -> Path:
    """Write the asset, in the place of the one that was written of that variant before; returns its file.

    Args:
        preparers: the background Blenders.
        wanted: where and how; the folder is made if it is not there.

    Raises:
        PreparerFailed: the model is not prepared (any more), or the folder cannot be written.
        BrokenModel: what was prepared is damaged, and the download is gone.
    """
    prepared = Path(variant.blend)
    if not variant.blend or not (prepared.is_file() or Path(variant.model).is_file()):
        raise PreparerFailed("The prepared model is not there.", "Place the model once more, at no cost, then save it.")
    folder = Path(wanted["folder"])
    stem = name_of_file(wanted["name"], "Model")
    output = folder / f"{stem} {job.id[:8]}-{variant.index + 1}.blend"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        catalog = catalog_id(folder, wanted["catalog"], preparers.system)
    except OSError as error:
        raise PreparerFailed(
            f"The library {folder} cannot be written: {error.strerror or error}.", "Choose another folder."
        ) from error
    values: AssetValues = {
        "task": "asset",
        "source": variant.blend,
        "output": str(output),
        "name": wanted["name"],
        "description": wanted["description"],
        "author": wanted["author"],
        "tags": wanted["tags"],
        "catalog": catalog,
        "preview": variant.preview,
        "texture_folder": job.request.get("texture_folder") or "",
        "properties": wanted["properties"],
    }
    run = functools.partial(run_in_blender, preparers, stopped=stopped)
    write = functools.partial(run, values, prepared.with_name(f"v{variant.index}.asset"))
    try:
        with suppress(OSError):  # the background Blender tells of it
            check_sealed(prepared, variant.facts)
        write()
    except BrokenModel:  # it is missing, damaged, or of a newer Blender: made again of the download
        if not Path(variant.model).is_file():
            raise
        own = job_values(Request.from_dict(job.request), variant, prepared.parent)
        facts = run(own, prepared.with_name(f"v{variant.index}.again"))
        variant.facts = sealed(facts, prepared)
        write()
    return output

"""What goes into a background Blender and what comes out: job file, facts, errors. Standard library only.

Where no second Blender can be started, the host does the same job itself: see steps/delivery/convert_and_download.py.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import (
    BrokenModel,
    InvalidInput,
    ModelTooLarge,
    Neural4DError,
    PreparerFailed,
    UnsafeModel,
    UnsupportedFeature,
)
from ..model.quality.facts import Facts
from ..model.request import Request
from ..model.variant import Variant, are_facts
from .blender_pool import JobFile, Preparers
from .job_file_format import AssetValues, BoxesValues, PicturesValues, PrepareValues
from .shared_names import KIT

_ERRORS: dict[str, type[Neural4DError]] = {
    kind.__name__: kind
    for kind in (BrokenModel, InvalidInput, ModelTooLarge, PreparerFailed, UnsafeModel, UnsupportedFeature)
}


def job_values(request: Request, variant: Variant, folder: Path) -> PrepareValues:
    """What stands in the job file, as prepare/main.py reads it; ``folder`` is the job's own."""
    return {
        "source": variant.model,
        "format": KIT if variant.parts else variant.format or request.format,
        "output": str(folder / f"v{variant.index}.blend"),
        "name": request.title,
        "size_mm": request.size_mm,
        "axis": request.axis,
        "origin": request.origin,
        "joined": request.joined,
        "max_faces": request.max_faces,
        "recalculate_normals": request.recalculate_normals,
        "quads": request.quads,
        "repair": request.repair,
        "animation": request.animation,
        "retopology": request.retopology,
        "texture_size": request.texture_size,
        "lods": request.lods,
        "collision": request.collision,
        "texture_folder": request.texture_folder,
        "download": str(_download(Path(variant.model), folder)),
    }


def _download(model: Path, folder: Path) -> Path:
    """The folder that was unpacked in the job's own, or the one file that was downloaded."""
    inside = model.is_relative_to(folder)
    return folder / model.relative_to(folder).parts[0] if inside else model.parent


def run_in_blender(
    preparers: Preparers,
    values: PrepareValues | AssetValues | PicturesValues | BoxesValues,
    stem: Path,
    *,
    limit: float = 600.0,
    stopped: Callable[[], bool] = lambda: False,
) -> Facts:
    """Have a background Blender do a job, and return the facts that it told.

    Args:
        values: the job. stem: path of the job file, the facts and the log, less their endings.
        limit: seconds after which the background Blender is ended.

    Raises:
        BrokenModel, UnsafeModel, UnsupportedFeature: the file is at fault.
        CannotStart: there is no background Blender to be had.
        ModelTooLarge, PreparerFailed: the background Blender is at fault.
        Stopped: ``stopped`` said so.
    """
    job_file, facts_file, log_file = (Path(f"{stem}{ending}") for ending in (".json", ".facts.json", ".log"))
    preparers.system.remove(facts_file)
    # It ends itself a little later than it is ended: that one counts where the engine is no more.
    itself = {"facts": str(facts_file), "limit": limit + 10.0}
    whole = {**values, **itself}
    job_file.write_text(json.dumps(whole), encoding="utf-8")
    code = preparers.run(JobFile(job_file, whole, _grants(whole)), log_file, limit, stopped)
    try:
        facts: Facts = json.loads(preparers.system.again(lambda: facts_file.read_text(encoding="utf-8")))
    except (OSError, ValueError, RecursionError):
        raise PreparerFailed(
            f"The background Blender ended with code {code} and no result; its log is {log_file}."
        ) from None
    return checked(facts)


def _grants(values: Mapping[str, Any]) -> list[str]:
    """Folders outside the background Blender's own that the job is about: the library's, the images'."""
    textures = [str(values["texture_folder"])] if values.get("texture_folder") else []
    for folder in textures:
        with suppress(OSError):  # the background Blender says so
            Path(folder).mkdir(parents=True, exist_ok=True)
    paths = ["source", "output", "facts", "preview"] if "task" in values else ["source", "output"] if textures else []
    return sorted({str(Path(values[name]).parent) for name in paths if values.get(name)} | set(textures))


def checked(facts: Facts) -> Facts:
    """The facts of a success; raises the error that they tell of otherwise."""
    if not are_facts(facts):
        raise PreparerFailed("What the background Blender measured of the model cannot be read.")
    if not facts.get("ok"):
        kind = _ERRORS.get(str(facts.get("code")), PreparerFailed)
        raise kind(str(facts.get("what") or "The model could not be prepared."), str(facts.get("remedy") or ""))
    return facts

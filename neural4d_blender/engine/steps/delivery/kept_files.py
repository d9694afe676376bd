"""Files the user wants to keep: a variant in a format of choice, as an exact copy of what the service made."""

from __future__ import annotations

import shutil
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...blenders.shared_names import name_of_file
from ...errors import (
    AllowanceUsedUp,
    BrokenModel,
    ConversionFailed,
    DownloadFailed,
    LinkExpired,
    Neural4DError,
    TransportError,
    UnexpectedAnswer,
)
from ...file_replacement import reason
from ...files.archive import is_around, unpack_model
from ...files.file_type import file_type
from ...files.gltf.glb_check import check_glb
from ...files.gltf.glb_dimensions import size_of
from ...files.provenance import record_of
from ...files.sidecar import sidecar_of, write_sidecar
from ...model.job import Job
from ...model.quality.facts import Facts
from ...model.request import Request
from ...model.server_facts import GENERATION
from ...model.variant import Save, SaveState, Variant
from .. import approval
from ..active_job import ActiveJob
from ..context import Context
from .check_download import check_something
from .conversions import ask_for_conversion
from .convert_and_download import CONVERSION_EVERY, downloaded_file

#: Held from the choice of a free name until the file has it.
_naming = threading.Lock()
#: Vertices of a model whose size is measured in a fraction of a second.
_QUICKLY_MEASURED = 200_000


def add(context: Context, job: Job, variant: int, format: str, folder: str, size_mm: float | None) -> Save:
    """Note a file to keep; :func:`advance` makes it."""
    save = Save(context.system.new_id(), variant, format, folder, size_mm)
    job.delivery.saves.append(save)
    return save


def keep_downloads(context: Context, job: Job) -> None:
    """Where a job is to deliver files, note each variant that has been fetched as one to keep."""
    request = Request.from_dict(job.request)
    if not request.keep_in:
        return
    noted = {save.variant for save in job.delivery.saves}
    for variant in job.variants:
        if variant.model and variant.index not in noted:
            format = variant.format or request.format
            size = (
                None if format == job.delivery.native else request.size_mm
            )  # what was not converted is kept as it came
            add(context, job, variant.index, format, request.keep_in, size)
            if format == "GLB":
                variant.facts = _facts(Path(variant.model))


def _facts(glb: Path) -> Facts:
    """What can be said of a file that nothing prepares: its triangles, and its size where that is quickly measured."""
    try:
        said = check_glb(glb)
        facts: Facts = {"triangles": said.triangles}
        if said.vertices <= _QUICKLY_MEASURED:
            width, height, depth = size_of(glb)  # glTF's Y is up
            facts["dimensions_mm"] = [side * 1000 for side in (width, depth, height)]
    except BrokenModel:
        return {}
    return facts


def forget_failed(job: Job) -> bool:
    """Where a job is to deliver files, those that could not be written are tried again; True where there are some."""
    failed = [save for save in job.delivery.saves if save.state is SaveState.FAILED and job.request.get("keep_in")]
    job.delivery.saves = [save for save in job.delivery.saves if save not in failed]
    return bool(failed)


def advance(context: Context, active: ActiveJob, save: Save) -> float:
    """One step of keeping a file. Its failure is its own: the job goes on.

    Raises:
        TransportError, UnexpectedAnswer: passing trouble; the step is tried again.
    """
    job = active.job
    variant = next(v for v in job.variants if v.index == save.variant)
    try:
        done = _step(context, active, save, variant)
    except (TransportError, UnexpectedAnswer) as error:
        if active.attempts + 1 < context.timing.attempts:
            raise
        _fail(save, error)
        active.expired = 0
        done = True
    except AllowanceUsedUp as error:
        try:
            return approval.wait(context, active, error)
        except AllowanceUsedUp as refused:
            _fail(save, refused)
            done = True
    except Neural4DError as error:
        _fail(save, error)
        done = True
    context.save(job)
    return 0.0 if done else CONVERSION_EVERY * context.timing.quickest


def _fail(save: Save, error: Neural4DError) -> None:
    save.state, save.error = SaveState.FAILED, error.to_dict()


def _step(context: Context, active: ActiveJob, save: Save, variant: Variant) -> bool:
    """True when something is done and the next step can follow at once."""
    job = active.job
    save.state = SaveState.CONVERTING
    request = Request.from_dict(job.request)
    fetched_as = variant.format or request.format
    free = save.format == job.delivery.native and save.size_mm is None
    same = save.format == fetched_as and (
        free or (save.size_mm == request.size_mm and save.format != job.delivery.native)
    )
    if same and (there := downloaded_file(context, job, variant)).is_file():  # though it may be refused as a model
        _keep(context, there, job, save, variant)
        return True
    if request.bring_in and not variant.uuid:
        raise ConversionFailed(
            f"This model was brought in as a {fetched_as} file, and nobody can be asked for it as {save.format}.",
            "Place it and export it from Blender.",
        )
    if not save.url and free:
        save.url = context.provider(job.provider).poll(variant.uuid, expect_done=True).model_url
        if not save.url:
            raise UnexpectedAnswer("The service names no address for this model.")
    if not save.url:
        conversion = ask_for_conversion(context, job, variant.uuid, save.format, save.size_mm)
        save.url = conversion.url
        return bool(save.url)
    fetched = context.folder_of(job) / f"save-{save.id}.{save.format.lower()}"
    try:
        context.fetch(job, save.url, fetched, stopped=context.stopping.is_set, check=check_something)
    except LinkExpired:
        save.url = ""
        active.expired += 1
        raise
    active.expired = 0
    _keep(context, fetched, job, save, variant)
    context.system.discard(fetched)
    return True


def _keep(context: Context, source: Path, job: Job, save: Save, variant: Variant) -> None:
    """Copy into the user's folder under a name that is free, with the file beside it that says where it came from.

    Whole or not at all, and once whatever comes between.
    """
    folder = Path(save.folder)
    part, note = folder / f"{save.id}.part", folder / f"{save.id}.json.part"
    try:
        # The name stands in the journal before the file has it. Where it has, and the copy is gone, all is done.
        if not (save.path and Path(save.path).exists() and not part.exists()):
            save.path = ""
            folder.mkdir(parents=True, exist_ok=True)
            suffix = _copy(source, part, save)
            with _naming:
                target = _free(folder, _stem(job, save), suffix)
                save.path = str(target)
                context.save(job)
                write_sidecar(part, _record(context, job, variant), target.name, note)
                context.system.replace(part, target)
        if note.exists():
            context.system.replace(note, sidecar_of(Path(save.path)))
    except BaseException as error:
        for one in (part, note) if part.exists() or not save.path else (Path(save.path), note):
            context.system.discard(one)
        save.path = ""
        if not isinstance(error, OSError):
            raise
        raise DownloadFailed(
            f"The file could not be written to {folder}: {reason(error)}.",
            "Choose a folder that can be written and save again: the conversion is not paid again.",
        ) from error
    save.state = SaveState.SAVED


def _record(context: Context, job: Job, variant: Variant) -> dict[str, Any]:
    generation = ""
    with suppress(Neural4DError):  # a service that cannot be called now has made it all the same
        generation = context.provider(job.provider).server.get(GENERATION)
    request, costs = Request.from_dict(job.request), job.costs
    return record_of(job, request, variant, points=costs.total, estimated=costs.estimated, generation=generation)


def _copy(source: Path, part: Path, save: Save) -> str:
    """Copy or unpack it; returns the ending of what it is, empty for a folder."""
    kind = "ZIP" if save.format == "ZIP" else file_type(source) or save.format
    suffix = f".{kind.lower()}"
    if kind != "ZIP" and is_around(source, kind):
        unpack_model(source, part, kind)
        return ""
    shutil.copyfile(source, part)
    return suffix


def _stem(job: Job, save: Save) -> str:
    stem = name_of_file(Request.from_dict(job.request).title)
    if job.batch:
        stem = f"{job.item + 1:04d} {stem}"  # in the order of the input, and never two of the same name
    if save.size_mm:
        stem += f" {save.size_mm:g}mm"
    if save.variant:
        stem += f" v{save.variant + 1}"
    return stem


def _free(folder: Path, stem: str, suffix: str) -> Path:
    number, path = 1, folder / f"{stem}{suffix}"
    while path.exists() or sidecar_of(path).exists():
        number += 1
        path = folder / f"{stem} ({number}){suffix}"
    return path

"""Files the user wants to keep: a variant in a format of choice, as an exact copy of what the service made."""

from __future__ import annotations

import os
import re
import shutil
import uuid
from pathlib import Path
from typing import TYPE_CHECKING

from .archive import is_archive, unpack
from .delivery import CONVERSION_EVERY, ask_for_conversion, check_something
from .download import download
from .errors import DownloadFailed, LinkExpired, Neural4DError, TransportError, UnexpectedAnswer
from .glb import check_glb
from .jobs import Job, Save, SaveState, Variant
from .request import Request

if TYPE_CHECKING:
    from .live import Live
    from .runner import Runner


def add(job: Job, variant: int, format: str, folder: str, size_mm: float | None) -> Save:
    """Note a file to keep; :func:`advance` makes it."""
    save = Save(str(uuid.uuid4()), variant, format, folder, size_mm)
    job.saves.append(save)
    return save


def advance(runner: Runner, live: Live, save: Save) -> float:
    """One step of keeping a file. Its failure is its own: the job goes on.

    Raises:
        TransportError, UnexpectedAnswer: passing trouble; the runner tries again.
    """
    job = live.job
    variant = next(v for v in job.variants if v.index == save.variant)
    try:
        done = _step(runner, live, save, variant)
    except (TransportError, UnexpectedAnswer) as error:
        if live.attempts + 1 < runner.timing.attempts:
            raise
        _fail(save, error)
        done = True
    except Neural4DError as error:
        _fail(save, error)
        done = True
    runner.save(job)
    return 0.0 if done else CONVERSION_EVERY * runner.timing.quickest


def _fail(save: Save, error: Neural4DError) -> None:
    save.state, save.error = SaveState.FAILED, error.to_dict()


def _step(runner: Runner, live: Live, save: Save, variant: Variant) -> bool:
    """True when something is done and the next step can follow at once."""
    job = live.job
    save.state = SaveState.CONVERTING
    free = save.format == job.native and save.size_mm is None
    fetched_as = variant.format or job.request.get("format", job.native)
    if free and fetched_as == save.format and Path(variant.model).is_file():
        _keep(Path(variant.model), job, save)
        return True
    if not save.url and free:
        save.url = runner.provider(job.provider).poll(variant.uuid, expect_done=True).model_url
        if not save.url:
            raise UnexpectedAnswer("The service names no address for this model.")
    if not save.url:
        conversion = ask_for_conversion(runner, job, variant.uuid, save.format, save.size_mm)
        save.url = conversion.url
        return bool(save.url)
    fetched = runner.folder_of(job) / f"save-{save.id}.{save.format.lower()}"
    try:
        check = check_glb if save.format == "GLB" else check_something
        download(save.url, fetched, stopped=runner.stopping.is_set, check=check)
    except LinkExpired:
        save.url = ""
        raise
    _keep(fetched, job, save)
    fetched.unlink()
    return True


def _keep(source: Path, job: Job, save: Save) -> None:
    """Copy into the user's folder under a name that is free; whole or not at all."""
    folder = Path(save.folder)
    stem = re.sub(r"[^\w\-. ]+", "", Request.from_dict(job.request).title)[:60].strip(" .") or "model"
    if save.size_mm:
        stem += f" {save.size_mm:g}mm"
    if save.variant:
        stem += f" v{save.variant + 1}"
    suffix = f".{save.format.lower()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if save.format != "USDZ" and is_archive(source):
            target = _free(folder, stem, "")
            part = target.with_name(f"{target.name}.{save.id[:8]}.part")
            try:
                unpack(source, part, suffix)
                os.replace(part, target)
            finally:
                shutil.rmtree(part, ignore_errors=True)
        else:
            target = _free(folder, stem, suffix)
            part = target.with_name(target.name + ".part")
            shutil.copyfile(source, part)
            os.replace(part, target)
    except OSError as error:
        raise DownloadFailed(
            f"The file could not be written to {folder}: {error.strerror or error}.",
            "Choose a folder that can be written and save again: the conversion is not paid again.",
        ) from error
    save.path, save.state = str(target), SaveState.SAVED


def _free(folder: Path, stem: str, suffix: str) -> Path:
    number, path = 1, folder / f"{stem}{suffix}"
    while path.exists():
        number += 1
        path = folder / f"{stem} ({number}){suffix}"
    return path

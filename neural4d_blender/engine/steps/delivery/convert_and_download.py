"""From a finished model at the service to a prepared .blend on disk: convert, download, check, prepare."""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path

from ...blenders.job_file import checked, job_values, run_in_blender
from ...blenders.job_file_format import PrepareValues
from ...blenders.prepared_file_hash import sealed
from ...errors import (
    BrokenModel,
    CannotStart,
    DownloadFailed,
    GenerationFailed,
    LinkExpired,
    Neural4DError,
    PreparerFailed,
    UnexpectedAnswer,
)
from ...files import multi_part, with_its_files
from ...files.archive import USD_LAYERS, is_around, unpack_model
from ...files.file_type import file_type
from ...files.gltf import gltf_pack
from ...files.gltf.glb_check import check_glb
from ...files.gltf.gltf_images import check_folder
from ...model.allowed_values import FORMATS, MORE_FORMATS
from ...model.job import Job
from ...model.quality.facts import Facts
from ...model.request import Request
from ...model.states import State, VariantState
from ...model.variant import Variant
from ...services import DECLARATIONS
from ...services.results import Outcome, Poll
from ...system import System
from .. import brought_in
from ..active_job import ActiveJob
from ..context import Context
from .check_download import check_shown, checking, kept_if_refused
from .conversions import ask_for_conversion

#: A preview is a picture of a few hundred kilobytes.
_MAX_PREVIEW = 20 * 1024 * 1024
#: Between two questions whether a conversion is done, in times of the quickest pace.
CONVERSION_EVERY = 3.0
#: QuadriFlow and baking take so many times as long as a preparer may take for all else.
_BAKING = 3


def take_in(job: Job, variant: Variant, poll: Poll) -> None:
    """Note what a poll says of a model that is done, or has failed for good."""
    if poll.outcome is Outcome.FAILED:
        variant.state = VariantState.FAILED
        variant.error = GenerationFailed(
            f"The service could not make this model: {poll.message or 'no reason given'}"
        ).to_dict()
    elif poll.outcome is Outcome.DONE:
        variant.state, variant.progress = VariantState.DONE, 1.0
        variant.preview_url, variant.details = poll.preview_url, poll.details
        _take_address(job, variant, poll)


def _take_address(job: Job, variant: Variant, poll: Poll) -> None:
    """Another format comes from another address, which has to be asked for."""
    native = job.request.get("format", job.delivery.native) == job.delivery.native
    variant.model_url = poll.model_url if native else ""
    variant.mirrors = list(poll.mirrors) if native else []
    variant.parts = [list(part) for part in poll.parts] if native else []


def convert_variant(context: Context, active: ActiveJob, variant: Variant) -> float:
    """Ask for a variant in the wanted format; paid for once, however often it is asked for."""
    job = active.job
    request = Request.from_dict(job.request)
    if job.state in (State.GENERATING, State.DOWNLOADING):
        context.enter(job, State.CONVERTING)
    conversion = ask_for_conversion(context, job, variant.uuid, request.format, request.size_mm)
    variant.details |= conversion.details
    if conversion.url:
        variant.model_url, variant.scale = conversion.url, conversion.scale
    job.go_on("" if conversion.url else conversion.message)
    context.save(job)
    return 0.0 if conversion.url else CONVERSION_EVERY * context.timing.quickest


def download_variant(context: Context, active: ActiveJob, variant: Variant) -> float:
    """Fetch a finished variant's model.

    A download that finds its address expired forgets it, so that the next try asks for a fresh one.

    Raises:
        DownloadFailed, LinkExpired: it did not arrive whole. BrokenModel: it did and is damaged.
        Stopped: cancelled, or the engine ends.
    """
    job = active.job
    request = Request.from_dict(job.request)
    if job.state in (State.GENERATING, State.CONVERTING):
        context.enter(job, State.DOWNLOADING)
        job.progress, job.progress_estimated = 0.0, False
    if not variant.model_url:
        if request.format != job.delivery.native:
            return convert_variant(context, active, variant)
        _ask_for_fresh_address(context, job, variant)
        if variant.state is VariantState.GENERATING:
            return 0.0
    variant.format = request.format
    path = downloaded_file(context, job, variant)
    if job.expects_preparing and (variant is job.primary or job.prepares_all):
        context.preparers.expect(job.id)  # by the time the file is there, a background Blender is
    shown = 0.0

    def progress(fraction: float) -> None:
        nonlocal shown
        if fraction - shown >= 0.02 and job.state is State.DOWNLOADING:
            shown = fraction
            job.progress = max(job.progress, fraction)  # what is fetched once more begins at nothing
            context.publish(job)  # a number that moves is not worth a transaction

    def stopped() -> bool:
        return active.cancelled.is_set() or context.stopping.is_set()

    try:
        listed = _fetch(context, job, variant, path, stopped, progress)
    except (DownloadFailed, BrokenModel) as error:
        expired = isinstance(error, LinkExpired)
        brought_in.check_link(request, variant.uuid, error)
        active.expired += expired
        if not (expired and variant.uuid):
            variant.mirrors.append(variant.model_url)
        # The next try goes to the next place that has the file, or asks for a fresh address.
        variant.model_url = variant.mirrors.pop(0) if variant.mirrors else ""
        raise
    active.expired = 0
    if not listed:
        path = _named_by_content(context, job, variant, path)
    model = listed or context.system.again(lambda: _unpacked(path, variant.format, context.system))
    variant.model = str(_as_glb(context, job, variant, model) if variant.format == "GLTF" else model)
    variant.state = VariantState.DOWNLOADED
    context.save(job)
    return 0.0


def _fetch(
    context: Context,
    job: Job,
    variant: Variant,
    path: Path,
    stopped: Callable[[], bool],
    progress: Callable[[float], None],
) -> Path | None:
    """Download what the variant is; the list of its parts where it has some."""
    fetch = functools.partial(context.fetch, job)
    if variant.parts:
        return multi_part.fetch(*(variant.parts, path, fetch, context.system), stopped=stopped, progress=progress)
    declared = DECLARATIONS.get(job.provider)
    chooses = declared.formats if declared and declared.chooses_format else ()
    check = checking(variant.format, FORMATS + MORE_FORMATS if job.request.get("bring_in") else chooses)
    check = functools.partial(kept_if_refused, context.system, check, path)
    fetch(variant.model_url, path, stopped=stopped, progress=progress, check=check)
    return None


def _named_by_content(context: Context, job: Job, variant: Variant, path: Path) -> Path:
    """The file under the name of what it is, where the service had the choice."""
    variant.format = file_type(path, variant.format) or variant.format
    there = downloaded_file(context, job, variant)
    if there != path:
        context.system.replace(path, there)
    return there


def downloaded_file(context: Context, job: Job, variant: Variant) -> Path:
    """Where a variant's download is, as it came: for formats of several files, the archive."""
    format = variant.format or job.request.get("format", job.delivery.native)
    return context.folder_of(job) / f"v{variant.index}.{format.lower()}"


def prepare_variant(context: Context, active: ActiveJob, variant: Variant) -> float | None:
    """Have a .blend made of a downloaded variant, and the job ready. None while the host is making it.

    Raises:
        BrokenModel, PreparerFailed and the like: see job_file.run_in_blender.
    """
    job, request = active.job, Request.from_dict(active.job.request)
    if not Path(variant.model).is_file():
        what = f"The download {variant.model} is gone: a virus scanner may have taken it away."
        variant.model, variant.state = "", VariantState.DONE
        raise PreparerFailed(what, "Have it leave the folder for files alone, then press Retry, at no cost.")
    values = job_values(request, variant, context.folder_of(job))
    make = _from_host if variant.here else _from_background
    facts = make(context, active, variant, values)
    if not facts:
        return None
    variant.blend, variant.facts = values["output"], sealed(facts, Path(values["output"]))
    variant.state = VariantState.PREPARED
    if job.state not in (State.READY, State.PLACED):
        job.progress = 1.0
        job.enter(State.READY, context.clock.now())
        if job.rule.tries > 1 and job.chosen is None and job.delivery.placed:  # by the user, while another one was made
            job.enter(State.PLACED, context.clock.now())
    context.save(job)
    return 0.0


def _from_background(context: Context, active: ActiveJob, variant: Variant, values: PrepareValues) -> Facts | None:
    """The facts of a background Blender; None where none can be started and the host is asked instead."""
    job = active.job
    if job.state not in (State.READY, State.PLACED):
        context.enter(job, State.PREPARING_MODEL)
    try:
        return run_in_blender(
            context.preparers,
            values,
            context.folder_of(job) / f"v{variant.index}.prepare",
            limit=context.timing.preparer_limit * (_BAKING if values["retopology"] != "NONE" else 1),
            stopped=lambda: active.cancelled.is_set() or context.stopping.is_set(),
        )
    except CannotStart as error:
        if not context.host_imports:
            raise
        job.note = f"{error.what} So this one imports the model: it stands still for some seconds."
        variant.here = True
        active.handed_over[variant.index] = {}
        context.save(job)
        context.ask_host(job, variant, values)
        return None


def _from_host(context: Context, active: ActiveJob, variant: Variant, values: PrepareValues) -> Facts | None:
    """The facts of the host, None while it is at it; it came to no end if it was asked in an earlier session."""
    there = active.handed_over.get(variant.index)
    if there == {}:
        return None
    active.handed_over.pop(variant.index, None)
    variant.here, active.job.note = False, ""
    if there is None:
        raise PreparerFailed("Blender ended while it was importing the model.")
    return checked(there)


def fetch_preview(context: Context, active: ActiveJob, variant: Variant) -> None:
    """Fetch the service's picture. A job without it is still a job: trouble here is passed over."""
    path = context.folder_of(active.job) / f"v{variant.index}.jpg"
    try:
        how = {"limit": _MAX_PREVIEW, "check": check_shown, "stopped": context.stopping.is_set}
        context.fetch(active.job, variant.preview_url, path, **how)
        variant.preview = str(path)
    except Neural4DError:
        variant.preview_url = ""
    context.save(active.job)


def _unpacked(path: Path, format: str, system: System) -> Path:
    """The model itself: services send formats of several files as a .zip."""
    if not is_around(path, format):
        return path
    folder = path.with_suffix("")
    system.discard(folder)
    model = unpack_model(path, folder, format)
    check_folder(folder)
    if model.suffix.lower() in USD_LAYERS:
        with_its_files.pack(with_its_files.of(model), folder / "model.usdz")
        return folder / "model.usdz"
    return model


def _as_glb(context: Context, job: Job, variant: Variant, gltf: Path) -> Path:
    """One file of a .gltf and those that it names."""
    variant.format = "GLB"
    glb = downloaded_file(context, job, variant)
    context.system.again(lambda: gltf_pack.pack(gltf, glb))
    check_glb(glb)
    return glb


def _ask_for_fresh_address(context: Context, job: Job, variant: Variant) -> None:
    request = Request.from_dict(job.request)
    poll = brought_in.poll(context.provider(job.provider), request, variant.uuid, expect_done=True)
    if poll.outcome is not Outcome.DONE:
        variant.state = VariantState.GENERATING
        return
    if not poll.model_url:
        raise UnexpectedAnswer(f"The service has no {job.delivery.native} of this model. {poll.message}")
    variant.preview_url = poll.preview_url
    _take_address(job, variant, poll)

"""From a finished model at the service to a prepared .blend on disk: download, check, prepare."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .download import download
from .errors import LinkExpired, Neural4DError, PreparerFailed
from .glb import check_glb
from .jobs import Job, State, Variant, VariantState
from .preparing import prepare
from .providers.base import Outcome
from .request import Request

if TYPE_CHECKING:
    from .runner import Live, Runner

#: A preview is a picture of a few hundred kilobytes.
_MAX_PREVIEW = 20 * 1024 * 1024


def folder_of(runner: Runner, job: Job) -> Path:
    """The job's own folder below the data folder, made if it is not there."""
    folder = runner.folder / "jobs" / job.id
    folder.mkdir(parents=True, exist_ok=True)
    job.folder = str(folder)
    return folder


def download_variant(runner: Runner, live: Live, variant: Variant) -> None:
    """Fetch a finished variant's model.

    A download that finds its address expired forgets it, so that the next try asks for a fresh one.

    Raises:
        DownloadFailed, LinkExpired: it did not arrive whole. BrokenModel: it did and is damaged.
        Stopped: cancelled, or the engine ends.
    """
    job = live.job
    if job.state is State.GENERATING:
        runner.enter(job, State.DOWNLOADING)
        job.progress, job.progress_estimated = 0.0, False
    folder = folder_of(runner, job)
    path = folder / f"v{variant.index}.glb"
    shown = 0.0

    def progress(fraction: float) -> None:
        nonlocal shown
        if fraction - shown >= 0.02 and job.state is State.DOWNLOADING:
            shown = job.progress = fraction
            runner.publish(job)  # a number that moves is not worth a transaction

    def stopped() -> bool:
        return live.cancelled.is_set() or runner.stopping.is_set()

    if not variant.model_url:
        _ask_for_fresh_address(runner, job, variant)
        if variant.state is VariantState.GENERATING:
            return
    try:
        download(variant.model_url, path, stopped=stopped, progress=progress, check=check_glb)
    except LinkExpired:
        variant.model_url = ""
        raise
    variant.model = str(path)
    variant.state = VariantState.DOWNLOADED
    runner.save(job)


def prepare_variant(runner: Runner, live: Live, variant: Variant) -> None:
    """Have the preparer make a .blend of a downloaded variant, and the job ready.

    Raises:
        BrokenModel, PreparerFailed and the like: see preparing.prepare.
    """
    job = live.job
    runner.enter(job, State.PREPARING_MODEL)
    if not runner.preparer:
        raise PreparerFailed("No background Blender is known to prepare the model with.")
    facts = prepare(
        runner.preparer,
        Request.from_dict(job.request),
        variant,
        folder_of(runner, job),
        limit=runner.timing.preparer_limit,
        stopped=lambda: live.cancelled.is_set() or runner.stopping.is_set(),
    )
    variant.blend = facts.pop("output")
    variant.facts = facts
    variant.state = VariantState.PREPARED
    job.progress = 1.0
    runner.enter(job, State.READY)


def _ask_for_fresh_address(runner: Runner, job: Job, variant: Variant) -> None:
    poll = runner.provider(job.provider).poll(variant.uuid, expect_done=True)
    if poll.outcome is not Outcome.DONE:
        variant.state = VariantState.GENERATING
        return
    variant.model_url, variant.preview_url = poll.model_url, poll.preview_url


def fetch_preview(runner: Runner, live: Live, variant: Variant) -> None:
    """Fetch the service's picture. A job without it is still a job: trouble here is passed over."""
    path = folder_of(runner, live.job) / f"v{variant.index}.jpg"
    try:
        download(variant.preview_url, path, limit=_MAX_PREVIEW, stopped=runner.stopping.is_set)
        variant.preview = str(path)
    except Neural4DError:
        variant.preview_url = ""
    runner.save(live.job)

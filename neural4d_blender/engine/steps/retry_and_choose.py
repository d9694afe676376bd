"""What the user has a job go on with: a picture, another variant, or once more what did not work."""

from __future__ import annotations

from pathlib import Path

from ..errors import BrokenModel
from ..model.job_records.submission import Submission
from ..model.quality.choosing import Rule
from ..model.states import State, VariantState
from ..model.variant import Variant
from . import retry_or_fail
from .active_job import ActiveJob
from .context import Context


def choose_cutout(context: Context, active: ActiveJob, cutout: int) -> None:
    """Go on with the chosen picture: with the submission, or with the next stage of what was submitted."""
    active.job.choice.cutout = cutout
    context.enter(active.job, State.GENERATING if active.job.variants else State.QUEUED)


def take(context: Context, active: ActiveJob, variant: Variant) -> None:
    """Make a variant the job's own and prepare it if it is not; nothing is paid for that."""
    job = active.job
    job.chosen = variant.index
    if variant.blend and not Path(variant.blend).is_file():
        # Somebody made room on the disk: the model is still at the service.
        variant.blend = ""
        variant.state = VariantState.DOWNLOADED if Path(variant.model).is_file() else VariantState.DONE
        variant.model_url = "" if variant.uuid else variant.model_url
    if variant.state is VariantState.PREPARED:
        context.enter(job, State.READY)
    elif job.state in (State.READY, State.PLACED):
        context.enter(job, State.GENERATING)
    else:
        context.save(job)


def make_again(context: Context, active: ActiveJob, variant: Variant) -> None:
    """What was prepared of a variant is damaged, or of a newer Blender than the host: it is made of the download again.

    Where that is gone too the variant has failed, and Retry fetches it from the service at no cost.
    """
    job, all_wanted = active.job, active.job.request.get("place_all")
    variant.blend, variant.state = "", VariantState.DOWNLOADED
    if not Path(variant.model).is_file():
        lost = BrokenModel(
            "The prepared model cannot be used, and the download that it was made of is gone.",
            "Press Retry: the model is fetched from the service again, at no cost.",
        )
        variant.model, variant.state, variant.error = "", VariantState.FAILED, lost.to_dict()
        if job.primary is None:
            context.enter(job, State.GENERATING)
            retry_or_fail.fail(context, job, lost)
            return
    elif not all_wanted:
        job.chosen = variant.index
    others_stand = job.state is State.PLACED and (all_wanted or variant.error)
    if others_stand or (job.primary and job.primary.state is VariantState.PREPARED):
        context.save(job)
    else:
        context.enter(job, State.GENERATING)


def retry(context: Context, active: ActiveJob) -> None:
    """Bring a job, or variants that failed, back to the step that did not work; pays nothing that was paid."""
    revive(active, context.clock.now())
    context.save(active.job)


def revive(active: ActiveJob, now: float) -> None:
    """The same, for the caller to save; ``now`` in seconds since the epoch."""
    job = active.job
    active.cancelled.clear()
    active.attempts = active.looks = 0
    active.since, active.refusals, active.detours = 0.0, 0, 0
    active.readings.clear()
    active.trace = None
    active.paces.clear()
    active.handed_over.clear()
    for variant in job.variants:
        variant.here = False
        if variant.revivable:
            at_service = VariantState.GENERATING if variant.uuid else VariantState.DONE  # which is not to be asked
            variant.state = VariantState.DOWNLOADED if variant.model else at_service
            variant.error = None
    if job.state in (State.READY, State.PLACED):
        return
    if job.primary:
        job.enter(State.GENERATING, now)
    elif job.submission.in_doubt or job.submission.documented:
        job.submission.in_doubt, job.submission.number = True, 0
        job.enter(State.UNKNOWN, now)
    else:
        # All models failed at the service, nothing was ever taken, or the user takes the risk.
        if job.ordered:
            job.choice.cutouts, job.choice.cutout = [], None  # pictures of the submission that failed
        if job.submission.refused:  # and nobody could say more
            job.costs.lose()
        job.variants, job.submission, job.ordered, job.chosen = [], Submission(), "", None
        job.progress, job.progress_estimated, job.rule = 0.0, False, Rule()
        job.enter(State.QUEUED, now)

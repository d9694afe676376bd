"""Takes a job through its states, one step at a time.

A step makes at most one request (or one download, or one preparation), writes the journal, and
returns how many seconds to wait before the next step; None when the job needs nothing more. Here is the order
of the steps. What each does stands in submit.py, polling.py, convert_and_download.py and kept_files.py, and what
becomes of trouble in retry_or_fail.py.
"""

from __future__ import annotations

import math
from collections.abc import Callable

from ..errors import (
    AllowanceUsedUp,
    BrokenModel,
    DiskUnusable,
    DownloadFailed,
    JobNotFound,
    JournalDamaged,
    JournalUnusable,
    Neural4DError,
    OtherGeneration,
    OutOfMemory,
    ServiceBusy,
    TransportError,
    UnexpectedAnswer,
)
from ..files.download import Stopped
from ..http import interruptible
from ..model.states import State, VariantState
from ..model.variant import Variant
from ..spending.purchase_lock import NotItsTurn
from . import approval, exchange_log, further_tries, polling, retry_or_fail, submit
from .active_job import ActiveJob
from .context import Context
from .delivery import convert_and_download, kept_files
from .failure_texts import all_failed, unforeseen

#: Damage that a second download may not show: this many more are tried.
_DOWNLOAD_AGAIN = 2
#: A server that turns out to be of another generation so often in a row is of none.
_DETOURS = 3
#: Seconds that the host is given to place a ready model before pictures are fetched.
_LET_IT_BE_PLACED = 0.5


def step(context: Context, active: ActiveJob) -> float | None:
    """Do the next thing for the job. Returns seconds until the next step, or None: math.inf for when it has its turn.

    While the journal cannot be written the job stands still: nothing is sent before it is known there how far
    it has come.
    """
    try:
        if active.unwritten:
            write(context, active)
        unwanted = interruptible.heeding(lambda: active.unwanted)
        with exchange_log.of(active, context.folder, context.system, context.journal.keep_answer), unwanted:
            return _step(context, active)
    except JournalDamaged:
        raise
    except JournalUnusable as error:
        active.unwritten = True
        active.job.go_on(f"{error.what} {error.remedy} Nothing is sent meanwhile.")
        context.publish(active.job)
        return context.timing.look_again


def write(context: Context, active: ActiveJob) -> None:
    """Write how far the job has come, which could not be written before."""
    active.job.note = ""
    context.save(active.job)
    active.unwritten = False


def _step(context: Context, active: ActiveJob) -> float | None:
    try:
        if active.unwanted:
            return retry_or_fail.cancel(context, active)
        delay = _advance(context, active)
        active.attempts = active.expired
        active.refusals = active.detours = 0
        return delay
    except NotItsTurn:
        return math.inf
    except Stopped:
        return retry_or_fail.cancel(context, active) if active.unwanted else None
    except JournalUnusable:
        raise
    except Neural4DError as error:
        return _after(context, active, error)
    except Exception as error:  # even a bug of ours must not leave a paid job hanging without a word
        context.system.log(error)
        return _after(context, active, unforeseen(error, "the job"))


def _after(context: Context, active: ActiveJob, error: Neural4DError) -> float | None:
    """What becomes of the job after that error; returns seconds until the next step, or None."""
    match error:
        case OtherGeneration():
            active.detours += 1
            if active.detours < _DETOURS:
                return 0.0
            error = UnexpectedAnswer(error.what)
        case AllowanceUsedUp():
            try:
                return approval.wait(context, active, error)
            except AllowanceUsedUp as refused:
                error = refused
        case ServiceBusy():
            return retry_or_fail.slow_down(context, active, error)
        case TransportError() | UnexpectedAnswer() | JobNotFound() | DiskUnusable() | OutOfMemory():  # it may pass
            if active.unwanted:  # that may be why
                return retry_or_fail.cancel(context, active)
            return retry_or_fail.try_again(context, active, error)
    retry_or_fail.fail(context, active.job, error)
    return None


def _advance(context: Context, active: ActiveJob) -> float | None:
    job = active.job
    match job.state:
        case State.QUEUED | State.PREPARING_INPUT | State.SUBMITTING | State.UNKNOWN:
            return submit.advance(context, active)
        case State.CHOOSING_CUTOUT | State.FAILED | State.CANCELLED:
            return kept_files.advance(context, active, job.next_save) if job.next_save else None
    return _work_on_variants(context, active)


def _work_on_variants(context: Context, active: ActiveJob) -> float | None:
    """Finish the job's own model first, then the others; poll in between."""
    job = active.job
    primary = job.primary
    kept_files.keep_downloads(context, job)
    if primary and primary.state is VariantState.DOWNLOADED and job.state not in (State.READY, State.PLACED):
        if job.request.get("keep_in") and job.chosen is None:
            context.enter(job, State.READY)  # nothing is to be prepared: the file itself is what was wanted
            return 0.0
        return _deliver(context, active, primary, convert_and_download.prepare_variant)
    done = next((v for v in job.variants if job.wants_download(v)), None)
    if done:
        return _deliver(context, active, done, convert_and_download.download_variant)
    if job.next_to_prepare:
        return _deliver(context, active, job.next_to_prepare, convert_and_download.prepare_variant)
    if job.next_save:
        return kept_files.advance(context, active, job.next_save)
    bare = next((v for v in job.variants if v.lacks_preview), None)
    if bare:
        ready_for = context.clock.now() - job.entered
        if job.state is State.READY and 0.0 <= ready_for < _LET_IT_BE_PLACED:  # not where the clock was set back
            return _LET_IT_BE_PLACED - ready_for
        convert_and_download.fetch_preview(context, active, bare)
        return 0.0 if job.under_way else None
    generating = [v for v in job.variants if v.state is VariantState.GENERATING]
    if not generating:
        if job.primary is None:
            raise all_failed(job)
        if job.on_a_further_try:  # which brought none
            further_tries.back(context, job)
            return 0.0 if job.under_way else None
        return further_tries.order(context, active) if job.tries_again else None
    return polling.poll(context, active, generating)


def _deliver(
    context: Context,
    active: ActiveJob,
    variant: Variant,
    deliver: Callable[[Context, ActiveJob, Variant], float | None],
) -> float | None:
    """Download or prepare; a file that stays damaged costs the job this variant, not the others."""
    job = active.job
    try:
        delay = deliver(context, active, variant)
    except BrokenModel as error:
        variant.model = ""
        again = deliver is convert_and_download.download_variant and not job.of_file  # a copy is no better
        if active.attempts < _DOWNLOAD_AGAIN and again:
            raise DownloadFailed(error.what, error.remedy) from error
        variant.state, variant.error = VariantState.FAILED, error.to_dict()
        if job.primary is None:
            raise
        if job.state in (State.READY, State.PLACED):
            context.save(job)
        elif job.primary.state is VariantState.PREPARED:  # it was there before this one was asked for
            context.enter(job, State.PLACED if job.primary.index in job.delivery.placed else State.READY)
        else:
            context.enter(job, State.GENERATING)
        return 0.0 if job.under_way else None
    return delay if job.under_way else None

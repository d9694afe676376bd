"""Takes a job through its states, one step at a time.

A step makes at most one request (or one download, or one preparation), writes the journal, and
returns how many seconds to wait before the next step; None when the job needs nothing more. What a
step does stands in submission.py, delivery.py and kept_files.py; here is the order of them, the polling
in between, and what becomes of trouble.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..blenders.pool import Preparers
from ..errors import (
    BrokenModel,
    DownloadFailed,
    GenerationFailed,
    HeldBack,
    JobNotFound,
    JournalUnusable,
    Neural4DError,
    OtherGeneration,
    ServiceBusy,
    TransportError,
    UnexpectedAnswer,
)
from ..files.download import Stopped
from ..http.transport import backoff
from ..model.job import Job, Variant
from ..model.request import Request
from ..model.states import FREE_TO_CANCEL, State, VariantState
from ..services.answers import Outcome
from ..services.base import Provider
from ..store.journal import Journal
from . import delivery, exchange_log, kept_files, service_stages, submission
from .active_job import Live, Timing
from .failure_texts import all_failed, cost_in_words, kept_in_words
from .poll_schedule import GIVE_UP_AFTER, Pace
from .spending import Purse

#: Damage that a second download may not show: this many more are tried.
_DOWNLOAD_AGAIN = 2
#: A server that turns out to be of another generation so often in a row is of none.
_DETOURS = 3
#: Seconds that the host is given to place a ready model before pictures are fetched.
_LET_IT_BE_PLACED = 0.5


class Runner:
    """The steps of every job.

    Args:
        journal: where each change goes first.
        provider: gives the service of that id, ready to be called; raises Neural4DError without a key.
        publish: told of each change, after the journal.
        purse: measures what is spent.
        ask_host: has the host prepare a variant, by the values of a job file.
        stopping: set when the engine ends.
    """

    def __init__(
        self,
        journal: Journal,
        provider: Callable[[str], Provider],
        publish: Callable[[Job], None],
        purse: Purse,
        ask_host: Callable[[Job, Variant, dict[str, Any]], None],
        stopping: threading.Event,
        folder: Path,
    ) -> None:
        self.journal = journal
        self.provider = provider
        self.publish = publish
        self.purse = purse
        self.ask_host = ask_host
        self.stopping = stopping
        self.folder = folder
        self.preparers = Preparers()
        #: The host can do a preparer's work itself, at the price of standing still.
        self.host_imports = False
        self.timing = Timing()

    def folder_of(self, job: Job) -> Path:
        """The job's own folder below the data folder, made if it is not there."""
        folder = self.folder / "jobs" / job.id
        folder.mkdir(parents=True, exist_ok=True)
        job.folder = str(folder)
        return folder

    def save(self, job: Job) -> None:
        """Journal first, then the host."""
        self.journal.save(job)
        self.publish(job)

    def enter(self, job: Job, state: State) -> None:
        """Change the state, in the journal before anywhere else."""
        job.enter(state)
        self.save(job)

    def step(self, live: Live) -> float | None:
        """Do the next thing for the job. Returns seconds until the next step, or None.

        While the journal cannot be written the job stands still: nothing is sent before it is known there how far
        it has come.
        """
        try:
            if live.unwritten:
                live.job.note, live.unwritten = "", False
                self.save(live.job)
            with exchange_log.of(live, self.folder):
                return self._step(live)
        except JournalUnusable as error:
            live.unwritten = True
            live.job.note = f"{error.what} {error.remedy} Nothing is sent meanwhile."
            self.publish(live.job)
            return self.timing.look_again

    def _step(self, live: Live) -> float | None:
        job = live.job
        try:
            if live.unwanted:
                return self._cancel(live)
            delay = self._advance(live)
            live.attempts = live.refusals = live.detours = 0
            return delay
        except Stopped:
            if live.unwanted:
                return self._cancel(live)
        except JournalUnusable:
            raise
        except OtherGeneration as error:
            live.detours += 1
            if live.detours < _DETOURS:
                return 0.0
            self.fail(job, UnexpectedAnswer(error.what))
        except ServiceBusy as error:
            return self._wait(live, error)
        except (TransportError, UnexpectedAnswer, JobNotFound) as error:
            return self._try_again(live, error)
        except Neural4DError as error:
            self.fail(job, error)
        except Exception as error:  # a bug of ours must not leave a paid job hanging without a word
            what = f"An internal error stopped the job ({type(error).__name__}: {error})."
            self.fail(job, Neural4DError(what, "Press Retry; if it stays so, report this text."))
        return None

    def _advance(self, live: Live) -> float | None:
        job = live.job
        match job.state:
            case State.QUEUED | State.PREPARING_INPUT | State.SUBMITTING | State.UNKNOWN:
                return submission.advance(self, live)
            case State.CHOOSING_CUTOUT | State.FAILED | State.CANCELLED:
                return kept_files.advance(self, live, job.next_save) if job.next_save else None
        return self._work_on_variants(live)

    # From accepted to prepared

    def _work_on_variants(self, live: Live) -> float | None:
        """Finish the job's own model first, then the others; poll in between."""
        job = live.job
        primary = job.primary
        kept_files.keep_downloads(job)
        if primary and primary.state is VariantState.DOWNLOADED and job.state not in (State.READY, State.PLACED):
            if job.request.get("keep_in") and job.chosen is None:
                self.enter(job, State.READY)  # nothing is to be prepared: the file itself is what was wanted
                return 0.0
            return self._deliver(live, primary, delivery.prepare_variant)
        done = next((v for v in job.variants if job.wants_download(v)), None)
        if done:
            return self._deliver(live, done, delivery.download_variant)
        if job.next_to_prepare:
            return self._deliver(live, job.next_to_prepare, delivery.prepare_variant)
        if job.next_save:
            return kept_files.advance(self, live, job.next_save)
        bare = next((v for v in job.variants if v.lacks_preview), None)
        if bare:
            ready_for = max(0.0, time.time() - job.entered)
            if job.state is State.READY and ready_for < _LET_IT_BE_PLACED:
                return _LET_IT_BE_PLACED - ready_for
            delivery.fetch_preview(self, live, bare)
            return 0.0 if job.under_way else None
        generating = [v for v in job.variants if v.state is VariantState.GENERATING]
        if not generating:
            if job.primary is None:
                raise all_failed(job)
            return None
        return self._poll(live, generating)

    def _deliver(
        self, live: Live, variant: Variant, deliver: Callable[[Runner, Live, Variant], float | None]
    ) -> float | None:
        """Download or prepare; a file that stays damaged costs the job this variant, not the others."""
        job = live.job
        try:
            delay = deliver(self, live, variant)
        except BrokenModel as error:
            variant.model = ""
            if live.attempts < _DOWNLOAD_AGAIN and deliver is delivery.download_variant:
                raise DownloadFailed(error.what, error.remedy) from error
            variant.state, variant.error = VariantState.FAILED, error.to_dict()
            if job.primary is None:
                raise
            if job.state in (State.READY, State.PLACED):
                self.save(job)
            elif job.primary.state is VariantState.PREPARED:  # it was there before this one was asked for
                self.enter(job, State.PLACED if job.primary.index in job.placed else State.READY)
            else:
                self.enter(job, State.GENERATING)
            return 0.0 if job.under_way else None
        return delay if job.under_way else None

    def _poll(self, live: Live, generating: list[Variant]) -> float | None:
        job, now = live.job, time.monotonic()
        for variant in generating:
            if variant.uuid not in live.paces:
                live.paces[variant.uuid] = Pace(
                    now - (time.time() - job.entered), job.typical, due=now, first=now, quickest=self.timing.quickest
                )
        variant = min(generating, key=lambda v: live.paces[v.uuid].due)
        pace = live.paces[variant.uuid]
        if pace.due > now:
            return pace.due - now
        if now - pace.first > GIVE_UP_AFTER:
            raise GenerationFailed(
                "The service has been generating for an hour without a result.",
                "Press Retry to go on waiting: nothing is sent or paid again.",
                kept="The job stays at the service.",
            )
        expect_done = pace.expect_done(now)
        provider = self.provider(job.provider)
        request = Request.from_dict(job.request)
        poll = service_stages.follow(live, provider, variant, request, provider.poll(variant.uuid, expect_done))
        if poll.eta is not None:
            pace.promised(now, poll.eta)
        pace.heard(now, poll.progress, expect_done)
        pace.doubtful = poll.doubtful
        if poll.points is not None:
            self.purse.told(job, poll.points)
        waits = poll.outcome is Outcome.NEXT and not provider.goes_on_by_itself(request)
        if waits:
            pace.due = now  # what is done about it says when to look again
            return service_stages.go_on(self, live, variant, poll)
        service_stages.arrived(self, job, poll)
        if poll.outcome in (Outcome.GENERATING, Outcome.NEXT):
            variant.progress, job.progress_estimated = pace.shown(now)
        else:
            delivery.take_in(job, variant, poll)
        if job.state is State.GENERATING:
            job.progress = max(v.progress for v in job.variants)
        job.note, job.until = poll.stage, 0.0
        answered = poll.outcome is not Outcome.GENERATING or poll.progress is not None
        if answered and job.tickets and [v.uuid for v in job.variants] == job.tickets:
            provider.remember(variant.uuid, job.tickets)
        if poll.outcome is Outcome.DONE:
            self.purse.settle(provider, job)
        self.save(job)
        return 0.0 if poll.outcome is Outcome.DONE else self.timing.quickest

    # Trouble

    def _try_again(self, live: Live, error: Neural4DError) -> float | None:
        """Wait and repeat the step, up to a limit; the runner has made sure that repeating is free."""
        job = live.job
        live.attempts += 1
        if live.attempts >= self.timing.attempts:
            live.attempts = 0
            self.fail(job, error)
            return None
        wait = backoff(live.attempts - 1, self.timing.backoff)
        job.note = f"{error.what} Trying again in {wait:.0f} s ({live.attempts} of {self.timing.attempts - 1})."
        self.save(job)
        return max(wait, self.timing.quickest) if job.state is State.GENERATING else wait

    def _wait(self, live: Live, error: ServiceBusy) -> float | None:
        """The service asks to slow down, which holds for all jobs; no job that it has taken fails by it."""
        job = live.job
        wait = error.retry_after
        if isinstance(error, HeldBack):
            wait = self.timing.look_again if wait is None else wait  # it is not the service that asks for it
        elif not error.noted:
            wait = self.provider(job.provider).http.slow_down(wait, paid=job.state in FREE_TO_CANCEL)
        wait = max(wait or 0.0, self.timing.quickest)
        if not isinstance(error, HeldBack):
            live.refusals += 1
        if live.refusals >= self.timing.refusals and not job.variants and not job.picture_ids and not job.in_doubt:
            live.refusals = 0
            self.fail(job, error)
            return None
        note = f"{error.what} Going on in {wait:.0f} s."
        if job.note != note or job.until < time.time():
            job.note, job.until = note, time.time() + wait
            self.save(job)
        return wait

    def fail(self, job: Job, error: Neural4DError) -> None:
        """Journal the failure with all that the user needs to know; what was paid for stays retryable."""
        if job.state in (State.READY, State.PLACED):
            # The model is there; a straggling variant's trouble must not take it away. Retry revives those.
            for variant in job.variants:
                generating = variant.state is VariantState.GENERATING
                if generating or job.wants_download(variant) or variant is job.next_to_prepare:
                    variant.state, variant.error = VariantState.FAILED, error.to_dict()
            self.save(job)
            return
        told = error.to_dict()
        told["cost"] = told["cost"] or cost_in_words(job, error)
        told["kept"] = told["kept"] or kept_in_words(job)
        job.enter(State.FAILED)
        job.error = told
        self.save(job)

    def _cancel(self, live: Live) -> float | None:
        job = live.job
        if job.state in (State.PLACED, State.READY):
            live.cancelled.clear()  # too late for the model, and its siblings are paid for
            return 0.0 if job.under_way else None
        told = "It is paid for: Retry picks it up again at no cost." if job.variants else "Nothing was paid."
        if not job.variants and job.spent and job.cost != 0:
            told = "What is made so far is paid for: Retry goes on with it, and does not pay that again."
        self.purse.know(job)
        if job.in_doubt:
            told = "It may have reached the service: Retry asks before anything is sent again."
        job.enter(State.CANCELLED)
        job.note = told
        self.save(job)
        return None

    def take(self, live: Live, variant: Variant) -> None:
        """Make a variant the job's own and prepare it if it is not; nothing is paid for that."""
        job = live.job
        job.chosen = variant.index
        if variant.blend and not Path(variant.blend).is_file():
            # Somebody made room on the disk: the model is still at the service.
            variant.blend = ""
            variant.state = VariantState.DOWNLOADED if Path(variant.model).is_file() else VariantState.DONE
            variant.model_url = "" if variant.uuid else variant.model_url
        if variant.state is VariantState.PREPARED:
            self.enter(job, State.READY)
        elif job.state in (State.READY, State.PLACED):
            self.enter(job, State.GENERATING)
        else:
            self.save(job)

    def retry(self, live: Live) -> None:
        """Bring a job, or variants that failed, back to the step that did not work; pays nothing that was paid."""
        self.revive(live)
        self.save(live.job)

    def revive(self, live: Live) -> None:
        """The same, for the caller to save."""
        job = live.job
        live.cancelled.clear()
        live.attempts = live.looks = 0
        live.since, live.refusals, live.detours = 0.0, 0, 0
        live.readings.clear()
        live.paces.clear()
        live.handed_over.clear()
        for variant in job.variants:
            variant.here = False
            if variant.revivable:
                variant.state = VariantState.DOWNLOADED if variant.model else VariantState.GENERATING
                variant.error = None
        if job.state in (State.READY, State.PLACED):
            return
        if job.primary:
            job.enter(State.GENERATING)
        elif job.in_doubt:
            job.submission = 0
            job.enter(State.UNKNOWN)
        else:
            # All models failed at the service, nothing was ever taken, or the user takes the risk.
            if job.ordered:
                job.cutouts, job.cutout = [], None  # pictures of the submission that failed
            job.variants, job.tickets, job.submission, job.ordered, job.chosen = [], [], 0, "", None
            job.sent_at, job.balance_before, job.refusal = 0.0, None, ""
            job.enter(State.QUEUED)

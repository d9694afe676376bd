"""Takes a job through its states, one step at a time.

A step makes at most one request (or one download, or one preparation), writes the journal, and
returns how many seconds to wait before the next step; None when the job needs nothing more. The
rules about money live here: what can cost points is journaled before it is sent, and is sent again
only when it is certain that the service has not acted on it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from . import delivery
from .download import Stopped
from .errors import (
    AnswerLost,
    BrokenModel,
    DownloadFailed,
    GenerationFailed,
    JobNotFound,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceBusy,
    ServiceUnreachable,
    SubmissionLost,
    TransportError,
    UnexpectedAnswer,
)
from .jobs import Job, State, Variant, VariantState
from .journal import Journal
from .polling import GIVE_UP_AFTER, QUICKEST, Pace
from .providers.base import Balance, Outcome, Provider
from .request import Request
from .transport import backoff

#: Trouble in which the service certainly has not acted; every other kind leaves that open.
_NOTHING_HAPPENED = (ServiceUnreachable, ServiceBusy, KeyRejected, NotEnoughPoints, RequestRefused)
#: Damage that a second download may not show: this many more are tried.
_DOWNLOAD_AGAIN = 2


@dataclass
class Timing:
    """Seconds and counts that tests make small."""

    #: Between two requests for one job.
    quickest: float = QUICKEST
    backoff: float = 0.5
    attempts: int = 6
    #: Three looks, this far apart, before a lost submission counts as never arrived.
    look_again: float = 4.0
    looks: int = 3
    preparer_limit: float = 600.0


@dataclass
class Live:
    """What the engine keeps in memory for a job that it works on; nothing in here outlives it."""

    job: Job
    cancelled: threading.Event = field(default_factory=threading.Event)
    paces: dict[str, Pace] = field(default_factory=dict)
    attempts: int = 0
    looks: int = 0


class Runner:
    """The steps of every job.

    Args:
        journal: where each change goes first.
        provider: gives the service of that id, ready to be called; raises Neural4DError without a key.
        publish: told of each change, after the journal.
        balance_changed: told a balance that was read on the way.
        prices_changed: told that an operation's real price was measured.
        stopping: set when the engine ends.
    """

    def __init__(
        self,
        journal: Journal,
        provider: Callable[[str], Provider],
        publish: Callable[[Job], None],
        balance_changed: Callable[[str, Balance], None],
        prices_changed: Callable[[], None],
        stopping: threading.Event,
        folder: Path,
    ) -> None:
        self.journal = journal
        self.provider = provider
        self.publish = publish
        self.balance_changed = balance_changed
        self.prices_changed = prices_changed
        self.stopping = stopping
        self.folder = folder
        self.preparer: Sequence[str] = ()
        self.timing = Timing()
        # One submission at a time a service: the fall of the balance around it is its price.
        self._spending: dict[str, threading.Lock] = {}

    def save(self, job: Job) -> None:
        """Journal first, then the host."""
        self.journal.save(job)
        self.publish(job)

    def enter(self, job: Job, state: State) -> None:
        """Change the state, in the journal before anywhere else."""
        job.enter(state)
        self.save(job)

    def step(self, live: Live) -> float | None:
        """Do the next thing for the job. Returns seconds until the next step, or None."""
        job = live.job
        try:
            if live.cancelled.is_set():
                self._cancel(live)
                return None
            delay = self._advance(live)
            live.attempts = 0
            return delay
        except Stopped:
            if live.cancelled.is_set():
                self._cancel(live)
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
            case State.QUEUED:
                return self._submit(live)
            case State.SUBMITTING | State.UNKNOWN:
                return self._look_for(live)
            case State.GENERATING | State.DOWNLOADING | State.PREPARING_MODEL | State.READY | State.PLACED:
                return self._work_on_variants(live)
        return None

    # Submitting

    def _submit(self, live: Live) -> float | None:
        job = live.job
        request = Request.from_dict(job.request)
        provider = self.provider(job.provider)
        quote = provider.quote(request)
        expected = self.journal.price(job.provider, quote.operation) or quote.points
        with self._spending.setdefault(job.provider, threading.Lock()):
            before = self._read_balance(provider, job)
            if before is not None and before < expected:
                raise NotEnoughPoints(
                    f"This costs about {expected} points and {before} are left.",
                    cost="Nothing was sent and nothing was paid.",
                )
            if live.cancelled.is_set():
                raise Stopped  # the last moment at which it is free
            # A submission that is sent again carries the same ids: should the first one turn up after
            # all, it is found under them.
            job.tickets = job.tickets or provider.tickets(request)
            job.submission += 1
            self.enter(job, State.SUBMITTING)
            try:
                uuids = provider.submit(request, job.tickets)
            except _NOTHING_HAPPENED:
                job.tickets = []
                self.enter(job, State.QUEUED)
                raise
            except (TransportError, UnexpectedAnswer) as error:
                if not job.tickets:
                    raise
                self.enter(job, State.UNKNOWN)
                job.note = f"{error.what} Asking whether the job arrived."
                self.save(job)
                return self.timing.look_again
            self._accepted(job, uuids, expected)
            after = self._read_balance(provider, job) if before is not None else None
            if before is not None and after is not None and before > after:
                job.cost, job.cost_estimated = before - after, False
                self.journal.learn_price(job.provider, quote.operation, job.cost)
                self.prices_changed()
                self.save(job)
        return self.timing.quickest

    def _accepted(self, job: Job, uuids: Sequence[str], cost: int) -> None:
        job.variants = [Variant(index, uuid) for index, uuid in enumerate(uuids)]
        job.cost, job.cost_estimated = cost, True
        self.enter(job, State.GENERATING)

    def _read_balance(self, provider: Provider, job: Job) -> int | None:
        """The points that are left, or None: not knowing them is no reason to stop."""
        if not provider.declaration.balance:
            return None
        try:
            balance = provider.balance()
        except (TransportError, UnexpectedAnswer):
            return None
        self.balance_changed(job.provider, balance)
        return balance.total

    def _look_for(self, live: Live) -> float | None:
        """A submission went out and no usable answer came: find out before anything else is done."""
        job = live.job
        provider = self.provider(job.provider)
        if job.state is State.SUBMITTING:
            self.enter(job, State.UNKNOWN)
        request = Request.from_dict(job.request)
        arrived = provider.arrived(job.tickets) if job.tickets else None
        if arrived:
            self._accepted(job, job.tickets, provider.quote(request).points)
            return self.timing.quickest
        if arrived is None:
            raise AnswerLost(
                "The request went out and no answer came; this service cannot say whether it arrived.",
                "Look at the service's own page whether the job is there. Retry would send it, and may pay, again.",
                cost="Unknown: it may have been paid.",
            )
        live.looks += 1
        if live.looks < self.timing.looks:
            return self.timing.look_again
        live.looks = 0
        if job.submission >= self.timing.looks:
            raise SubmissionLost(
                "The request was sent several times, and the service has no record of it.", cost="Nothing was paid."
            )
        self.enter(job, State.QUEUED)
        return 0.0

    # From accepted to prepared

    def _work_on_variants(self, live: Live) -> float | None:
        """Finish the job's own model first, then the others; poll in between."""
        job = live.job
        primary = job.primary
        if primary and primary.state is VariantState.DOWNLOADED and job.state not in (State.READY, State.PLACED):
            return self._deliver(live, primary, delivery.prepare_variant)
        done = next((v for v in job.variants if v.state is VariantState.DONE), None)
        if done:
            return self._deliver(live, done, delivery.download_variant)
        bare = next((v for v in job.variants if v.lacks_preview), None)
        if bare:
            delivery.fetch_preview(self, live, bare)
            return 0.0 if job.under_way else None
        generating = [v for v in job.variants if v.state is VariantState.GENERATING]
        if not generating:
            if job.primary is None:
                raise _all_failed(job)
            return None
        return self._poll(live, generating)

    def _deliver(self, live: Live, variant: Variant, deliver: Callable[[Runner, Live, Variant], None]) -> float | None:
        """Download or prepare; a file that stays damaged costs the job this variant, not the others."""
        job = live.job
        try:
            deliver(self, live, variant)
        except BrokenModel as error:
            variant.model = variant.model_url = ""
            if live.attempts < _DOWNLOAD_AGAIN and deliver is delivery.download_variant:
                raise DownloadFailed(error.what, error.remedy) from error
            variant.state, variant.error = VariantState.FAILED, error.to_dict()
            if job.primary is None:
                raise
            self.save(job)
        return 0.0 if job.under_way else None

    def _poll(self, live: Live, generating: list[Variant]) -> float:
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
        poll = self.provider(job.provider).poll(variant.uuid, expect_done)
        pace.heard(now, poll.progress, expect_done)
        if poll.outcome is Outcome.DONE:
            variant.state, variant.progress = VariantState.DONE, 1.0
            variant.model_url, variant.preview_url = poll.model_url, poll.preview_url
        elif poll.outcome is Outcome.FAILED:
            variant.state = VariantState.FAILED
            variant.error = GenerationFailed(
                f"The service could not make this model: {poll.message or 'no reason given'}"
            ).to_dict()
        else:
            variant.progress, job.progress_estimated = pace.shown(now)
        if job.state is State.GENERATING:
            job.progress = max(v.progress for v in job.variants)
        job.note = ""
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
        if isinstance(error, ServiceBusy) and error.retry_after is not None:
            wait = max(wait, error.retry_after)
        job.note = f"{error.what} Trying again in {wait:.0f} s ({live.attempts} of {self.timing.attempts - 1})."
        self.save(job)
        return max(wait, self.timing.quickest) if job.state is State.GENERATING else wait

    def fail(self, job: Job, error: Neural4DError) -> None:
        """Journal the failure with all that the user needs to know; what was paid for stays retryable."""
        if job.state in (State.READY, State.PLACED):
            # The model is there; a straggling variant's trouble must not take it away.
            for variant in job.variants:
                if variant.state in (VariantState.GENERATING, VariantState.DONE):
                    variant.state, variant.error = VariantState.FAILED, error.to_dict()
            self.save(job)
            return
        told = error.to_dict()
        told["cost"] = told["cost"] or _cost_in_words(job, error)
        told["kept"] = told["kept"] or _kept_in_words(job)
        job.enter(State.FAILED)
        job.error = told
        self.save(job)

    def _cancel(self, live: Live) -> None:
        job = live.job
        if job.state not in (State.PLACED, State.READY):
            told = "Nothing was paid." if job.cost is None else "It is paid for: Retry picks it up again at no cost."
            if job.cost is None and job.state in (State.SUBMITTING, State.UNKNOWN):
                told = "It may have reached the service: Retry asks before anything is sent again."
            job.enter(State.CANCELLED)
            job.note = told
            self.save(job)

    def take(self, live: Live, variant: Variant) -> None:
        """Make a variant the job's own and prepare it if it is not; nothing is paid for that."""
        job = live.job
        job.chosen = variant.index
        if variant.state is VariantState.PREPARED:
            self.enter(job, State.READY)
        elif job.state in (State.READY, State.PLACED):
            self.enter(job, State.GENERATING)
        else:
            self.save(job)

    def retry(self, live: Live) -> None:
        """Bring a failed or cancelled job back to the step that did not work; pays nothing that was paid."""
        job = live.job
        live.cancelled.clear()
        live.attempts = live.looks = 0
        live.paces.clear()
        for variant in job.variants:
            if variant.state is VariantState.FAILED and (
                variant.model_url or not variant.error or variant.error["code"] != "GenerationFailed"
            ):
                variant.state = VariantState.DOWNLOADED if variant.model else VariantState.GENERATING
                variant.error = None
        if job.primary:
            self.enter(job, State.GENERATING)
        elif job.variants or not job.tickets:
            # All models failed at the service, or nothing was ever sent: a new submission.
            job.variants, job.tickets, job.cost, job.submission = [], [], None, 0
            self.enter(job, State.QUEUED)
        else:
            job.submission = 0
            self.enter(job, State.UNKNOWN)


def _all_failed(job: Job) -> GenerationFailed:
    reasons = {v.error["what"] for v in job.variants if v.error}
    return GenerationFailed(" ".join(sorted(reasons)) or "The service made no model.")


def _cost_in_words(job: Job, error: Neural4DError) -> str:
    if job.cost is None:
        lost = job.state in (State.SUBMITTING, State.UNKNOWN)
        return "Not known yet: press Retry to ask the service." if lost else "Nothing was paid."
    paid = f"{job.cost} points were paid{' (estimated)' if job.cost_estimated else ''}"
    if isinstance(error, GenerationFailed) and job.primary is None:
        return f"{paid} unless the service gives them back; Retry is a new job and is paid again."
    return f"{paid}; Retry does not pay them again."


def _kept_in_words(job: Job) -> str:
    if any(v.model for v in job.variants):
        return "The downloaded model is kept."
    if job.primary or any(v.error and v.error["code"] != "GenerationFailed" for v in job.variants):
        return "The model stays at the service."
    return "The prompt and all settings are kept."

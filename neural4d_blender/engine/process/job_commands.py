"""What the engine does on each command that is about one job. Runs on the engine's main thread."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import cast

from .. import protocol
from ..audit.audit import Audit
from ..blenders.asset_library import write_asset
from ..blenders.job_file_format import AssetWanted
from ..errors import InvalidInput, JobNotFound, UnsupportedFeature
from ..model.declaration import Feature
from ..model.job import Job
from ..model.states import FREE_TO_CANCEL, State, VariantState, WaitsFor
from ..model.variant import Variant
from ..policy.policy import Policy
from ..steps import retry_and_choose
from ..steps.context import Context
from ..steps.delivery import kept_files
from ..store.history import History
from .events import Events
from .new_jobs import user
from .outbox import Message
from .scheduling.active_jobs import ActiveJobs
from .scheduling.thread_pools import ThreadPools


@dataclass
class JobCommands:
    """The commands of protocol.py that name a job; each returns its answer, None where that comes later."""

    context: Context
    jobs: ActiveJobs
    events: Events
    history: History
    pools: ThreadPools
    audit: Audit

    def cancel(self, message: Message) -> Message:
        active = self.jobs.held(message["job"])
        if active.job.under_way or active.job.state in FREE_TO_CANCEL:
            active.cancelled.set()
            self.jobs.wake(active)
        return {}

    def retry(self, message: Message) -> Message:
        active = self.jobs.held(message["job"])
        ended = active.job.state in (State.FAILED, State.CANCELLED)
        if not ended and not any(v.revivable for v in active.job.variants):
            raise InvalidInput("There is nothing of this job to try again.", "Wait for the job, or cancel it first.")
        active.job.dismissed = False  # it may have been, long ago: now it is one of the present jobs again
        retry_and_choose.retry(self.context, active)
        self.jobs.wake(active)
        return {}

    def choose(self, message: Message) -> Message:
        active = self.jobs.held(message["job"])
        what = protocol.declaration(active.job.provider).choice or "picture"
        if active.job.state is not State.CHOOSING_CUTOUT:
            raise InvalidInput(f"This job is not waiting for a {what} to be chosen.", "Choose while it is waiting.")
        if not 0 <= message["cutout"] < len(active.job.choice.cutouts):
            there_are = len(active.job.choice.cutouts) - 1
            raise InvalidInput(f"There is no {what} {message['cutout']!r}; there are 0 to {there_are}.", "Choose one.")
        retry_and_choose.choose_cutout(self.context, active, message["cutout"])
        self.jobs.wake(active)
        return {}

    def approve(self, message: Message) -> Message:
        return self._answer(message, approved=True)

    def decline(self, message: Message) -> Message:
        return self._answer(message, approved=False)

    def _answer(self, message: Message, *, approved: bool) -> Message:
        """For whichever engine has the job: it looks into the journal."""
        active = self.jobs.by_id.get(message["job"])
        with self.context.journal.transaction():  # or the engine that has it goes on meanwhile
            job = active.job if active else self.context.journal.get(message["job"])
            if job is None:
                raise JobNotFound("There is no such job in the history.", "Look at the job list for those there are.")
            asks = job.costs.asks if job.waits_for is WaitsFor.APPROVAL else 0
            if not asks:
                raise InvalidInput("This job does not wait to be approved of.", "Look at what it waits for.")
            if message.get("points", asks) != asks:
                raise InvalidInput(f"This job asks for {asks} points now.", "Look at it, then answer once more.")
            self.context.journal.note_approval(job.id, asks, approved)
            self.audit.answered(job, asks, user(), approved=approved)
        if active:
            self.jobs.wake(active)
        return {}

    def save(self, message: Message) -> Message:
        active = self.jobs.held(message["job"])
        Policy.at(self.context.folder).check_file(message["folder"])
        declared = protocol.declaration(active.job.provider)
        if message["format"] not in declared.formats + declared.keeps:
            there_are = ", ".join(declared.formats + declared.keeps)
            raise UnsupportedFeature(f"{declared.name} delivers {there_are}, not {message['format']!r}.")
        there = [v.index for v in active.job.variants if v.state is not VariantState.FAILED or v.can_be_kept]
        if message["variant"] not in there:
            raise InvalidInput(f"There is no variant {message['variant']!r} to save.", "Choose one that is there.")
        if message["size_mm"] not in (None, active.job.request.get("size_mm")):
            declared.require(Feature.FILE_SIZE)
        save = kept_files.add(
            self.context, active.job, message["variant"], message["format"], message["folder"], message["size_mm"]
        )
        save.id = message.get("save", save.id)
        self.context.save(active.job)
        self.jobs.wake(active)
        return {"save": save.id}

    def prepare(self, message: Message) -> Message:
        active = self.jobs.held(message["job"])
        there = {v.index: v for v in active.job.variants if v.state is not VariantState.FAILED}
        number = message["variant"]
        wanted = active.job.primary if number is None else there.get(number)
        if wanted is None:
            if not active.job.variants:
                raise InvalidInput("There is no model of this job yet.", "Wait until it is ready.")
            raise InvalidInput(f"There is no variant {number}; there are {[*there]}.", "Choose one of those.")
        active.job.dismissed = False
        do = retry_and_choose.make_again if message.get("anew") and wanted.blend else retry_and_choose.take
        do(self.context, active, wanted)
        self.jobs.wake(active)
        return {}

    def prepared(self, message: Message) -> Message:
        """The host did what no background Blender could be started for."""
        active = self.jobs.held(message["job"])
        if message["variant"] in active.handed_over:
            active.handed_over[message["variant"]] = message["facts"]
            self.jobs.wake(active)
        return {}

    def placed(self, message: Message) -> Message:
        active = self.jobs.held(message["job"])
        if message.get("target"):
            active.job.target = message["target"]
        if "variant" in message and message["variant"] not in active.job.delivery.placed:
            active.job.delivery.placed.append(message["variant"])
        if active.job.state is State.READY:
            active.job.enter(State.PLACED, self.context.clock.now())
        self.context.save(active.job)
        return {}

    def retarget(self, message: Message) -> Message:
        active = self.jobs.held(message["job"])
        job = active.job
        lost = bool(message.get("lost"))
        if message.get("first") and job.target.get("session"):
            raise InvalidInput("Another Blender has taken this model.", "Place it here all the same.")
        if lost and self.context.journal.is_elsewhere(job):
            raise InvalidInput(
                "The model belongs to a file that another Blender has open.",
                "Place it there, or end that Blender first.",
            )
        job.target = message["target"]
        job.dismissed = job.dismissed and not lost
        stood = [v for v in job.variants if v.index in job.delivery.placed] if lost else []
        if stood and job.state is State.PLACED:
            job.delivery.placed = []
            retry_and_choose.take(self.context, active, stood[0])
            self.jobs.wake(active)
        else:
            self.context.save(job)
        return {}

    def dismiss(self, message: Message) -> Message:
        active = self.jobs.held(message["job"])
        active.job.dismissed = True
        self.context.save(active.job)
        return {}

    def delete(self, message: Message) -> Message:
        active = self.jobs.held(message["job"])
        if active.job.under_way or active.job.state is State.CHOOSING_CUTOUT:
            raise InvalidInput("This job is not over yet, so it was not deleted.", "Wait for it, or cancel it first.")
        freed = self.history.delete(active.job)
        self.events.usage(self.history.usage())
        return {"freed": freed}

    def asset(self, message: Message) -> None:
        """Answered later: a background Blender writes it, beside whatever the job itself is doing."""
        job = self.jobs.held(message["job"]).job
        Policy.at(self.context.folder).check_file(message["folder"], "assets")
        variant = next((v for v in job.variants if v.index == message["variant"]), None)
        if variant is None:
            raise InvalidInput(f"There is no variant {message['variant']!r} of this job.", "Choose one that is there.")
        work = functools.partial(self._write_asset, message, job, variant)
        self.pools.run("prepare", job.provider, self.events.carry_out, message, work)

    def _write_asset(self, message: Message, job: Job, variant: Variant) -> Message:
        wanted = cast("AssetWanted", message)
        told = variant.facts
        path = write_asset(self.context.preparers, job, variant, wanted, stopped=self.context.stopping.is_set)
        if variant.facts is not told:  # it had to be prepared again
            self.context.save(job)
        self.audit.kept(job, path)
        return {"path": str(path)}

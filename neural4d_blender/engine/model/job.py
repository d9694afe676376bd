"""What a job is, and the snapshot of it that travels to the host. Standard library only; no I/O."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, field
from typing import Any

from ..errors import ErrorTexts
from .allowed_values import FILES
from .job_records.choice import Choice
from .job_records.costs import Costs
from .job_records.delivery import Delivery
from .job_records.submission import Submission
from .quality import choosing
from .quality.choosing import Rule
from .states import LIFE, SETTLED, State, VariantState, WaitsFor
from .variant import Save, SaveState, Variant


@dataclass
class Job:
    """A job, from the click to the model in the scene.

    Args:
        id: the client's own uuid.
        provider: id of the service.
        request: what was asked for (prompt, variants, size_mm, ...); never changes.
        target: where the model is to stand; written and read by the host only.
        submission: the paid request that was sent last.
        ordered: the order of a further stage that was sent last, by the service's name for it.
        costs: what was spent on it, and what is held for it.
        choice: the pictures that there are to choose from.
        delivery: where its models go, and in which formats.
        waits_for: why it stands still. until: when it goes on (seconds since the epoch), 0 where it does not.
        portraits: how many images were looked at for a person; portrait_done: all of them, or overruled.
        service: what else the service said of the job, by its own names.
        seconds: how long the job was in each state so far.
        note: what is going on right now in words, where the state alone does not say it.
        dismissed: the user has seen how it ended and wants it out of the list of present jobs.
        rule: how often models were ordered by the job's own rule.
        typical: seconds such a job usually takes, for progress where the service reports none.
        batch: id of the batch it belongs to, empty where it stands alone. item: its place in the batch's input.
        user, project, agent: on whose account, for what and by whom it was asked for; points are counted by each.
        identity: equal for what a service is asked the same for, see process/identity.py; empty where unneeded.
        created, entered: when it was made, and came to its state (seconds since the epoch).
        revision: how often the journal wrote it: of two snapshots the one with the higher number is newer.
    """

    id: str
    provider: str
    request: dict[str, Any]
    target: dict[str, Any] = field(default_factory=dict)
    state: State = State.QUEUED
    progress: float = 0.0
    progress_estimated: bool = False
    error: ErrorTexts | None = None
    costs: Costs = field(default_factory=Costs)
    choice: Choice = field(default_factory=Choice)
    submission: Submission = field(default_factory=Submission)
    delivery: Delivery = field(default_factory=Delivery)
    portraits: int = 0
    portrait_done: bool = False
    service: dict[str, str] = field(default_factory=dict)
    ordered: str = ""
    waits_for: WaitsFor = WaitsFor.NOTHING
    until: float = 0.0
    variants: list[Variant] = field(default_factory=list)
    chosen: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    note: str = ""
    rule: Rule = field(default_factory=Rule)
    typical: float = 90.0
    folder: str = ""
    dismissed: bool = False
    batch: str = ""
    item: int = 0
    created: float = 0.0
    entered: float = 0.0
    owner: str = ""
    user: str = ""
    project: str = ""
    agent: str = ""
    identity: str = ""
    revision: int = 0

    def enter(self, state: State, now: float) -> None:
        """Change the state and book the time spent in the one that ends.

        A transition that :data:`LIFE` does not have is a mistake in the code. It is made all the same, with a line in
        the engine's log: an error would fail a job that may be paid for, or in a command end the whole engine. In tests
        that warning is an error.
        """
        if state not in LIFE[self.state][2]:
            warnings.warn(f"{self.state} is followed by {state}: see engine/model/states.py.", RuntimeWarning, 2)
        self.seconds[self.state] = self.seconds.get(self.state, 0.0) + max(0.0, now - self.entered)
        self.state, self.entered = state, now
        self.go_on()
        if state is not State.FAILED:
            self.error = None

    def stand_still(self, waits_for: WaitsFor, until: float, note: str) -> None:
        """It waits for something, until then (seconds since the epoch)."""
        self.waits_for, self.until, self.note = waits_for, until, note

    def go_on(self, note: str = "") -> None:
        """It waits for nothing, or no more."""
        self.stand_still(WaitsFor.NOTHING, 0.0, note)

    @property
    def committed(self) -> int:
        """Points that caps have to count: what was spent, and what may be or have been beyond that."""
        over = self.state in (*SETTLED, State.READY) and not self.submission.in_doubt
        lost = any(error and error["code"] == "PaymentUnknown" for error in (self.error, self.rule.tries_ended))
        doubtful = lost or self.costs.buying or bool(self.delivery.converting)
        return (self.costs.total or 0) + (self.costs.reserved if doubtful or not over else 0)

    @property
    def at_service(self) -> bool:
        """The service is being asked for it, or works on it; what follows (downloads and so on) is our own work."""
        if self.state in (State.PREPARING_INPUT, State.SUBMITTING, State.UNKNOWN):
            return True
        ended = self.state in (State.FAILED, State.CANCELLED)
        return not ended and any(v.state is VariantState.GENERATING for v in self.variants)

    @property
    def keeps_answers(self) -> bool:
        """What the service has answered to paid requests may still have to be read, by a person or a later version."""
        told = [self.error, *(save.error for save in self.delivery.saves)]
        unread = any(error["code"] in UNREAD for error in told if error) or bool(self.error and self.submission.refusal)
        return (
            (unread and not self.dismissed)
            or self.under_way
            or self.state is State.CHOOSING_CUTOUT
            or self.submission.in_doubt
        )

    @property
    def primary(self) -> Variant | None:
        """The variant that the job's own state speaks of: the chosen one, else the furthest one."""
        order = (VariantState.PREPARED, VariantState.DOWNLOADED, VariantState.DONE, VariantState.GENERATING)
        alive = [v for v in self.variants if v.state in order]
        return min(alive, key=lambda v: (v.index != self.chosen, order.index(v.state), v.index), default=None)

    @property
    def next_save(self) -> Save | None:
        """The next file to keep whose model is there to be fetched."""
        there = {v.index for v in self.variants if v.can_be_kept}
        wanted = (SaveState.ASKED, SaveState.CONVERTING)
        return next((save for save in self.delivery.saves if save.state in wanted and save.variant in there), None)

    def wants_download(self, variant: Variant) -> bool:
        """A finished variant is fetched at once, unless that costs points and nobody chose it."""
        free = self.request.get("format", self.delivery.native) == self.delivery.native
        wanted = free or self.request.get("place_all") or variant is self.primary
        return variant.state is VariantState.DONE and bool(wanted)

    @property
    def next_to_prepare(self) -> Variant | None:
        """A downloaded variant that is wanted in the scene too, once the job's own one is ready."""
        if not self.prepares_all or self.request.get("keep_in"):
            return None
        return next((v for v in self.variants if v.state is VariantState.DOWNLOADED), None)

    @property
    def expects_preparing(self) -> bool:
        """A background Blender is needed now, or as soon as the download is through."""
        if self.state in (State.DOWNLOADING, State.PREPARING_MODEL):
            return not self.request.get("keep_in") or self.chosen is not None
        coming = any(v.state in (VariantState.DONE, VariantState.DOWNLOADED) for v in self.variants)
        return self.prepares_all and self.state in (State.READY, State.PLACED) and coming

    @property
    def prepares_all(self) -> bool:
        """Every variant that is fetched is prepared too: all are placed, or the best one."""
        return bool(self.request.get("place_all") or self.compares)

    @property
    def compares(self) -> bool:
        """The best of its models is placed: the one that fits best into a box, or is best for a use."""
        return choosing.compares(self.request, len(self.variants))

    @property
    def comparing(self) -> bool:
        """More of its models are to come before it is known which one is the best, and nobody has chosen one."""
        return self.compares and self.chosen is None and self.state is State.READY and self._more_to_come

    @property
    def _more_to_come(self) -> bool:
        coming = any(v.state is VariantState.GENERATING or self.wants_download(v) for v in self.variants)
        return coming or self.next_to_prepare is not None or self.tries_again

    @property
    def tries_again(self) -> bool:
        """By its rule the same is to be ordered, and paid, once more: all there is falls short, and nobody chose."""
        if self.state is not State.READY or self.chosen is not None or self.delivery.placed:
            return False
        done = (VariantState.PREPARED, VariantState.FAILED)
        there = [variant.facts for variant in self.variants if variant.blend]
        return all(v.state in done for v in self.variants) and self.rule.goes_on(self.request, there)

    @property
    def on_a_further_try(self) -> bool:
        """It is ordered once more, and a model of an earlier try is there."""
        there = any(variant.state is VariantState.PREPARED for variant in self.variants)
        return self.rule.tries > 1 and there and self.state not in (State.READY, State.PLACED)

    @property
    def of_file(self) -> bool:
        """Its model is a file of the user's, which nobody can make or send once more."""
        return self.provider == FILES

    @property
    def under_way(self) -> bool:
        """The engine still has something to do for this job by itself."""
        if self.state in (State.FAILED, State.CANCELLED, State.CHOOSING_CUTOUT):
            return bool(self.next_save)
        if self.state in (State.READY, State.PLACED):
            return bool(self.next_save or self.next_to_prepare or self.tries_again) or any(
                v.state is VariantState.GENERATING or self.wants_download(v) or v.lacks_preview for v in self.variants
            )
        return True

    @property
    def retry_pays(self) -> bool:
        """Trying again is a new submission after one that was, or may have been, paid."""
        if self.state is not State.FAILED or self.submission.in_doubt:
            return False
        made = any(v.revivable or v.state is not VariantState.FAILED for v in self.variants)
        refused = bool(self.submission.refused) and not self.submission.documented  # and nobody can say more
        lost = refused or (self.error is not None and self.error["code"] == "PaymentUnknown")
        ended = self.variants or not self.choice.picture_ids  # pictures that are there are not ordered again
        return lost or (bool(ended) and not self.costs.free and not made)

    @property
    def waits(self) -> bool:
        """The user, or an open file, is waited for: the job is to be shown after a restart."""
        if self.state is State.READY and self.request.get("keep_in"):
            return False  # its file is where it was to go
        return self.state in (State.CHOOSING_CUTOUT, State.READY) and not self.dismissed

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able snapshot, complete enough to be read back by :meth:`from_dict`; the fields of a record stand
        in it as the job's own."""
        told = _plain(self)
        for name in RECORDS:
            told |= told.pop(name)
        told["submission"] = told.pop("number")  # it is told under the name of what it counts
        derived = {"under_way": self.under_way, "retry_pays": self.retry_pays, "comparing": self.comparing}
        total, in_doubt = self.costs.total, self.submission.in_doubt
        cost = None if in_doubt and not total else total  # nothing so far, and what that was is not known
        unsure = self.costs.estimated or in_doubt or bool(self.delivery.converting)
        points = {"cost": cost, "cost_estimated": unsure, "committed": self.committed}
        return {**told, **derived, **points}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Job:
        """Read a snapshot; keys that this version does not know are passed over."""
        job = cls(**_known(cls, data))
        for name, record in RECORDS.items():
            setattr(job, name, record(**_known(record, data)))
        job.submission.number = data.get("submission", 0)
        job.state, job.waits_for = State(job.state), WaitsFor(job.waits_for)
        job.variants = [Variant(**_known(Variant, raw)) for raw in data.get("variants", [])]
        for variant in job.variants:
            variant.state = VariantState(variant.state)
        job.delivery.saves = [Save(**_known(Save, raw)) for raw in data.get("saves", [])]
        for save in job.delivery.saves:
            save.state = SaveState(save.state)
        return job


#: Errors of jobs of which an answer came that could not be read, or may have.
UNREAD = ("UnexpectedAnswer", "PaymentUnknown", "SubmissionLost")


def _known(cls: type[Any], data: dict[str, Any]) -> dict[str, Any]:
    return {name: data[name] for name in cls.__dataclass_fields__ if name in data}


def _plain(value: Any) -> Any:
    """What ``dataclasses.asdict`` gives, in a fifth of its time: it is taken of every job whenever that changes."""
    kind = type(value)
    if kind in _PLAIN:
        value = vars(value)
    elif kind is list:
        return [_plain(part) if type(part) in _NESTED else part for part in value]
    elif kind is not dict:
        return value
    return {name: _plain(part) if type(part) in _NESTED else part for name, part in value.items()}


#: The records of a job, whose fields stand in its snapshot as its own.
RECORDS: dict[str, type[Any]] = {
    "choice": Choice, "costs": Costs, "delivery": Delivery, "rule": Rule, "submission": Submission,
}  # fmt: skip
_PLAIN = {Job, Variant, Save, *RECORDS.values()}
_NESTED = {dict, list, *_PLAIN}

"""What a job is: its states, its variants, and the snapshot of it that travels to the host.

Standard library only; no I/O.
"""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from typing import Any


class State(StrEnum):
    """The states of a job. Each change of state is in the journal before its effect leaves the process."""

    QUEUED = "queued"
    PREPARING_INPUT = "preparing_input"
    CHOOSING_CUTOUT = "choosing_cutout"
    SUBMITTING = "submitting"
    UNKNOWN = "unknown"
    GENERATING = "generating"
    CONVERTING = "converting"
    DOWNLOADING = "downloading"
    PREPARING_MODEL = "preparing_model"
    READY = "ready"
    PLACED = "placed"
    FAILED = "failed"
    CANCELLED = "cancelled"


#: A file of this name stands beside the journal while a job is under way, so that Blender's start
#: need not open the database.
UNFINISHED = "unfinished"
#: Nothing more happens to the job's first model without somebody asking for it.
SETTLED = frozenset({State.PLACED, State.FAILED, State.CANCELLED})
#: Cancelling in these costs nothing: the service has not accepted anything yet.
FREE_TO_CANCEL = frozenset({State.QUEUED, State.PREPARING_INPUT, State.CHOOSING_CUTOUT})


class VariantState(StrEnum):
    """How far one of the models of a job is."""

    GENERATING = "generating"
    DONE = "done"  # at the service, paid for
    DOWNLOADED = "downloaded"
    PREPARED = "prepared"
    FAILED = "failed"


@dataclass
class Variant:
    """One of the models that a job asked for.

    ``progress`` is 0..1. ``preview``, ``model`` and ``blend`` are absolute paths, empty until the
    file is there whole. ``facts`` is what the preparer measured (see prepare/).
    """

    index: int
    uuid: str
    state: VariantState = VariantState.GENERATING
    progress: float = 0.0
    model_url: str = ""
    preview_url: str = ""
    preview: str = ""
    model: str = ""
    blend: str = ""
    facts: dict[str, Any] = field(default_factory=dict)
    error: dict[str, str] | None = None

    @property
    def lacks_preview(self) -> bool:
        """There is a picture at the service that has not been fetched; the model itself goes first."""
        here = self.state in (VariantState.DOWNLOADED, VariantState.PREPARED)
        return here and bool(self.preview_url) and not self.preview


@dataclass
class Job:
    """A job, from the click to the model in the scene.

    Args:
        id: the client's own uuid.
        provider: id of the service.
        request: what was asked for (prompt, variants, size_mm, ...); never changes.
        target: where the model is to stand; written and read by the host only.
        tickets: the uuids of our own that the submission carries, in the journal before it goes out.
        submission: 1 for the first time the request is sent, counted up by each new one.
        cost: points that were spent, or None before the service accepted anything.
        cost_estimated: the cost is the documented price, not what the balance really fell by.
        seconds: how long the job was in each state so far.
        note: what is going on right now in words, where the state alone does not say it.
        dismissed: the user has seen how it ended and wants it out of the list of present jobs.
        typical: seconds such a job usually takes, for progress where the service reports none.
    """

    id: str
    provider: str
    request: dict[str, Any]
    target: dict[str, Any] = field(default_factory=dict)
    state: State = State.QUEUED
    progress: float = 0.0
    progress_estimated: bool = False
    error: dict[str, str] | None = None
    cost: int | None = None
    cost_estimated: bool = False
    tickets: list[str] = field(default_factory=list)
    submission: int = 0
    variants: list[Variant] = field(default_factory=list)
    chosen: int | None = None
    seconds: dict[str, float] = field(default_factory=dict)
    note: str = ""
    typical: float = 90.0
    folder: str = ""
    dismissed: bool = False
    created: float = field(default_factory=time.time)
    entered: float = field(default_factory=time.time)
    owner: str = ""

    def enter(self, state: State, now: float | None = None) -> None:
        """Change the state and book the time spent in the one that ends."""
        now = time.time() if now is None else now
        self.seconds[self.state] = self.seconds.get(self.state, 0.0) + max(0.0, now - self.entered)
        self.state, self.entered, self.note = state, now, ""
        if state is not State.FAILED:
            self.error = None

    @property
    def primary(self) -> Variant | None:
        """The variant that the job's own state speaks of: the chosen one, else the furthest one."""
        if self.chosen is not None:
            return next((v for v in self.variants if v.index == self.chosen), None)
        order = (VariantState.PREPARED, VariantState.DOWNLOADED, VariantState.DONE, VariantState.GENERATING)
        alive = [v for v in self.variants if v.state in order]
        return min(alive, key=lambda v: (order.index(v.state), v.index), default=None)

    @property
    def under_way(self) -> bool:
        """The engine still has something to do for this job by itself."""
        if self.state in (State.FAILED, State.CANCELLED, State.CHOOSING_CUTOUT):
            return False
        if self.state in (State.READY, State.PLACED):
            open_ended = (VariantState.GENERATING, VariantState.DONE)
            return any(v.state in open_ended or v.lacks_preview for v in self.variants)
        return True

    def to_dict(self) -> dict[str, Any]:
        """A JSON-able snapshot, complete enough to be read back by :meth:`from_dict`."""
        return {**asdict(self), "under_way": self.under_way}

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Job:
        """Read a snapshot; keys that this version does not know are passed over."""
        known = {f.name for f in fields(cls)}
        job = cls(**{k: v for k, v in data.items() if k in known})
        job.state = State(job.state)
        names = {f.name for f in fields(Variant)}
        job.variants = [Variant(**{k: v for k, v in raw.items() if k in names}) for raw in data.get("variants", [])]
        for variant in job.variants:
            variant.state = VariantState(variant.state)
        return job

"""What the engine tells of jobs, as values with names and types: read once when it arrives, and never changed.

Who knows more than the engine for a moment puts a changed copy (``dataclasses.replace``) into the table of jobs.
What a later version adds is passed over, what an earlier one did not know has the engine's default. Standard library
and the engine's ``protocol`` only; loaded when there are jobs, because Blender's start defines no dataclasses.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from pathlib import Path
from typing import Any, TypedDict, TypeVar

from ...engine import protocol
from ...engine.protocol import Balance, ErrorTexts, Facts, JobFailed, PrepareValues, Report, Request, State, WaitsFor
from .job_target import Target

_Read = TypeVar("_Read")


class Payment(TypedDict):
    """What a paid operation cost: ``points`` (None where nobody says), and whether that is estimated."""

    operation: str
    points: int | None
    estimated: bool


@dataclass(frozen=True, slots=True)
class Variant:
    """One of the models of a job.

    Attributes:
        index: 0, 1, ...; what ``Job.place(variant=...)`` takes.
        state: generating, done, downloaded, prepared or failed. progress: 0..1.
        format: what the file turned out to be.
        preview: path of the service's picture, empty while there is none.
        model: path of the downloaded file. blend: path of the prepared one.
        facts: what was measured.
        scale: the service's own word on how it scaled a conversion.
        uuid: the service's own id of it. details: what else the service says of the model, by its own names.
        error: why it failed: what, kept, cost, remedy and code; None where it did not.
    """

    index: int
    state: str = "generating"
    progress: float = 0.0
    format: str = ""
    preview: str = ""
    model: str = ""
    blend: str = ""
    facts: Facts = field(default_factory=Facts)
    scale: float | None = None
    details: dict[str, str] = field(default_factory=dict)
    error: ErrorTexts | None = None
    uuid: str = ""

    @property
    def report(self) -> Report | None:
        """What the checks found in it, and what it is good for; None where it was not checked."""
        return _report(self.facts)

    @property
    def can_be_kept(self) -> bool:
        """A model that failed has a file all the same: it is the file that was refused."""
        return self.state == "done" or bool(self.error and self.error["code"] in ("BrokenModel", "UnsafeModel"))


@dataclass(frozen=True, slots=True)
class Save:
    """A file that the user wants to keep.

    Attributes:
        state: asked, converting, saved or failed. folder: where to.
        path: the file, when it is there; for formats that come as several files, their folder.
        error: why it could not be kept, as in :class:`Variant`.
    """

    id: str
    variant: int
    format: str
    folder: str
    size_mm: float | None = None
    state: str = "asked"
    path: str = ""
    error: ErrorTexts | None = None

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Save:
        """Read what the engine has written. Until a file is saved its path is a name that nothing has yet."""
        save = read_as(cls, told)
        return save if save.state == "saved" else replace(save, path="")

    @property
    def over(self) -> bool:
        """It was kept, or could not be."""
        return self.state in ("saved", "failed")

    def kept(self) -> Path:
        """The file that was kept; JobFailed where it could not be."""
        if self.error:
            raise JobFailed.from_dict(self.error)
        return Path(self.path)


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it was when the engine spoke of it; ``engine.model.job.Job`` says more of each value.

    Attributes:
        id: its uuid. provider: id of the service. request: what was asked for. target: where the model is to go.
        progress: 0..1, of the present state. progress_estimated: by the time alone.
        error: what went wrong: what, kept, cost, remedy and code; None where nothing did.
        spent: what each paid operation cost. cost: points of all of them, None where nothing is known.
        cost_estimated: what a part of them cost is not known, or whether something more was paid.
        balance_before: points there were before the last paid request.
        pictures: paths of the pictures to choose from, empty for one that could not be fetched. cutout: the index
            of the one that was chosen.
        picture_ids: the service's ids of those that were made of the prompt.
        native: the format that the service makes by itself.
        tickets: ids of ours that the last paid request carried.
        in_doubt: it is not known whether a submission arrived. paying_for: "pictures", or "" for the models.
        waits_for: why it stands still. until: when it goes on, or ends (seconds since the epoch), 0 where it does not.
        asks: points in all that the user is asked to approve of, while it waits for that.
        note: what is going on, in words.
        chosen: index of the variant that is the job's own. placed: indices of those that stand in a scene.
        seconds: how long it was in each state so far.
        folder: path of its files. bytes: what they take; None where that was not measured, or not asked for.
        batch: id of the batch it belongs to, or empty. item: its place in the batch's input.
        user, project, agent: on whose account, for what and by whom (empty: the user) it was asked for.
        created, entered: when it was made, and came to its state (seconds since the epoch).
        revision: of two snapshots the one with the higher number is newer.
        tries: how often models were ordered by its rule. tries_ended: why they are not once more, as in ``error``.
        comparing: more of its models are to come before it is known which one is the best, and is placed.
        under_way: the engine has something to do for it. retry_pays: trying again is paid again.
        left: there is something to do for it, and this engine does not: what worked on it is no more, or elsewhere.
    """

    id: str
    provider: str
    request: Request
    target: Target = field(default_factory=Target)
    state: State = State.QUEUED
    progress: float = 0.0
    progress_estimated: bool = False
    error: ErrorTexts | None = None
    spent: list[Payment] = field(default_factory=list)
    cost: int | None = None
    cost_estimated: bool = False
    balance_before: int | None = None
    pictures: list[str] = field(default_factory=list)
    cutout: int | None = None
    picture_ids: list[str] = field(default_factory=list)
    service: dict[str, str] = field(default_factory=dict)
    saves: list[Save] = field(default_factory=list)
    native: str = "GLB"
    tickets: list[str] = field(default_factory=list)
    in_doubt: bool = False
    paying_for: str = ""
    waits_for: WaitsFor = WaitsFor.NOTHING
    until: float = 0.0
    asks: int = 0
    variants: list[Variant] = field(default_factory=list)
    chosen: int | None = None
    placed: list[int] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)
    note: str = ""
    folder: str = ""
    bytes: int | None = None
    dismissed: bool = False
    batch: str = ""
    item: int = 0
    user: str = ""
    project: str = ""
    agent: str = ""
    created: float = 0.0
    entered: float = 0.0
    revision: int = 0
    under_way: bool = True
    left: bool = False
    retry_pays: bool = False
    comparing: bool = False
    tries: int = 1
    tries_ended: ErrorTexts | None = None

    @classmethod
    def read(cls, told: Mapping[str, Any], before: Job | None = None) -> Job:
        """Read what ``engine.model.job.Job.to_dict`` has written.

        Python's garbage collector looks at each list and object from time to time, all at once: thousands of jobs have
        what is empty in common, and an unchanged request with the snapshot from ``before``.
        """
        values = known(cls, told)
        same = before and vars(before.request) == told["request"]
        values["request"] = before.request if before and same else read_as(Request, told["request"])
        values["state"] = State(told.get("state", State.QUEUED))
        values["waits_for"] = WaitsFor(told.get("waits_for", WaitsFor.NOTHING))
        values["under_way"] = told.get("under_way", True) and not told.get("left")
        values["pictures"] = [cutout["path"] for cutout in told.get("cutouts", ())]
        values["saves"] = [Save.read(save) for save in told.get("saves", ())]
        values["variants"] = [read_as(Variant, variant) for variant in told.get("variants", ())]
        values |= {name: _EMPTY[type(value)] for name, value in values.items() if value in ([], {})}
        return cls(**values)

    @classmethod
    def of(cls, job: protocol.Job) -> Job:
        """The snapshot of a job that is made here."""
        return cls.read(job.to_dict())


@dataclass(frozen=True, slots=True)
class ToPrepare:
    """A model that the host is asked to prepare: job, index of the variant, and what would stand in the job file."""

    job: str
    variant: int
    values: PrepareValues


def balance(told: Mapping[str, Any]) -> Balance:
    """Read what the event ``balance`` tells."""
    return read_as(Balance, told)


def read_as(cls: type[_Read], told: Mapping[str, Any]) -> _Read:
    """An object of that class by what the engine tells of it."""
    if cls not in _WHOLE:
        _WHOLE[cls] = itemgetter(*_names(cls))
    try:
        return cls(*_WHOLE[cls](told))  # a tick reads thousands of jobs
    except KeyError:  # of an earlier version
        return cls(**known(cls, told))


def _report(facts: Facts) -> Report | None:
    """The report among the facts, read once: a panel asks with each redraw, and of thousands of jobs nobody does."""
    told = facts.get("report")
    if told is None:
        return None
    if id(told) not in _READ:
        try:
            found = Report.from_json(told)
        except ValueError:
            found = None
        if len(_READ) >= _MOST_READ:
            _READ.pop(next(iter(_READ)))
        _READ[id(told)] = told, found
    return _READ[id(told)][1]


#: By its id, each report that was read: as it was told, which keeps the id its own, and as a record.
_READ: dict[int, tuple[object, Report | None]] = {}
_MOST_READ = 500

_EMPTY: dict[type[Any], Any] = {list: [], dict: {}}
#: By class, what takes all its values at once.
_WHOLE: dict[type[Any], itemgetter[Any]] = {}


def known(cls: type[Any], told: Mapping[str, Any]) -> dict[str, Any]:
    """The attributes of a dataclass that are told."""
    return {name: told[name] for name in _names(cls) if name in told}


def _names(cls: type[Any]) -> Iterable[str]:
    names: dict[str, Any] = cls.__dataclass_fields__
    return names

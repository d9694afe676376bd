"""What the engine answers: jobs and batches, sums, what an account has, a balance. See ``snapshots``.

Standard library and the engine's ``protocol`` only; loaded when there are jobs, because Blender's start defines no
dataclasses.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ...engine.protocol import Balance, BatchRecord, ErrorTexts, UnsupportedFeature
from .snapshots import Job, balance, known, read_as


@dataclass(frozen=True, slots=True)
class Total:
    """What the jobs of a month at a service came to.

    Attributes:
        month: "2031-05". provider: id of the service.
        jobs: how many there were. points: what they cost. Deleted jobs count in both.
        bytes: what their files take now.
    """

    month: str
    provider: str
    jobs: int
    points: int
    bytes: int


@dataclass(frozen=True, slots=True)
class AccountModel:
    """A model that an account has at a service, whoever made it with what.

    Attributes:
        id: the service's. title: the words that it was made of; empty where the service lists none.
        created: when, in seconds since the epoch; None where the service does not tell.
        outcome: done, generating, next (it waits for an order that costs points) or failed; empty where the service
            does not tell.
        obstacle: why it cannot be brought in, in a sentence; empty where it can, or may yet.
        preview_url: of its picture; empty where there is none.
        job: id of the newest job that has it here; empty where none does.
    """

    id: str
    title: str = ""
    created: float | None = None
    outcome: str = ""
    obstacle: str = ""
    preview_url: str = ""
    job: str = ""


@dataclass(frozen=True, slots=True)
class AccountPage:
    """Models of an account, newest first, as far as the service lists them so. What is made meanwhile may move one to
    the next page, where it comes once more.

    Attributes:
        models: may be few, or none, though there is a page after it. more: there is one.
    """

    models: list[AccountModel]
    more: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """What the engine answers to a command; ``engine/protocol.py`` says which of the values each one has.

    Attributes:
        error: why it was refused: what, kept, cost, remedy and code; None where it was not.
        jobs: snapshots. total: how many there are in all. gone: ids of jobs that the journal does not have.
        batches: of ``batch`` the one that was asked for.
        balance: None where the service does not tell it.
        models: of an account. more: there is a page after it. pictures: paths of small ones, by their ids.
        again: how many go on. freed: bytes. path: of what was written.
        quote: what an agent's jobs cost together at most, as the command ``quote`` tells it. audit, boxes: as the
            commands of these names do.
    """

    error: ErrorTexts | None = None
    jobs: list[Job] = field(default_factory=list)
    gone: list[str] = field(default_factory=list)
    total: int = 0
    totals: list[Total] = field(default_factory=list)
    batches: list[BatchRecord] = field(default_factory=list)
    balance: Balance | None = None
    models: list[AccountModel] = field(default_factory=list)
    more: bool = False
    pictures: dict[str, str] = field(default_factory=dict)
    again: int = 0
    freed: int = 0
    path: str = ""
    quote: dict[str, Any] = field(default_factory=dict)
    boxes: list[dict[str, Any]] = field(default_factory=list)
    audit: dict[str, Any] = field(default_factory=dict)

    @property
    def points(self) -> Balance:
        """The balance; UnsupportedFeature where the service does not tell it."""
        if self.balance is None:
            raise UnsupportedFeature("The service does not tell how many points are left.")
        return self.balance

    @classmethod
    def read(cls, told: Mapping[str, Any]) -> Answer:
        """Read the event ``answer``."""
        values = known(cls, told)
        values["jobs"] = [Job.read(job) for job in told.get("jobs", ())]
        values["totals"] = [read_as(Total, total) for total in told.get("totals", ())]
        batches = [told["batch"]] if "batch" in told else told.get("batches", ())
        values["batches"] = [BatchRecord.from_dict(batch) for batch in batches]
        values["models"] = [read_as(AccountModel, model) for model in told.get("models", ())]
        values["balance"] = balance(told["balance"]) if told.get("balance") else None
        return cls(**values)

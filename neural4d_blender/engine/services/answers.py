"""What a provider's calls return, and what they need of the transport.

Standard library only.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol


class Outcome(Enum):
    """What polling found."""

    GENERATING = "generating"
    NEXT = "next"  # a stage is done, and the service waits for the order of the next one
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Balance:
    """Points at the service. ``expires``: the day (as the service writes it) on which points lapse."""

    total: int
    monthly: int = 0
    permanent: int = 0
    yearly: int = 0
    expires: str = ""


@dataclass(frozen=True)
class Cutout:
    """One of the pictures to choose from: what the service calls it, and where it is."""

    key: str
    url: str


@dataclass(frozen=True)
class Poll:
    """The answer to one poll.

    Args:
        progress: 0..1, or None where this answer does not tell.
        model_url: the model in the format that the service makes; with NEXT, what there is of it so far.
        mirrors: where else the same file is.
        parts: of a model that comes in several files, the name and address of each; model_url is the first one's.
        stage: what the service is at, in words, where a model takes several stages.
        doubtful: the answer casts doubt on the job: ask for its result next. With NEXT: the service may be at
            work on that order already.
        eta: seconds that are left, by the service's word.
        points: what the service says the job has cost; None where it says nothing.
        order: with NEXT, the name of the order that the service waits for.
        choices: with NEXT, pictures one of which the order has to name.
        details: what else the service says of the model, by its own names.
    """

    outcome: Outcome
    progress: float | None = None
    model_url: str = ""
    mirrors: tuple[str, ...] = ()
    parts: tuple[tuple[str, str], ...] = ()
    preview_url: str = ""
    message: str = ""
    stage: str = ""
    doubtful: bool = False
    eta: float | None = None
    points: int | None = None
    order: str = ""
    choices: tuple[Cutout, ...] = ()
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """What the service accepted.

    Args:
        uuids: an id for each model, or picture; empty for one that came at once and cannot be asked about again.
        points: what the service says that it costs; None where it says nothing.
        failures: for each model that was refused, why.
        polls: what is known of a model already, by its id: some services answer with the result at once.
        details: what else the service said, by its own names.
    """

    uuids: list[str]
    failures: list[str] = field(default_factory=list)
    polls: dict[str, Poll] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)
    points: int | None = None


@dataclass(frozen=True)
class Trace:
    """What the service shows of a submission whose answer was lost.

    Args:
        found: what it accepted, None where it shows nothing of it.
        proof: that it shows nothing means that it has not taken it.
    """

    found: Submission | None = None
    proof: bool = False


@dataclass(frozen=True)
class Portrait:
    """Whether a person is in the picture. ``valid`` False: the service could not tell, see ``message``."""

    valid: bool
    found: bool
    message: str = ""


@dataclass(frozen=True)
class Conversion:
    """A model in another format. ``url`` is empty while it is being made."""

    url: str = ""
    scale: float | None = None
    message: str = ""
    details: dict[str, str] = field(default_factory=dict)


class Http(Protocol):
    """What a provider needs of the transport."""

    @property
    def url(self) -> str:
        """The service's address, without a slash at its end."""
        ...

    def call(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        files: Sequence[tuple[str, str]] = (),
        *,
        method: str = "POST",
        paid: bool = False,
        form: bool = False,
    ) -> dict[str, Any]:
        """Make one request and return the JSON object that came back; raises the classes of errors.py.

        Args:
            body: sent as JSON, or as the text fields of a form where there are files; a GET has none.
            files: (field, path) pairs, sent as multipart/form-data.
            paid: it may cost points. form: a form even without files.
        """
        ...

    def check_pace(self, *, paid: bool) -> None:
        """Raise HeldBack where such a call may not leave yet."""
        ...

    def slow_down(self, seconds: float | None, *, paid: bool) -> float:
        """The service asked for that in an answer that is no refusal by its status; returns the wait in seconds."""
        ...


def whole(value: object) -> int | None:
    """A number, also as a text, rounded down; None where the value is none."""
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
    except ValueError:
        return None
    return math.floor(number) if math.isfinite(number) else None


def details(answer: Mapping[str, Any], *names: str) -> dict[str, str]:
    """What else was said, by its own names."""
    return {name: str(answer[name]) for name in names if answer.get(name) not in (None, "")}

"""What a provider's calls return, what they need of the transport, and how values are read, however they are written.

Standard library only. What is documented as a number, a list or True may come as a text, by itself or not at all: what
can be used of an answer is used, and nothing is made up.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Protocol

#: Characters of a detail that a service tells.
LONGEST = 2000


class Outcome(Enum):
    """What polling found."""

    GENERATING = "generating"
    NEXT = "next"  # a stage is done, and the service waits for the order of the next one
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Balance:
    """Points at the service, whole ones.

    Args:
        expires: the day (as the service writes it) on which points lapse. part: of a point, beyond the whole ones.
    """

    total: int
    monthly: int = 0
    permanent: int = 0
    yearly: int = 0
    expires: str = ""
    part: float = 0.0

    @property
    def exact(self) -> float:
        """All of them: less than a point may be paid."""
        return self.total + self.part if self.part else self.total


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
        title: the prompt that it was made of, or what else the service calls it; of a model that is brought in.
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
    title: str = ""


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


@dataclass(frozen=True)
class Listed:
    """A model that an account has, as the service lists it.

    Args:
        id: what it is asked for with. title: the words that it was made of; empty where the list has none.
        created: when (seconds since the epoch); None where the list does not tell.
        outcome: what has become of it; None where the list does not tell.
        preview_url: of a picture of it, or of what it was made of; a data URI where it stands in the list itself; empty
            where there is none.
        obstacle: why it cannot be brought in, in a sentence; empty where it can, or may yet.
    """

    id: str
    title: str = ""
    created: float | None = None
    outcome: Outcome | None = None
    preview_url: str = ""
    obstacle: str = ""


@dataclass(frozen=True)
class AccountPage:
    """A page of an account's models, newest first. It may have none, and another page some all the same.

    Args:
        more: there is a page after it.
    """

    models: list[Listed] = field(default_factory=list)
    more: bool = False


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


def number(value: object) -> float | None:
    """A number, also as a text, with a percent sign or without; None where the value is none."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        found = float(value.rstrip("% ") if isinstance(value, str) else value)
    except (ValueError, OverflowError):
        return None
    return found if math.isfinite(found) else None


def whole(value: object) -> int | None:
    """The same, rounded down."""
    found = number(value)
    return None if found is None else math.floor(found)


def flag(value: object) -> bool | None:
    """True or False, also as a text or a number; None where the value is neither."""
    said = str(value).strip().lower() if isinstance(value, bool | int | float | str) else ""
    return {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}.get(said)


def items(value: object) -> list[Any]:
    """What a list has, less what is null; a value that stands by itself is a list of one."""
    return [one for one in (value if isinstance(value, list) else [value]) if one is not None]


def text(value: object) -> str:
    """A text, or the first one of a list; empty where there is none."""
    return next((one for one in items(value) if isinstance(one, str) and one.strip()), "").strip()


def ids(value: object) -> list[str]:
    """Ids: texts by the documents, and a number is one all the same; each once."""
    found = [one for one in items(value) if isinstance(one, int | str) and not isinstance(one, bool)]
    return list(dict.fromkeys(str(one).strip() for one in found if str(one).strip()))


def inner(answer: object, name: str) -> dict[str, Any]:
    """The object of that name, or the first one of a list; empty where there is none."""
    found = items(answer.get(name)) if isinstance(answer, Mapping) else []
    return next((one for one in found if isinstance(one, dict)), {})


def part(value: object) -> float:
    """What is beyond that; to a millionth, since sums of fractions are not exact."""
    return round((number(value) or 0.0) % 1, 6) % 1


def details(answer: Mapping[str, Any], *names: str) -> dict[str, str]:
    """What else was said, by its own names; more than a screen of it nobody reads."""
    return {name: str(answer[name])[:LONGEST] for name in names if answer.get(name) not in (None, "")}

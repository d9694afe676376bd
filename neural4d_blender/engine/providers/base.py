"""What every service looks like to the engine: the calls, and what comes back from them.

What it can do stands in its declaration (declaration.py). Standard library only: the host reads
declarations, so nothing here may import requests. A provider is handed an object that can make HTTP
calls (``Http``) and translates meanings; trouble with the network has been translated to errors.py
before it gets here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, ClassVar, Protocol

from ..declaration import Declaration, Feature, Quote
from ..errors import UnexpectedAnswer
from ..request import Request


@dataclass(frozen=True)
class Balance:
    """Points at the service. ``expires``: the day (as the service writes it) on which points lapse."""

    total: int
    monthly: int = 0
    permanent: int = 0
    yearly: int = 0
    expires: str = ""


class Outcome(Enum):
    """What polling found."""

    GENERATING = "generating"
    NEXT = "next"  # a stage is done, and the service waits for the order of the next one
    DONE = "done"
    FAILED = "failed"


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
        uuids: an id for each model; empty for one that came at once and cannot be asked about again.
        failures: for each model that was refused, why.
        polls: what is known of a model already, by its id: some services answer with the result at once.
        details: what else the service said, by its own names.
    """

    uuids: list[str]
    failures: list[str] = field(default_factory=list)
    polls: dict[str, Poll] = field(default_factory=dict)
    details: dict[str, str] = field(default_factory=dict)


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

    def call(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        files: Sequence[tuple[str, str]] = (),
        *,
        method: str = "POST",
    ) -> dict[str, Any]:
        """Make one request and return the JSON object that came back; raises the classes of errors.py.

        Args:
            body: sent as JSON, or as the text fields of a form where there are files; a GET has none.
            files: (field, path) pairs, sent as multipart/form-data.
        """
        ...


class Provider(ABC):
    """One service. Methods make one request each and raise the classes of errors.py."""

    declaration: ClassVar[Declaration]

    def __init__(self, http: Http) -> None:
        self.http = http

    @classmethod
    def check(cls, request: Request) -> None:
        """Refuse, beyond what the declaration says, what the service cannot do; InvalidInput."""
        return

    @classmethod
    @abstractmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """What the request is documented to cost: the submission itself first, then what may follow."""

    def balance(self) -> Balance:
        """The points that are left; UnsupportedFeature where the service does not tell."""
        self.declaration.require(Feature.BALANCE)
        raise NotImplementedError

    def test_key(self) -> Balance | None:
        """Make a call that costs nothing and works only with a valid key; the balance where there is one.

        Raises:
            KeyRejected: the service did not accept the key.
        """
        return self.balance()

    @classmethod
    def tickets(cls, request: Request, job_id: str) -> list[str]:
        """Ids of our own that the submission carries; empty where the service takes none."""
        return []

    def checks_portrait(self, request: Request) -> bool:
        """Whether the request's pictures are to be looked at for a person first."""
        return False

    def portrait(self, image: str) -> Portrait:
        """Look for a person in the picture at that path."""
        raise NotImplementedError

    def needs_cutout(self, request: Request) -> bool:
        """Whether the subject is cut out of the picture before the submission."""
        return False

    def cut_out(self, image: str) -> tuple[str, dict[str, str]]:
        """Upload a picture; returns the id to ask :meth:`cutouts` with, and what else the service said."""
        raise NotImplementedError

    def cutouts(self, request_id: str) -> list[Cutout]:
        """The cut-outs to choose from; empty while they are being made."""
        raise NotImplementedError

    @abstractmethod
    def submit(self, request: Request, tickets: Sequence[str], cutout: str = "") -> Submission:
        """Send the job: the call that costs points.

        Args:
            tickets: ids of our own, from :meth:`tickets`. cutout: key of the chosen cut-out.
        """

    def arrived(self, tickets: Sequence[str]) -> bool | None:
        """Whether a submission whose answer was lost reached the service; None: it cannot tell."""
        return None

    @abstractmethod
    def poll(self, uuid: str, expect_done: bool) -> Poll:
        """Ask about one model. ``expect_done``: it may well be finished, so ask for the result itself."""

    @classmethod
    def goes_on_by_itself(cls, request: Request) -> bool:
        """Whether the service goes from stage to stage unasked: nothing is ordered, whatever its answers look like."""
        return False

    @classmethod
    def order_quote(cls, order: str) -> Quote:
        """What the order that a poll names is documented to cost."""
        return Quote(order, None)

    def order(
        self, uuid: str, order: str, request: Request, choice: str, dimensions: tuple[float, float, float] | None
    ) -> None:
        """Order the next stage of a model, which may cost points; a poll tells whether it arrived.

        Args:
            order: as the poll named it.
            choice: key of the chosen picture, empty where there was nothing to choose.
            dimensions: (width, height, depth) in metres, in glTF's axes, of what there is of the model so
                far at the size that is asked for; None where no size is, or the model could not be measured.
        """
        raise NotImplementedError

    def convert(self, uuid: str, format: str, size_mm: float | None) -> Conversion:
        """Ask for a model in another format; asking again for the same one costs nothing."""
        raise NotImplementedError

    @classmethod
    def conversion_quote(cls) -> Quote:
        """What converting one model is documented to cost."""
        return Quote("conversion", 0)


def value_of(answer: Mapping[str, Any], name: str, *kinds: type) -> Any:
    """A field of an answer, or UnexpectedAnswer that shows what came instead."""
    value = answer.get(name)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        shown = {key: value for key, value in answer.items() if "url" not in key.lower()}
        raise UnexpectedAnswer(f"The service's answer has no usable {name!r}. It was: {str(shown)[:200]}")
    return value

"""What every service looks like to the rest: a declaration of what it can do, and the calls.

Standard library only: the host reads declarations, so nothing here may import requests. A provider
is handed an object that can make HTTP calls (``Http``) and translates meanings; trouble with the
network has been translated to errors.py before it gets here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path
from typing import Any, ClassVar, Protocol

from ..errors import InvalidInput, UnexpectedAnswer, UnsupportedFeature
from ..imagefile import read_image_facts
from ..request import Request


@dataclass(frozen=True)
class Option:
    """A setting that only this service has.

    Args:
        key: its name in Python and on the wire.
        kind: "int", "float", "bool", "choice" or "text".
        minimum, maximum: inclusive limits of a number.
        choices: the allowed texts of a "choice".
        help: one sentence for the tooltip.
        images_only: means nothing for a prompt.
    """

    key: str
    label: str
    kind: str
    default: Any
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()
    images_only: bool = False

    def check(self, value: object) -> None:
        """Raise InvalidInput, with the limits, where the value does not fit."""
        types: dict[str, tuple[type, ...]] = {"int": (int,), "float": (int, float), "bool": (bool,)}
        fits = isinstance(value, types.get(self.kind, (str,))) and isinstance(value, bool) == (self.kind == "bool")
        if fits and isinstance(value, int | float):
            fits = (self.minimum is None or value >= self.minimum) and (self.maximum is None or value <= self.maximum)
        if not fits or (self.choices and value not in self.choices):
            limits = ", ".join(self.choices) or f"{self.kind}, {self.minimum} to {self.maximum}"
            raise InvalidInput(f"The option {self.key} takes {limits}, not {value!r}.")


@dataclass(frozen=True)
class ImageLimits:
    """What a service takes as a picture.

    Args:
        formats: "PNG", "JPEG", "WEBP".
        smallest, largest: (width, height) in pixels, inclusive. max_bytes: inclusive.
    """

    formats: tuple[str, ...]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    max_bytes: int

    def check(self, path: str) -> None:
        """Raise InvalidInput, with the numbers, where the picture file does not fit."""
        facts, name = read_image_facts(path), Path(path).name
        if facts.format not in self.formats:
            raise InvalidInput(f"{name} is a {facts.format} picture; the service takes {', '.join(self.formats)}.")
        size = (facts.width, facts.height)
        for limit, off, word in (
            (self.smallest, any(a < b for a, b in zip(size, self.smallest, strict=True)), "least"),
            (self.largest, any(a > b for a, b in zip(size, self.largest, strict=True)), "most"),
        ):
            if off:
                raise InvalidInput(f"{name} is {size[0]} x {size[1]} pixels; {limit[0]} x {limit[1]} are the {word}.")
        if facts.size_bytes > self.max_bytes:
            raise InvalidInput(f"{name} is {facts.size_bytes:,} bytes long; {self.max_bytes:,} are the most.")


@dataclass(frozen=True)
class Declaration:
    """All that panel, command line and Python API need to know of a service.

    Args:
        id: its name in Python. ``name``: for people.
        url: default base address; ``url_env`` and ``key_env`` name the environment variables.
        inputs: "text", "image".
        formats: the first one is the default and costs nothing extra.
        balance: the service can tell how many points are left.
        finds_lost_jobs: it can say whether a request whose answer was lost did arrive.
        keys_page: where a user gets a key. ``terms_page``: where the service says what its models may be used for.
    """

    id: str
    name: str
    url: str
    url_env: str
    key_env: str
    inputs: frozenset[str]
    max_variants: int
    formats: tuple[str, ...]
    balance: bool
    finds_lost_jobs: bool
    keys_page: str
    terms_page: str
    options: tuple[Option, ...] = ()
    image_limits: ImageLimits | None = None
    max_images: int = 1

    def option(self, key: str) -> Option:
        """The option of that name; UnsupportedFeature, naming those there are, otherwise."""
        for option in self.options:
            if option.key == key:
                return option
        there_are = ", ".join(option.key for option in self.options) or "none"
        raise UnsupportedFeature(f"{self.name} has no option {key!r}; it has: {there_are}.")


@dataclass(frozen=True)
class Quote:
    """What an operation is going to cost: documented points, and the name its real price is kept under."""

    operation: str
    points: int


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
    DONE = "done"
    FAILED = "failed"


@dataclass(frozen=True)
class Poll:
    """The answer to one poll.

    Args:
        progress: 0..1, or None where this answer does not tell.
        doubtful: the answer casts doubt on the job: ask for its result next.
        details: what else the service says of the model, by its own names.
    """

    outcome: Outcome
    progress: float | None = None
    model_url: str = ""
    preview_url: str = ""
    message: str = ""
    doubtful: bool = False
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Submission:
    """What the service accepted.

    Args:
        uuids: an id for each model under way.
        failures: for each model that was refused, why.
        details: what else the service said, by its own names.
    """

    uuids: list[str]
    failures: list[str] = field(default_factory=list)
    details: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Cutout:
    """One way to cut the subject out of a picture: what the service calls it, and a picture of it."""

    key: str
    url: str


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
        self, path: str, body: Mapping[str, Any] | None = None, files: Sequence[tuple[str, str]] = ()
    ) -> dict[str, Any]:
        """POST and return the JSON object that came back; raises the classes of errors.py.

        Args:
            body: sent as JSON, or as the text fields of a form where there are files.
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

    @abstractmethod
    def balance(self) -> Balance:
        """The points that are left."""

    @classmethod
    def tickets(cls, request: Request) -> list[str]:
        """Ids of our own for the submission; empty where the service takes none."""
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

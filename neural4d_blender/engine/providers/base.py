"""What every service looks like to the rest: a declaration of what it can do, and the calls.

Standard library only: the host reads declarations, so nothing here may import requests. A provider
is handed an object that can make HTTP calls (``Http``) and translates meanings; trouble with the
network has been translated to errors.py before it gets here.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Protocol

from ..errors import InvalidInput, UnexpectedAnswer, UnsupportedFeature
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
    """

    key: str
    label: str
    kind: str
    default: Any
    help: str
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

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
        keys_page: where a user gets a key.
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
    options: tuple[Option, ...] = ()
    image_limits: ImageLimits | None = None

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
    """The answer to one poll. ``progress`` is 0..1, or None where this answer does not tell."""

    outcome: Outcome
    progress: float | None = None
    model_url: str = ""
    preview_url: str = ""
    message: str = ""


class Http(Protocol):
    """What a provider needs of the transport."""

    def call(self, path: str, body: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """POST a JSON body, return the JSON object that came back; raises the classes of errors.py."""
        ...


class Provider(ABC):
    """One service. Methods make one request each and raise the classes of errors.py."""

    declaration: ClassVar[Declaration]

    def __init__(self, http: Http) -> None:
        self.http = http

    @classmethod
    @abstractmethod
    def quote(cls, request: Request) -> Quote:
        """What the request is documented to cost."""

    @abstractmethod
    def balance(self) -> Balance:
        """The points that are left."""

    @classmethod
    def tickets(cls, request: Request) -> list[str]:
        """Ids of our own for the submission; empty where the service takes none."""
        return []

    @abstractmethod
    def submit(self, request: Request, tickets: Sequence[str]) -> list[str]:
        """Send the job: the one call that costs points. Returns an id for each model under way."""

    def arrived(self, tickets: Sequence[str]) -> bool | None:
        """Whether a submission whose answer was lost reached the service; None: it cannot tell."""
        return None

    @abstractmethod
    def poll(self, uuid: str, expect_done: bool) -> Poll:
        """Ask about one model. ``expect_done``: it may well be finished, so ask for the result itself."""


def field(answer: Mapping[str, Any], name: str, *kinds: type) -> Any:
    """A field of an answer, or UnexpectedAnswer that shows what came instead."""
    value = answer.get(name)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        shown = {key: value for key, value in answer.items() if "url" not in key.lower()}
        raise UnexpectedAnswer(f"The service's answer has no usable {name!r}. It was: {str(shown)[:200]}")
    return value

"""What every service looks like to the engine: the calls. What comes back from them stands in ``results``.

What it can do stands in its declaration (declaration.py). Standard library only, and loaded when Blender starts: the
host reads declarations, so nothing here may import requests. A provider is handed an object that can make HTTP
calls (``Http``) and translates meanings; trouble with the network has been translated to errors.py
before it gets here.
"""

from __future__ import annotations

import base64
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ..errors import Neural4DError, UnexpectedAnswer
from ..model.declaration import Declaration, Feature, Quote
from ..model.inputs import image_header
from ..model.server_facts import Server

if TYPE_CHECKING:
    from ..model.request import Request
    from ..system import System
    from .results import AccountPage, Balance, Conversion, Cutout, Http, Poll, Portrait, Submission, Trace


class Provider(ABC):
    """One service. Methods make one request each and raise the classes of errors.py."""

    declaration: ClassVar[Declaration]

    def __init__(self, http: Http, server: Server | None = None, system: System | None = None) -> None:
        """Args:
        http: makes the requests. server: what is known of the server, kept from one time to the next.
        system: the computer.
        """
        from ..system import SYSTEM  # providers are made in the engine only, their classes are there at Blender's start

        self.http = http
        self.server = server or Server()
        self.system = system or SYSTEM

    @classmethod
    def check(cls, request: Request) -> None:
        """Refuse, beyond what the declaration says, what the service cannot do; InvalidInput."""
        return

    def documented(self, quote: Quote) -> int | None:
        """What an operation costs at this server by the document that it follows; None where none says."""
        return quote.points

    @classmethod
    def lacks(cls, feature: Feature, facts: Mapping[str, str]) -> str:
        """Why the service, or its server of which these facts are known, cannot do that; empty where it can."""
        return cls.declaration.lacks(feature)

    @classmethod
    @abstractmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """What the request is documented to cost: the submission itself first, then what may follow."""

    @classmethod
    def makes(cls, request: Request) -> str:
        """The format that the service makes of the request by itself; every other one has to be asked for later."""
        return cls.declaration.native

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

    def list_models(self, page: int) -> AccountPage:
        """The models that the account has, whoever made them with what; a question that costs nothing.

        Args:
            page: 0 for the newest.

        Raises:
            UnsupportedFeature: the service, or its server, has no such list.
        """
        self.declaration.require(Feature.ACCOUNT)
        raise NotImplementedError

    def tickets(self, request: Request, job_id: str) -> list[str]:
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

    def makes_pictures(self, request: Request) -> bool:
        """Whether pictures are made of the prompt first, one of which becomes the model."""
        return request.picture_first

    def order_pictures(self, request: Request) -> Submission:
        """Have pictures made of the prompt: a call that costs points, by the first of :meth:`quotes`."""
        raise NotImplementedError

    def pictures(self, ids: Sequence[str]) -> list[Cutout]:
        """The pictures to choose from; empty while they are being made.

        Raises:
            GenerationFailed: none of them came about.
        """
        raise NotImplementedError

    @abstractmethod
    def submit(self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = "") -> Submission:
        """Send the job: the call that costs points.

        Args:
            tickets: ids of our own, from :meth:`tickets`. cutout: key of the chosen cut-out, or picture.
            picture: path of the chosen picture, where it was fetched.

        Raises:
            OtherGeneration: the server takes it in another form, which is known from now on; nothing happened.
        """

    def look_for(self, request: Request, tickets: Sequence[str], since: float, pictures: bool) -> Trace | None:
        """Look for a submission whose answer was lost; None where the service cannot be asked for it.

        Args:
            since: when it was sent (seconds since the epoch). pictures: it was the order of the pictures.
        """
        return None

    @classmethod
    def documents(cls, error: Neural4DError) -> bool:
        """Whether a refusal is one that the service's documents have: then it is the service that says no, and not
        somebody between here and there in its place.
        """
        return False

    def remember(self, uuid: str, tickets: Sequence[str]) -> None:
        """The server has answered a question about that model; the tickets are the job's."""
        return

    @abstractmethod
    def poll(self, uuid: str, expect_done: bool) -> Poll:
        """Ask about one model. ``expect_done``: it may well be finished, so ask for the result itself."""

    @classmethod
    def goes_on_by_itself(cls, request: Request) -> bool:
        """Whether the service goes from stage to stage unasked: nothing is ordered, whatever its answers look like."""
        return False

    def next_order(self, request: Request, poll: Poll) -> str:
        """Name of an order that the request has to follow a model that is done, by its poll; empty where none has."""
        return ""

    @classmethod
    def order_quote(cls, order: str) -> Quote:
        """What the order that a poll names is documented to cost."""
        return Quote(order, None)

    def order(
        self, uuid: str, order: str, request: Request, choice: str, dimensions: tuple[float, float, float] | None
    ) -> str:
        """Order the next stage of a model, which may cost points; a poll tells whether it arrived.

        Returns:
            The id that the model has from now on, where the stage makes a new one; else empty.

        Args:
            order: as the poll named it.
            choice: key of the chosen picture, empty where there was nothing to choose.
            dimensions: (width, height, depth) in metres, in glTF's axes, of what there is of the model so
                far at the size that is asked for; None where no size is, or the model could not be measured.
        """
        raise NotImplementedError

    def look_for_order(self, order: str, request: Request, since: float) -> Trace | None:
        """Look for an order whose answer was lost and that makes a new model; None where the model itself tells.

        Args:
            since: when it was sent (seconds since the epoch).
        """
        return None

    def here(self, url: str) -> Path:
        """Of what is built in: where the file is that an answer names."""
        raise NotImplementedError

    def convert(self, uuid: str, format: str, size_mm: float | None) -> Conversion:
        """Ask for a model in another format; asking again for the same one costs nothing."""
        raise NotImplementedError

    @classmethod
    def conversion_quote(cls) -> Quote:
        """What converting one model is documented to cost."""
        return Quote("conversion", 0)


def data_uri(path: str) -> str:
    """The picture itself, as text."""
    kind = image_header.MIME_TYPES[image_header.read_image_facts(path).format]
    return f"data:{kind};base64,{base64.b64encode(Path(path).read_bytes()).decode('ascii')}"


def value_of(answer: Mapping[str, Any], name: str, *kinds: type) -> Any:
    """A field of an answer, or UnexpectedAnswer that shows what came instead."""
    value = answer.get(name)
    if not isinstance(value, kinds) or (isinstance(value, bool) and bool not in kinds):
        shown = {key: value for key, value in answer.items() if "url" not in key.lower()}
        raise UnexpectedAnswer(f"The service's answer has no usable {name!r}. It was: {str(shown)[:200]}")
    return value

"""All the state of one running simulator, and the shapes in which a service and the gateway talk.

May import aiohttp by way of the parts it holds.
"""

from __future__ import annotations

import asyncio
import copy
import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from .files.convert import Converter
from .files.model_maker import ModelMaker, ModelSpec
from .http.file_store import FileStore
from .http.port import Port
from .http.rate_limit import Pace
from .http.request_log import RequestLog
from .http.settable_faults import Fault, FaultQueue
from .ledger import Ledger
from .settings import Settings


@dataclass
class Upload:
    """One file of a multipart form."""

    name: str
    content_type: str
    data: bytes


@dataclass
class Call:
    """One request as a service's endpoint sees it."""

    endpoint: str
    content_type: str
    body: bytes = b""
    #: Parts of a multipart form in the order they came; None where the body is no readable form.
    form: list[tuple[str, str | Upload]] | None = None
    fault: Fault | None = None
    query: Mapping[str, str] = field(default_factory=dict)

    def has_fault(self, name: str) -> bool:
        return self.fault is not None and self.fault.name == name

    def json(self) -> Any:
        """The body as JSON.

        Raises:
            ValueError: it is not JSON in UTF-8.
        """
        return json.loads(self.body.decode("utf-8"))


@dataclass
class Answer:
    """What an endpoint answers: a JSON object (or, where it is given, a text of the type in `headers`) and a status."""

    body: dict[str, Any]
    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    text: str | None = None


Handler = Callable[[Call], Awaitable[Answer]]


class Service(Protocol):
    """One service's endpoints. Its paths must not clash with another's: they share a port."""

    name: str
    endpoints: set[str]
    #: The endpoints that cost points: those that `limit_counts` and `answer_seconds` of the settings mean.
    paid: frozenset[str]
    #: For each endpoint the field that 'missing_field' and 'set_field' mean, dotted where it lies deeper.
    main_fields: Mapping[str, str]
    #: The fields that 'unknown_code' changes, dotted where they lie deeper.
    code_fields: tuple[str, ...]
    #: Fields of a request body that no log shows.
    secret_fields: frozenset[str]

    def find(self, method: str, path: str) -> tuple[str, Handler] | None:
        """The endpoint's name and handler for a path; the method counts where a path has several endpoints."""

    def methods(self, endpoint: str) -> set[str]: ...

    def authorised(self, headers: Mapping[str, str], call: Call) -> bool: ...

    def unauthorised(self, endpoint: str) -> Answer: ...

    def refused(self, endpoint: str, status: int, message: str) -> Answer:
        """An error in the endpoint's own shape."""

    def settle(self) -> None:
        """Bring the ledger up to date with what time has done."""

    def finish_jobs(self) -> None:
        """End every wait: jobs, mattings."""

    def jobs(self) -> list[dict[str, Any]]: ...

    def reset(self) -> None: ...


class World:
    """Settings, account, faults, log, files and models; one per simulator process."""

    def __init__(
        self, settings: Settings, models: ModelMaker | None = None, converter: Converter | None = None
    ) -> None:
        self.settings = settings
        self._at_start = copy.deepcopy(settings)
        self.ledger = Ledger(settings)
        self.faults = FaultQueue()
        self.log = RequestLog()
        self.pace = Pace()
        self.files = FileStore()
        self.models = models or ModelMaker()
        self.converter = converter or Converter()
        self.services: list[Service] = []
        self.api_port: Port | None = None
        self.file_port: Port | None = None
        #: Set when hanging connections are to be let go; a new one takes its place.
        self.released = asyncio.Event()

    def endpoints(self) -> set[str]:
        return {name for service in self.services for name in service.endpoints}

    async def set_fault(self, fault: Fault) -> None:
        """Queue a fault; 'connection_refused' with nothing to wait for acts at once.

        Raises:
            FaultError: see FaultQueue.add.
        """
        self.faults.add(fault, self.endpoints())
        if fault.name == "connection_refused" and fault.after == 0:
            self.faults.waiting.remove(fault)
            await self.refuse(fault)

    async def refuse(self, fault: Fault, spare: asyncio.BaseTransport | None = None) -> None:
        """Make the API port (or, for the endpoint 'file', the file host's) stop listening."""
        port = self.file_port if fault.endpoint == "file" else self.api_port
        if port is not None:
            await port.refuse(fault.params.get("seconds"), spare)

    async def refuse_if_due(self, transport: asyncio.BaseTransport | None) -> bool:
        """After a call that a waiting 'connection_refused' counted: stop listening if it was the last one spared."""
        due = [fault for fault in self.faults.waiting if fault.name == "connection_refused" and fault.after == 0]
        for fault in due:
            self.faults.waiting.remove(fault)
            await self.refuse(fault, transport)
        return bool(due)

    async def clear_faults(self) -> None:
        """Forget all faults, listen on every port again, let hanging connections go."""
        self.faults.clear()
        self.release()
        for port in (self.api_port, self.file_port):
            if port is not None:
                await port.accept()

    def release(self) -> None:
        self.released.set()
        self.released = asyncio.Event()

    def configure(self, changes: dict[str, Any]) -> None:
        """Change settings; a new balance or split refills the purses.

        Raises:
            SettingError: see Settings.update.
        """
        self.settings.update(changes)
        if changes.keys() & {"balance", "bonus_points", "year_points"}:
            self.ledger.refill(self.settings)
        elif "credits" in changes:
            self.ledger.refill_others(self.settings)

    async def reset(self) -> None:
        """As it was at the start, with the token and the settings of the start."""
        await self.clear_faults()
        for name, value in vars(copy.deepcopy(self._at_start)).items():
            setattr(self.settings, name, value)
        self.ledger.rows.clear()
        self.ledger.refill(self.settings)
        self.log.entries.clear()
        self.pace.clear()
        self.files.clear()
        for service in self.services:
            service.reset()

    def spec(self, variant: int, pbr: bool, **more: Any) -> ModelSpec:
        """What is to be made, under the settings of this moment; `more` as in ModelSpec, before the settings."""
        settings = self.settings
        common = {"shape": settings.shape, "triangles": settings.triangles, "texture_size": settings.texture_size}
        return ModelSpec(variant=variant, pbr=pbr, **{**common, **more})

    def result_url(self, call: Call, key: str) -> str:
        """A fresh URL of a result; an expired one where the call's fault says so."""
        return self.files.url(key, self.settings.url_seconds, expired=call.has_fault("expired_url"))

    def settle(self) -> None:
        for service in self.services:
            service.settle()

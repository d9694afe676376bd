"""The simulated services of scripts/simulator in memory: no socket, no thread, on the world's clock, and a book of who
paid for what.

May import scripts.simulator. The models are a triangle each, so that nobody waits for a mesh to be drawn.
"""

from __future__ import annotations

import json
import random
import re
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass
from email.parser import BytesParser
from typing import Any, TypeVar
from urllib.parse import parse_qsl, unquote, urlsplit

from scripts.simulator import present
from scripts.simulator.csm.service import Csm
from scripts.simulator.goneural.service import GoNeural
from scripts.simulator.http.file_server import FileHost
from scripts.simulator.http.routing import Router
from scripts.simulator.http.settable_faults import Fault
from scripts.simulator.ledger import NotEnough
from scripts.simulator.modelslab.service import ModelsLab
from scripts.simulator.neural4d.service import Neural4D
from scripts.simulator.settings import Settings
from scripts.simulator.state import Call, Upload
from scripts.simulator.state import World as State

from .machine.stand_ins import Converter, Models

_T = TypeVar("_T")

API, FILES = "https://api.simulated.example", "https://files.simulated.example"
#: Stands in everything that a job sends first: its prompt, the names of its pictures.
TAG = re.compile(r"simjob(\d+)x")
#: An id of a service's: figures and letters, but no date, and nothing as long as a picture in letters.
_IDS = re.compile(
    r"(?<![0-9A-Za-z_-])(?!20\d\d-\d\d-)(?=(?:[A-Za-z_-]*\d){4})[0-9A-Za-z_-]{8,64}(?![0-9A-Za-z_-])"
    r'|(?<=/fetch/)\d+|(?<="requestId": )\d+'
)


def job_id(number: int) -> str:
    """The id of a plan's job."""
    return f"00000000-0000-4000-9000-{number:012x}"


def number_of(id: str) -> int | None:
    """The plan's number of a job; None for one that an earlier journal had."""
    return int(id[24:], 16) if id.startswith("00000000-0000-4000-9000-") else None


class Now(present.Present):
    """The services' time."""

    def __init__(self, chance: random.Random, moment: Callable[[], float], epoch: float) -> None:
        super().__init__(chance)
        self._moment, self._epoch = moment, epoch

    def time(self) -> float:
        return self._epoch + self._moment()

    def monotonic(self) -> float:
        return self._moment()


@dataclass
class Charge:
    """What a job has paid: at the service, for the operation, so many points; negative where they came back."""

    job: int
    service: str
    operation: str
    points: int
    at: float
    key: str


@dataclass
class Came:
    """An answer as it leaves the service."""

    status: int
    headers: dict[str, str]
    body: bytes
    endpoint: str = ""
    paid: bool = False
    job: int | None = None
    charged: int = 0
    service: str = ""


class Services:
    """All four."""

    def __init__(self, settings: dict[str, Any], chance: random.Random, moment: Callable[[], float]) -> None:
        self.moment = moment
        present.use(Now(chance, moment, EPOCH))
        chosen = Settings()
        chosen.update({"balance": 100_000, **settings})
        self.state = State(chosen, models=Models(), converter=Converter())  # type: ignore[arg-type]
        self.state.services.extend([Neural4D(self.state), Csm(self.state), GoNeural(self.state), ModelsLab(self.state)])
        self.state.files.base_url = FILES
        self._router = Router(self.state)
        self._files = FileHost(self.state)
        self.charges: list[Charge] = []
        #: Which job an id of a service's belongs to.
        self.owners: dict[str, int] = {}
        self._booked = 0

    def who(self, text: str) -> int | None:
        """The job that a request is about."""
        if found := TAG.search(text):
            return int(found[1])
        return next((self.owners[one] for one in _IDS.findall(text) if one in self.owners), None)

    def endpoint(self, method: str, url: str) -> tuple[str, str, bool]:
        """The service that has the address, what it calls the endpoint, and whether that costs points."""
        found = self._router.find(method, urlsplit(url).path)
        return (found[0].name, found[1], found[1] in found[0].paid and method == "POST") if found else ("", "", False)

    def handle(
        self, method: str, url: str, headers: dict[str, str], body: bytes, fault: Fault | None, job: int | None
    ) -> Came:
        """Act on a request about that job."""
        parts = urlsplit(url)
        found = self._router.find(method, parts.path)
        if found is None:
            return Came(404, {"Content-Type": "application/json"}, b'{"message": "Cannot find it"}')
        service, endpoint, handler = found
        call = _call(endpoint, headers, body)
        call.fault, call.query = fault, dict(parse_qsl(parts.query))
        answer = _finish(self._router.act(method, headers, service, handler, call))
        text = json.dumps(answer.body) if answer.text is None else answer.text
        if job is not None:
            for one in _IDS.findall(re.sub(r'"https?://[^"]*"', "", text)):
                self.owners.setdefault(one, job)
            for name in ("id", "requestId"):
                self.owners.setdefault(str(answer.body.get(name)), job)
        charged = self.book(job, f"{endpoint} {body[:200]!r}")
        told = {"Content-Type": "application/json; charset=utf-8", **answer.headers}
        paid = endpoint in service.paid
        return Came(answer.status, told, text.encode(), endpoint, paid, job, charged, service.name)

    def others_buy(self, service: str, points: int) -> None:
        """Somebody else buys on the same account, where that has so many points."""
        with suppress(NotEnough):
            self.state.ledger.charge("somebody else's", points, [], service)
            self.book(None)

    def book(self, job: int | None, key: str = "") -> int:
        """Note whose the new rows of the ledger are; returns how many points were paid."""
        rows, charged = self.state.ledger.rows[self._booked :], 0
        self._booked = len(self.state.ledger.rows)
        for row in rows:
            owner = job if row["points"] > 0 else next((self.owners.get(one) for one in row["uuids"]), job)
            for one in row["uuids"]:
                if owner is not None:
                    self.owners.setdefault(str(one), owner)
            charged += max(row["points"], 0)
            self.charges.append(
                Charge(
                    -1 if owner is None else owner, row["service"], row["operation"], row["points"], self.moment(), key
                )
            )
        return charged

    def running(self) -> dict[int, str]:
        """The jobs that services work on, each with its service."""
        found: dict[int, str] = {}
        for service in self.state.services:
            for row in service.jobs():
                job = self.owners.get(str(row["uuid"]))
                if row["state"] == "generating" and job is not None:
                    found[job] = service.name
        return found

    def ids_of(self, name: str, job: int | None) -> list[str]:
        """The ids of a job's models at a service, as its own page shows them."""
        rows = (row for service in self.state.services if service.name == name for row in service.jobs())
        return [id for row in rows if self.owners.get(id := str(row["uuid"])) == job]

    def fetch(self, method: str, url: str, headers: dict[str, str], fault: Fault | None = None) -> Came:
        """A file of the file host's."""
        parts = urlsplit(url)
        key = unquote(parts.path).removeprefix("/")
        asked = (method, key, dict(parse_qsl(parts.query)), headers)
        status, told, body = _finish(self._files.file(*asked, fault, has_token="Authorization" in headers))
        return Came(status, dict(told), body, "file")


#: When the world begins, in seconds since the epoch.
EPOCH = 1_750_000_000.0


def _finish(work: Coroutine[Any, Any, _T] | Awaitable[_T]) -> _T:
    """What it returns: nothing in it really waits."""
    try:
        work.send(None)  # type: ignore[union-attr]
    except StopIteration as done:
        result: _T = done.value
        return result
    raise RuntimeError("a service waits for something")


def _call(endpoint: str, headers: dict[str, str], body: bytes) -> Call:
    kind = headers.get("Content-Type", "application/json")
    if not kind.startswith("multipart/"):
        return Call(endpoint, kind.split(";")[0], body)
    call = Call(endpoint, kind.split(";")[0])
    parsed: Any = BytesParser().parsebytes(b"Content-Type: " + kind.encode() + b"\r\n\r\n" + body)
    call.form = []
    for part in parsed.get_payload():
        name = part.get_param("name", header="content-disposition")
        data, file = part.get_payload(decode=True), part.get_filename()
        value = Upload(file, part.get_content_type(), data) if file is not None else data.decode()
        call.form.append((str(name), value))
    return call

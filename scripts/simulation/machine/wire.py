"""The network between an engine and the services: what requests' sessions send their requests by.

May import requests, urllib3 and the engine's http.interruptible. Here answers are late, cut, odd or lost, and here an
engine can die while a request is out.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.response import HTTPResponse

from neural4d_blender.engine.http import interruptible
from neural4d_blender.engine.protocol import State
from neural4d_blender.engine.steps import exchange_log
from scripts.simulator.http.settable_faults import Fault as ServiceFault
from scripts.simulator.ledger import NotEnough

from ..faults import BALANCES
from ..services import FILES, Came, number_of

if TYPE_CHECKING:
    from ..plan import Fault
    from ..world import World

#: What a refusal says.
SENTENCE = "Set by the simulation."
#: And a service's own words.
HURRY = b'{"message": "Too many requests from this user, please try again after a minute."}'
_UNSENT = ("refused", "unconnected")
_BEFORE = ("reset_before", "hang_before", "status_before")


class Body(io.BytesIO):
    """An answer on its way: whole, cut short, or in drops."""

    def __init__(self, data: bytes, world: World, patience: float, cut: int | None, how: str, pause: float) -> None:
        super().__init__(data)
        self._world, self._patience, self._cut, self._how, self._pause = world, patience, cut, how, pause

    def read(self, amount: int | None = -1) -> bytes:
        self._world.edge("read")
        if attempt := interruptible.current():
            with attempt.going_on():  # the connection is shut of one that was given up
                pass
        if self._pause:
            amount = max(1, len(self.getvalue()) // 8)
            if self._pause > self._patience:
                self._world.scheduler.block(None, self._patience)
                raise TimeoutError("timed out")
            self._world.scheduler.block(None, self._pause)
        if self._cut is not None:
            left = self._cut - self.tell()
            if left <= 0:
                self._world.witness.broken = True
                if self._how == "reset":
                    raise ConnectionResetError(104, "Connection reset by peer")
                return b""
            amount = left if amount is None or amount < 0 else min(amount, left)
        return super().read(amount)


class Wire(HTTPAdapter):
    """In the place of the engine's adapter."""

    world: ClassVar[World]

    def init_poolmanager(self, *_: Any, **__: Any) -> None:
        """There are no connections."""

    def close(self) -> None:
        """Nor any to close."""

    def send(  # type: ignore[override]
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, **_: Any
    ) -> requests.Response:
        return self.build_response(request, self.world.network.exchange(request, timeout))


class Network:
    """The way to all services."""

    def __init__(self, world: World) -> None:
        self.world = world
        #: Until when nothing passes, and what becomes of a request then.
        self.outages: dict[str, tuple[float, str]] = {}
        #: Requests that a gateway has refused and kept, by job.
        self._kept: dict[int | None, Callable[[], object]] = {}
        #: Counted up whenever all connections break.
        self.broken = 0

    def exchange(self, request: requests.PreparedRequest, timeout: tuple[float, float]) -> HTTPResponse:
        """Send it, and wait for the beginning of its answer; raises what requests does."""
        world, url, method = self.world, str(request.url), str(request.method)
        body = request.body or b""
        body = body.encode() if isinstance(body, str) else body
        file = url.startswith(FILES)
        service, endpoint, paid = ("file", "file", False) if file else world.services.endpoint(method, url)
        job = None if file else self._job(url, body)
        world.witness.asked(endpoint, job, request, body, paid=paid)
        world.edge("request", paid=paid)
        connect, read = timeout if isinstance(timeout, tuple) else (timeout, timeout)
        self._way(service, connect, read)
        fault = self._fault(service, endpoint, job, paid=paid)
        _leaves()
        up, down = world.latency(), world.latency()
        broken = self.broken
        self._pass(up, broken)
        if fault and fault.kind in _BEFORE:
            if fault.kind == "status_before":
                return self._response(self._refusal(fault), read, None)
            self._lose(fault.kind == "hang_before", read)

        def act() -> Came:
            headers: Any = request.headers
            wish = ServiceFault(endpoint, fault.kind, params=dict(fault.params)) if fault else None
            if file:
                return world.services.fetch(method, url, headers, wish)
            came = world.services.handle(method, url, headers, body, wish, job)
            world.witness.acted(came, job)
            return came

        if refused := self._on_the_way(fault, act, service, endpoint, job, read):
            return refused
        came = act()
        world.edge("acted", paid=paid)
        if fault and fault.kind in ("reset_after", "hang_after"):
            self._lose(fault.kind == "hang_after", read)
        if fault and fault.kind == "late":
            down += float(fault.param)
        if fault and fault.kind == "status_after":
            came = self._refusal(fault)
        if down > read:
            world.scheduler.block(None, read)
            raise requests.exceptions.ReadTimeout("read timed out")
        self._pass(down, broken)
        world.edge("answered", paid=paid)
        return self._response(came, read, fault)

    def _on_the_way(
        self, fault: Fault | None, act: Callable[[], Came], service: str, endpoint: str, job: int | None, read: float
    ) -> HTTPResponse | None:
        """What happens before a request arrives; a gateway's answer where that keeps it."""
        world, kind = self.world, fault.kind if fault else ""
        active = getattr(exchange_log._thread, "active", None)
        if fault and kind == "arrives_late":
            world.scheduler.spawn(world.outside, "a request on its way", lambda: self._later(act, float(fault.param)))
            self._lose(True, read)
        jobs = [one for one in world.plan.jobs if one.provider == service]
        if kind == "acts_later":
            # Else nobody could tell by the balance who has paid, or not in time, and the service's word has to do.
            if len(jobs) == 1 and not world.plan.settings["booking_seconds"]:
                self._kept[job] = act
            return self._response(Came(429, {"Content-Type": "application/json"}, HURRY), read, None)
        if fault and kind == "others" and any(one.number == job and one.batch is not None for one in jobs):
            world.services.others_buy(service, int(fault.param))
        if endpoint in BALANCES and active and active.job.state == State.QUEUED and active.job.submission.number:
            # The worst moment for one that was kept: when its job is about to be sent once more.
            with suppress(NotEnough):
                self._kept.pop(number_of(active.job.id), lambda: None)()
        return None

    def _fault(self, service: str, endpoint: str, job: int | None, *, paid: bool) -> Fault | None:
        """What befalls the request; ConnectionError where it does not even leave."""
        fault = self.world.faults.take(service, endpoint, paid=paid)
        if fault:
            self.world.tell(f"{endpoint} of job {job}: {fault.kind} {fault.params or ''}")
            if paid:
                self.world.witness.troubled(job, fault.kind)
            if fault.kind in _UNSENT:
                raise requests.exceptions.ConnectionError("no connection")
        return fault

    def _job(self, url: str, body: bytes) -> int | None:
        """The job that a request is about: by what stands in it, else by whose step the engine takes."""
        found = self.world.services.who(f"{url} {body[:3000].decode('utf-8', 'replace')}")
        active = getattr(exchange_log._thread, "active", None)
        return number_of(active.job.id) if found is None and active else found

    def _later(self, act: Callable[[], Came], seconds: float) -> None:
        self.world.scheduler.block(None, seconds)
        with suppress(NotEnough):  # by now the account does not cover it
            act()

    def _pass(self, seconds: float, broken: int) -> None:
        self.world.scheduler.block(None, seconds)
        if broken != self.broken:
            self.world.witness.broken = True
            raise requests.exceptions.ConnectionError("Connection aborted")

    def _lose(self, hang: bool, read: float) -> None:
        if hang:
            self.world.scheduler.block(None, read)
            raise requests.exceptions.ReadTimeout("read timed out")
        self.world.witness.broken = True
        raise requests.exceptions.ConnectionError("Connection reset by peer")

    def _way(self, service: str, connect: float, read: float) -> None:
        """An outage: no connection comes about, or none that answers."""
        until, how = max(self.outages.get("*", (0.0, "")), self.outages.get(service, (0.0, "")))
        if until <= self.world.scheduler.now:
            return
        if how == "unconnected":
            self.world.scheduler.block(None, connect)
            raise requests.exceptions.ConnectTimeout("connect timed out")
        if how == "hang_before":
            _leaves()
            self._lose(True, read)
        raise requests.exceptions.ConnectionError("no connection")

    def _refusal(self, fault: Fault) -> Came:
        status = int(fault.params["status"])
        headers = {"Content-Type": "application/json"}
        if "retry_after" in fault.params:
            headers["Retry-After"] = str(fault.params["retry_after"])
        return Came(status, headers, json.dumps({"message": SENTENCE}).encode())

    def _response(self, came: Came, read: float, fault: Fault | None) -> HTTPResponse:
        headers, data = dict(came.headers), came.body
        if came.status == 429 or "Retry-After" in headers or b"again after a minute" in data:
            self.world.witness.hurried = True
        kind = fault.kind if fault else ""
        if kind in ODD and came.endpoint != "file":
            data = ODD[kind](data)
        if kind == "gzip":
            # Some servers pack without making anything shorter: then the length told is more than what comes out.
            data, headers["Content-Encoding"] = gzip.compress(data, (0, 9)[len(data) % 2], mtime=0), "gzip"
        if kind != "no_length":
            headers["Content-Length"] = str(len(data))
        cut = int(len(data) * float(fault.param)) if fault and kind in ("cut", "reset") else None
        pause = float(fault.param) if fault and kind == "drip" else 0.0
        body = Body(data, self.world, read, cut, kind, pause)
        return HTTPResponse(
            body, headers, came.status, preload_content=False, decode_content=False, enforce_content_length=True
        )


def _leaves() -> None:
    """The first byte of a request is on its way, or GivenUp where nobody waits for it any more."""
    if attempt := interruptible.current():
        with attempt.going_on():
            attempt.left = True


def _text_numbers(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _text_numbers(part) for name, part in value.items()}
    if isinstance(value, list):
        return [_text_numbers(part) for part in value]
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _with_half_an_emoji(value: Any) -> Any:
    if isinstance(value, dict):
        told = ("message", "prompts", "status_message", "type", "createdAt", "expiration_day", "stage")
        return {
            name: part + "\ud83d" if name in told and isinstance(part, str) else _with_half_an_emoji(part)
            for name, part in value.items()
        } | {"note": "\ud83d"}
    return [_with_half_an_emoji(part) for part in value] if isinstance(value, list) else value


def _null_ids(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            name: [*part, None] if name == "uuids" and isinstance(part, list) else _null_ids(part)
            for name, part in value.items()
        }
    return [_null_ids(part) for part in value] if isinstance(value, list) else value


def _changed(change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    def act(data: bytes) -> bytes:
        try:
            return json.dumps(change(json.loads(data))).encode()
        except ValueError:
            return data

    return act


#: Odd answers, by the name of the fault.
ODD: dict[str, Callable[[bytes], bytes]] = {
    "text_numbers": _changed(_text_numbers),
    "emoji": _changed(_with_half_an_emoji),
    "null_ids": _changed(_null_ids),
    "not_json": lambda _: b"<!DOCTYPE html><html><body>Something else</body></html>",
    "empty": lambda _: b"",
    "nothing": lambda _: b"{}",
    "nested": lambda _: b'{"message": ' + b"[" * 3000 + b"]" * 3000 + b"}",
}

"""HTTP by requests, and the one place where trouble with the network becomes an error of errors.py.

One call is one request: who may repeat it, and when, is decided by the step, which knows whether
the call can cost points. The classes raised keep that decision possible: ServiceUnreachable means
that nothing left this computer, HeldBack that it was not tried, ServiceBusy that the service declined,
RequestRefused that it said no; AnswerLost, ServiceDown and UnexpectedAnswer leave open whether it acted.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import requests

from ..errors import (
    AnswerLost,
    HeldBack,
    KeyMissing,
    KeyRejected,
    Neural4DError,
    ServiceBusy,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from ..model.inputs.web_addresses import check_url
from ..model.server_facts import Server
from ..system import SYSTEM, System
from . import interruptible, multipart, redaction, refusals
from .exchange import Exchange, Observer
from .rate_limit import RateLimiter
from .retries import retry_after
from .sessions import HeaderAuth, NoAuth, Sessions

#: Seconds to wait for a connection, and for the next byte of an answer.
CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 30.0
#: Seconds that a call may take which costs points: services have been seen to need minutes to accept one.
PAID_TIMEOUT = 180.0
#: So much longer a thread that nobody waits for any more may hang, where it is not noticed that its connection is shut.
_LEFT_BEHIND = 600.0
#: An API answer is a few hundred bytes, or repeats the picture it was sent; more than this is not one.
MAX_ANSWER = 40 * 1024 * 1024
#: Characters of an answer that are told word for word.
_KEPT = 60_000


class Transport:
    """Calls of one service's API; what a provider knows as ``Http``.

    Args:
        name: the service's name, for messages.
        url: its base address. key: its key.
        key_header, key_field: where the key goes, see Declaration.
        others: further addresses of the same service, for when the first one cannot be reached.
        limiter: how quickly the service may be called.
        observer: told of each request that was tried, with what came of it.
        system: the computer.
        connect, read, paid: timeouts in seconds: for a connection, for the whole of an answer, and for one to a call
            that costs points. An upload has its own time on top, by its size.

    Raises:
        KeyMissing: there is no key. InvalidInput: the address cannot be used.
    """

    def __init__(
        self,
        name: str,
        url: str,
        key: str,
        *,
        key_header: str = "Authorization",
        key_field: str = "",
        others: Sequence[str] = (),
        limiter: RateLimiter | None = None,
        observer: Observer | None = None,
        system: System = SYSTEM,
        connect: float = CONNECT_TIMEOUT,
        read: float = READ_TIMEOUT,
        paid: float = PAID_TIMEOUT,
    ) -> None:
        self.name = name
        self._urls = [check_url(one) for one in (url, *others)]
        self._key = key.strip()
        self._timeouts = {False: (connect, read), True: (connect, paid)}
        self._system = system
        self._clock = system.clock
        self.limiter = limiter or RateLimiter(Server(), clock=system.clock.now)
        self._observer = observer
        if not self._key:
            raise KeyMissing(f"No key is set for {name}.")
        if not self._key.isascii() or not self._key.isprintable():
            raise KeyRejected(
                f"The key for {name} holds characters that no key has (a line break or a letter with an accent)."
            )
        self._spelled = re.compile(redaction.pattern(self._key).encode(), re.IGNORECASE)
        self._in_body = {key_field: self._key} if key_field else {}
        self._sessions = Sessions(NoAuth() if key_field else HeaderAuth(key_header, self._key))

    @property
    def url(self) -> str:
        """The address that is talked to: the first one that could be reached."""
        return self._urls[0]

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
        """Send ``body`` as JSON, or with ``files`` as a form, and return the JSON object of the answer.

        Args:
            method: POST, or GET, which has no body.
            files: (field, path) pairs of pictures; the same field may come several times.
            paid: the call may cost points: it has a connection of its own, and more time.
            form: a form even where there are no files.

        Raises:
            InvalidInput: a file cannot be read.
            HeldBack, ServiceUnreachable, AnswerLost, ServiceBusy, ServiceDown, KeyRejected, NotEnoughPoints,
            RequestRefused, UnexpectedAnswer: see the module's text.
        """
        # In memory: a picture is small, and a form of open files cannot be told apart from a broken disk.
        parts = [(name, multipart.picture(file)) for name, file in files]
        fields = {**(body or {}), **self._in_body}
        if form and not parts:
            parts = [(name, (None, multipart.text(value))) for name, value in fields.items()]  # type: ignore[misc]
            fields = {}
        if wait := self.limiter.enter(paid=paid):
            raise held_back(self.name, wait)
        content: dict[str, Any] = {
            "data": {name: multipart.text(value) for name, value in fields.items()},
            "files": parts,
        }
        if not parts:
            content = {} if method == "GET" else {"json": fields}
        for number, url in enumerate(self._urls):
            try:
                answer = self._observed(method, url, path, content, paid=paid)
            except ServiceUnreachable:
                if number + 1 == len(self._urls):
                    raise
            else:
                self._urls = [url, *(other for other in self._urls if other != url)]
                return answer
        raise AssertionError("there is always an address")

    def check_pace(self, *, paid: bool) -> None:
        """Raise HeldBack where such a call may not leave yet."""
        if wait := self.limiter.wait(paid=paid):
            raise held_back(self.name, wait)

    def slow_down(self, seconds: float | None, *, paid: bool) -> float:
        """The service asked for that in an answer of its own; returns for how long nothing is sent to it."""
        return self.limiter.refused(paid=paid, seconds=seconds)

    def _observed(self, method: str, url: str, path: str, content: Mapping[str, Any], *, paid: bool) -> dict[str, Any]:
        came: dict[str, Any] = {}
        error = ""
        at, began = self._clock.now(), self._clock.monotonic()
        try:
            return self._request(method, url + path, content, came, paid=paid)
        except Neural4DError as trouble:
            error = trouble.code
            raise
        finally:
            if self._observer:
                with suppress(Exception):  # what comes of a request never depends on who watches
                    sent = {**multipart.sent(content), **came}
                    told = redaction.without(sent, self._key)
                    seconds = self._clock.monotonic() - began
                    self._observer(Exchange(at, seconds, url, path, method, paid, error=error, **told))

    def _request(
        self, method: str, url: str, content: Mapping[str, Any], told: dict[str, Any], *, paid: bool
    ) -> dict[str, Any]:
        connect, patience = self._timeouts[paid]
        began = since = self._clock.monotonic()
        attempt = interruptible.Attempt()

        def send() -> tuple[requests.Response, bytes]:
            # A connection that was kept may be dead already, and then nobody knows whether the request arrived.
            with (
                self._sessions.lent(fresh=paid) as session,
                session.request(
                    method,
                    url,
                    **content,
                    timeout=(connect, patience + _LEFT_BEHIND),
                    allow_redirects=False,  # the key stays with the host it was given for
                    stream=True,
                ) as response,
            ):
                return response, multipart.read(response, MAX_ANSWER)

        def look() -> None:
            nonlocal since
            now = self._clock.monotonic()
            if not attempt.left:
                since = now
            if now - since > patience + attempt.uploading or since - began > connect + patience:
                raise requests.exceptions.Timeout("an answer in drops, or none")
            # What may be paid is waited for; what has not left is free.
            if interruptible.is_unwanted() and attempt.give_up(unless_left=paid):
                raise requests.exceptions.RequestException("the job was cancelled")

        try:
            response, came = interruptible.run(self._system, attempt, send, look)
            # A service may repeat what it was sent: the key goes no further than here.
            came = self._spelled.sub(redaction.BLANK.encode(), came)
            answer, said = refusals.of_content(came, content)
        except Exception as error:  # whatever it is called: what counts is whether anything has left
            raise self._translate(error, patience, left=attempt.left) from None  # it may hold headers
        told |= {"status": response.status_code, "answer": said if answer is None else answer}
        told |= {"raw": _raw(came)} if paid else {}
        return self._answer(response, answer, said, paid=paid)

    def _answer(self, response: requests.Response, answer: object, said: str, *, paid: bool) -> dict[str, Any]:
        status = response.status_code
        if isinstance(answer, list) and len(answer) == 1:
            (answer,) = answer
        if not 200 <= status < 300:
            header = response.headers.get("Retry-After")
            seconds = refusals.wait_of(answer, retry_after(header, self._clock.now()))
            error = refusals.error_of(self.name, status, said, busy_for=seconds, asks_to_wait=header is not None)
            if isinstance(error, ServiceBusy):
                error.retry_after = self.limiter.refused(paid=paid, seconds=seconds)
                error.noted = True
            error.http, error.by_api = status, isinstance(answer, dict)
            error.answer = answer if isinstance(answer, dict) else {}
            raise error
        self.limiter.accepted()
        if not isinstance(answer, dict):
            kind = response.headers.get("Content-Type", "no content type")
            raise UnexpectedAnswer(
                f"{self.name} answered with something that is not JSON ({kind}): {said or 'a web page, or nothing'}"
            )
        return answer

    def _translate(self, error: Exception, patience: float, *, left: bool) -> Neural4DError:
        where = f"{self.name} ({self.url})"
        if left:
            if isinstance(error, requests.exceptions.Timeout):
                return AnswerLost(f"{where} took the request and did not answer within {patience:g} s.")
            if isinstance(error, requests.exceptions.RequestException | OSError):
                return AnswerLost(f"The connection to {where} broke before the answer was there.")
            return UnexpectedAnswer(f"The answer of {where} could not be read: {type(error).__name__}.")
        if "CERTIFICATE_VERIFY_FAILED" in repr(error):
            return ServiceUnreachable(
                f"The certificate of {where} was not accepted.",
                "Check the service address and this computer's date. A company's own certificate has to be in the "
                "system's store, or SSL_CERT_FILE has to name its file (on macOS always).",
            )
        if isinstance(error, requests.exceptions.SSLError):
            return ServiceUnreachable(
                f"No encrypted connection to {where} came about.", "Check the service address, and any proxy."
            )
        if isinstance(error, requests.exceptions.ProxyError | requests.exceptions.InvalidProxyURL) or (
            "SOCKS" in str(error)
        ):
            return ServiceUnreachable(
                f"The proxy between here and {where} did not let the request through.",
                "Check the proxy in the system's settings, or HTTPS_PROXY and NO_PROXY in the environment.",
            )
        if isinstance(error, ValueError) and not isinstance(error, requests.exceptions.ConnectionError):
            return ServiceUnreachable(
                f"{where} cannot be reached: {type(error).__name__}.", "Check the service address in the preferences."
            )
        return ServiceUnreachable(f"{where} cannot be reached: no connection came about.")


def _raw(content: bytes) -> str:
    text = content.decode(errors="replace")
    return text if len(text) <= _KEPT else f"{text[: _KEPT // 2]} … {text[-_KEPT // 2 :]}"


def held_back(name: str, wait: float) -> HeldBack:
    """Nothing is sent to that service for so many seconds, because it asked for that."""
    return HeldBack(f"{name} asks to slow down, so nothing is sent to it yet.", retry_after=wait, noted=True)

"""HTTP by requests, and the one place where trouble with the network becomes an error of errors.py.

One call is one request: who may repeat it, and when, is decided by the runner, which knows whether
the call can cost points. The classes raised keep that decision possible: ServiceUnreachable means
that nothing arrived, ServiceBusy that the service declined, RequestRefused that it said no;
AnswerLost, ServiceDown and UnexpectedAnswer leave open whether it acted.
"""

from __future__ import annotations

import email.utils
import json
import random
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import requests

from .addresses import check_url
from .errors import (
    AnswerLost,
    KeyMissing,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceBusy,
    ServiceDown,
    ServiceUnreachable,
    UnexpectedAnswer,
)
from .imagefile import MIME_TYPES, read_image_facts

#: Seconds to wait for a connection, and for the next byte of an answer.
CONNECT_TIMEOUT, READ_TIMEOUT = 10.0, 30.0
#: An API answer is a few hundred bytes, or repeats the picture it was sent; more than this is not one.
MAX_ANSWER = 40 * 1024 * 1024
USER_AGENT = "neural4d-blender"


class NoAuth(requests.auth.AuthBase):
    """Sends no credentials, and keeps requests from taking some out of a .netrc file."""

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        return request


class HeaderAuth(NoAuth):
    """The key in a header: ``Authorization: Bearer KEY``, or as it is in a header of another name."""

    def __init__(self, header: str, key: str) -> None:
        self._header = header
        self._value = f"Bearer {key}" if header == "Authorization" else key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers[self._header] = self._value
        return request


class Sessions:
    """One requests.Session a thread: a Session is not safe to share, a connection is worth keeping."""

    def __init__(self, auth: requests.auth.AuthBase) -> None:
        self._auth = auth
        self._local = threading.local()

    def get(self) -> requests.Session:
        """The session of the calling thread."""
        session: requests.Session | None = getattr(self._local, "session", None)
        if session is None:
            session = self._local.session = requests.Session()
            session.auth = self._auth
            session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        return session


class Transport:
    """Calls of one service's API; what a provider knows as ``Http``.

    Args:
        name: the service's name, for messages.
        url: its base address. key: its key.
        key_header, key_field: where the key goes, see Declaration.
        connect, read: timeouts in seconds.

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
        connect: float = CONNECT_TIMEOUT,
        read: float = READ_TIMEOUT,
    ) -> None:
        self.name = name
        self.url = check_url(url)
        self._key = key.strip()
        self._timeout = (connect, read)
        if not self._key:
            raise KeyMissing(f"No key is set for {name}.")
        if not self._key.isascii() or not self._key.isprintable():
            raise KeyRejected(
                f"The key for {name} holds characters that no key has (a line break or a letter with an accent)."
            )
        self._in_body = {key_field: self._key} if key_field else {}
        self._sessions = Sessions(NoAuth() if key_field else HeaderAuth(key_header, self._key))

    def call(
        self,
        path: str,
        body: Mapping[str, Any] | None = None,
        files: Sequence[tuple[str, str]] = (),
        *,
        method: str = "POST",
    ) -> dict[str, Any]:
        """Send ``body`` as JSON, or with ``files`` as a form, and return the JSON object of the answer.

        Args:
            method: POST, or GET, which has no body.
            files: (field, path) pairs of pictures; the same field may come several times.

        Raises:
            InvalidInput: a file cannot be read.
            ServiceUnreachable, AnswerLost, ServiceBusy, ServiceDown, KeyRejected, NotEnoughPoints,
            RequestRefused, UnexpectedAnswer: see the module's text.
        """
        # In memory: a picture is small, and a form of open files cannot be told apart from a broken disk.
        pictures = [(name, _picture(file)) for name, file in files]
        fields = {**(body or {}), **self._in_body}
        try:
            with self._sessions.get().request(
                method,
                self.url + path,
                json=None if pictures or method == "GET" else fields,
                data=fields if pictures else None,
                files=pictures or None,
                timeout=self._timeout,
                allow_redirects=False,  # the key stays with the host it was given for
                stream=True,
            ) as response:
                # A service may repeat what it was sent: the key goes no further than here.
                content = _read(response, MAX_ANSWER).replace(self._key.encode(), b"***")
        except requests.RequestException as error:
            raise self._translate(error) from None  # its text may hold headers
        try:
            self._check_status(response, content)
        except Neural4DError as error:
            error.http, error.by_api = response.status_code, content.lstrip().startswith(b"{")
            raise
        try:
            answer = json.loads(content)
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            kind = response.headers.get("Content-Type", "no content type")
            raise UnexpectedAnswer(
                f"{self.name} answered with something that is not JSON ({kind}): {self._excerpt(content)}"
            )
        return answer

    def _translate(self, error: requests.RequestException) -> Neural4DError:
        where = f"{self.name} ({self.url})"
        if isinstance(error, requests.exceptions.SSLError) and "CERTIFICATE_VERIFY_FAILED" in repr(error):
            return ServiceUnreachable(
                f"The certificate of {where} was not accepted.",
                "Check the service address and this computer's date; a company network may need its own certificate.",
            )
        if isinstance(error, requests.exceptions.ProxyError):
            return ServiceUnreachable(
                f"The proxy between here and {where} did not answer.", "Check the proxy settings."
            )
        if isinstance(error, requests.exceptions.ConnectTimeout) or "NewConnectionError" in repr(error):
            return ServiceUnreachable(f"{where} cannot be reached: no connection came about.")
        if isinstance(error, requests.exceptions.Timeout):
            return AnswerLost(f"{where} took the request and did not answer within {self._timeout[1]:g} s.")
        if isinstance(error, requests.exceptions.ConnectionError | requests.exceptions.ChunkedEncodingError):
            return AnswerLost(f"The connection to {where} broke before the answer was there.")
        return UnexpectedAnswer(f"The request to {where} failed: {type(error).__name__}.")

    def _check_status(self, response: requests.Response, content: bytes) -> None:
        code = response.status_code
        said = self._excerpt(content)
        if 200 <= code < 300:
            return
        if code in (401, 403):
            raise KeyRejected(f"{self.name} did not accept the key (HTTP {code}): {said}")
        if code == 402:
            raise NotEnoughPoints(f"{self.name} says there are not enough points (HTTP 402): {said}")
        if code == 429 or (code == 503 and "Retry-After" in response.headers):
            raise ServiceBusy(
                f"{self.name} asks to slow down (HTTP {code}).",
                retry_after=retry_after(response.headers.get("Retry-After")),
            )
        if code >= 500:
            raise ServiceDown(f"{self.name} has trouble of its own (HTTP {code}): {said}")
        if code < 400:
            raise UnexpectedAnswer(
                f"{self.name} points to another address (HTTP {code}), which is not followed: "
                "the key stays with the host it was given for.",
                "Check the service address in the preferences.",
            )
        raise RequestRefused(
            f"{self.name} refused the request (HTTP {code}): {said}",
            "Check the service address in the preferences." if code in (404, 405) else "",
        )

    def _excerpt(self, content: bytes) -> str:
        text = content.decode("utf-8", "replace").strip()
        try:
            answer = json.loads(text)
            text = str(answer.get("message") or answer.get("error") or text)
        except (ValueError, AttributeError):
            pass
        return " ".join(text.split())[:160] or "no reason given"


def _picture(path: str) -> tuple[str, bytes, str]:
    """What requests wants to know of a file in a form: name, content, type."""
    kind = MIME_TYPES[read_image_facts(path).format]
    return Path(path).name, Path(path).read_bytes(), kind


def _read(response: requests.Response, limit: int) -> bytes:
    content = bytearray()
    for chunk in response.iter_content(65536):
        content += chunk
        if len(content) > limit:
            break
    expected = response.headers.get("Content-Length", "")
    if expected.isdigit() and len(content) < int(expected):
        raise requests.exceptions.ChunkedEncodingError("short answer")
    return bytes(content)


def retry_after(header: str | None) -> float | None:
    """Seconds that a Retry-After header (a number, or an HTTP date) asks to wait, at most an hour."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - time.time()
        except ValueError:
            return None
    return min(max(seconds, 0.0), 3600.0)


def backoff(attempt: int, base: float = 0.5, ceiling: float = 30.0) -> float:
    """Seconds to wait before try number ``attempt`` + 1: exponential, with full jitter on the upper half."""
    full = min(ceiling, base * 2.0**attempt)
    return full * random.uniform(0.5, 1.0)  # noqa: S311 - spreads load, guards nothing

"""Fetches a result: streamed to a temporary file, checked for length, then renamed.

What broke off stays beside it with its ETag, and the next attempt asks for the rest (RFC 9110: Range, If-Range).

Result addresses are pre-signed and on another host, so no credentials are ever sent along.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import BinaryIO

import requests

from ..clock import Clock
from ..errors import DownloadFailed, LinkExpired, UnexpectedAnswer
from ..file_replacement import reason
from ..http import interruptible
from ..http.sessions import NoAuth, Sessions
from ..http.transport import CONNECT_TIMEOUT, READ_TIMEOUT
from ..model.inputs.web_addresses import host_of, is_loopback, protected
from ..system import SYSTEM, System

#: Larger than any model a service makes; protects the disk.
MAX_BYTES = 4 * 1024**3
#: Slower than this over a whole minute is a connection that will never finish.
MIN_BYTES_A_MINUTE = 64 * 1024
#: Larger ones are slower: each would be memory fresh from the operating system.
_CHUNK = 64 * 1024

_sessions = Sessions(NoAuth())


class Stopped(Exception):
    """The download was given up because its job was cancelled or the engine ends."""


def download(
    url: str,
    path: Path,
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[float], None] = lambda fraction: None,
    check: Callable[[Path], object] = lambda part: None,
    limit: int = MAX_BYTES,
    system: System = SYSTEM,
) -> int:
    """Fetch ``url`` to ``path`` and return the number of bytes. The file is there whole or not at all.

    Args:
        stopped: asked between chunks; True gives up.
        check: looks at the whole file before it gets its name; what it raises goes through.
        progress: told the fraction 0..1 where the server says how long the file is.
        limit: bytes, the most that is fetched. system: the computer.

    Raises:
        LinkExpired: the address is no longer valid (403, 404, 410).
        DownloadFailed: no connection, a broken one, a wrong length, or too slow.
        UnexpectedAnswer: the address is not one to download from.
        Stopped: ``stopped`` said so.
    """
    part, tag = path.with_name(path.name + ".part"), path.with_name(path.name + ".etag")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        attempt = interruptible.Attempt()
        arriving = _Arriving(part, tag, limit, attempt, system)
        look = arriving.watch(stopped, progress, system.clock)
        look()
        get = partial(_get, _of_the_rest(part, tag), arriving.stream, look, attempt, system)
        written = _over_https(url, get)
        if arriving.expected:
            progress(1.0)
        system.again(lambda: check(part))
        system.replace(part, path)
        system.discard(tag)
    except (Stopped, LinkExpired, _BrokenOff):
        raise
    except BaseException as error:
        system.discard(part)
        system.discard(tag)
        if not isinstance(error, OSError):
            raise
        raise DownloadFailed(
            f"The download could not be written to {path.parent}: {reason(error)}.",
            "Free some space or choose another folder in the preferences, then press Retry: it costs nothing.",
        ) from error
    return written


class _BrokenOff(DownloadFailed):
    """The file host or the way to it is down, which passes: the rest is asked for the next time."""

    outage = True

    @property
    def code(self) -> str:
        """That of its base: nobody else tells them apart."""
        return DownloadFailed.__name__


def _over_https(url: str, get: Callable[[str], int]) -> int:
    """By https in any case: a service may name a plain address although its host knows better."""
    try:
        safe = protected(url)
    except ValueError as error:
        raise UnexpectedAnswer(f"The service named a result address that cannot be read: {error}.") from error
    try:
        return get(safe)
    except DownloadFailed as error:
        if safe != url:
            error.what = f"The service named an address without encryption (http), and with it: {error.what}"
            error.remedy = "Press Retry to have it tried again at no cost, or look for the model on the service's page."
        raise


def _get(
    headers: dict[str, str],
    stream: Callable[[requests.Response], int],
    look: Callable[[], None],
    attempt: interruptible.Attempt,
    system: System,
    url: str,
) -> int:
    host = _check_address(url)

    def get() -> int:
        with (
            _sessions.lent() as session,
            session.get(url, headers=headers, stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT)) as response,
        ):
            if response.status_code in (301, 302, 303, 307, 308):
                raise UnexpectedAnswer(f"{host} sends on to an address that is not safe to fetch the result from.")
            if response.status_code in (403, 404, 410):
                raise LinkExpired(
                    f"The address of the result is no longer valid (HTTP {response.status_code} from {host})."
                )
            if response.status_code not in (200, 206):
                failed = _BrokenOff if response.status_code >= 500 else DownloadFailed
                raise failed(f"The result could not be fetched: {host} answered HTTP {response.status_code}.")
            return stream(response)

    try:
        return interruptible.run(system, attempt, get, look)
    except requests.RequestException as error:
        lasted = "took too long" if isinstance(error, requests.exceptions.Timeout) else "broke off"
        raise _BrokenOff(f"The download from {host} {lasted}.") from None


def _of_the_rest(part: Path, tag: Path) -> dict[str, str]:
    """The headers that ask for what is missing of a file that is there in part; none where nothing is."""
    try:
        return {"Range": f"bytes={part.stat().st_size}-", "If-Range": tag.read_text(encoding="ascii")}
    except (OSError, ValueError):
        return {}


class _Arriving:
    """A file on its way: written on the thread of its request, watched by the one that waits for it."""

    def __init__(self, part: Path, tag: Path, limit: int, attempt: interruptible.Attempt, system: System) -> None:
        self.attempt, self._system = attempt, system
        self.written, self.expected = 0, 0
        self._part, self._tag, self._limit = part, tag, limit

    def stream(self, response: requests.Response) -> int:
        """Write what comes; returns the bytes that are there in all."""
        with self._open(response) as file:
            for chunk in response.iter_content(_CHUNK):
                with self.attempt.going_on():  # or it would write into what the next attempt fetches
                    file.write(chunk)
                self.written += len(chunk)
                if self.written > self._limit:
                    raise DownloadFailed(f"The result is longer than {self._limit} bytes, the most that is fetched.")
            file.flush()
            os.fsync(file.fileno())
        if self.expected and self.written != self.expected:
            raise _BrokenOff(f"The download broke off: {self.written} of {self.expected} bytes arrived.")
        return self.written

    def _open(self, response: requests.Response) -> BinaryIO:
        header = response.headers.get("Content-Length", "")
        packed = "Content-Encoding" in response.headers  # then that is the length of what is sent, not of the file
        with self.attempt.going_on():
            there = self._part.stat().st_size if response.status_code == 206 else 0
            if there and not response.headers.get("Content-Range", "").startswith(f"bytes {there}-"):
                raise DownloadFailed("The file host sent another part of the result than was asked for.")
            told = header.isdigit() and not packed
            self.written, self.expected = there, there + int(header) if told else 0
            if self.expected > self._limit:
                what = f"The result is {self.expected} bytes long; {self._limit} are the most that is fetched."
                raise DownloadFailed(what)
            etag = response.headers.get("ETag", "")
            if etag.startswith('"') and etag.isascii() and told:  # a weak one promises no equal bytes
                self._tag.write_text(etag, encoding="ascii")
            elif not there:
                self._system.remove(self._tag)
            return self._system.again(lambda: self._part.open("ab" if there else "wb"))

    def watch(self, stopped: Callable[[], bool], progress: Callable[[float], None], clock: Clock) -> Callable[[], None]:
        """What looks after it, again and again."""
        before, minute_ends = 0, clock.monotonic() + 60

        def look() -> None:
            nonlocal before, minute_ends
            if stopped() or interruptible.is_unwanted():
                raise Stopped
            if self.expected:
                progress(min(self.written / self.expected, 1.0))
            if clock.monotonic() > minute_ends:
                if self.written - before < MIN_BYTES_A_MINUTE:
                    raise _BrokenOff("The download is so slow that it would not finish.")
                before, minute_ends = self.written, clock.monotonic() + 60

        return look


def _check_address(url: str) -> str:
    """The host of an address that may be fetched from; UnexpectedAnswer otherwise."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise UnexpectedAnswer(f"The service named a result address that is not https: {parts.scheme}://{host}")
    try:
        return host_of(url)
    except ValueError as error:
        raise UnexpectedAnswer(f"The service named a result address that cannot be used: {error}.") from error

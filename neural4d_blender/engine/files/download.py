"""Fetches a result: streamed to a temporary file, checked for length, then renamed.

Result addresses are pre-signed and on another host, so no credentials are ever sent along.
"""

from __future__ import annotations

import os
import urllib.parse
from collections.abc import Callable
from pathlib import Path

import requests

from ..errors import DownloadFailed, LinkExpired, UnexpectedAnswer
from ..http.sessions import NoAuth, Sessions
from ..http.transport import CONNECT_TIMEOUT, READ_TIMEOUT
from ..model.web_addresses import is_loopback
from ..system import SYSTEM, Clock, System

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
    host = _check_address(url)
    part = path.with_name(path.name + ".part")
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with _sessions.get().get(url, stream=True, timeout=(CONNECT_TIMEOUT, READ_TIMEOUT)) as response:
            _check_address(response.url)  # a redirect must not leave https
            if response.status_code in (403, 404, 410):
                raise LinkExpired(
                    f"The address of the result is no longer valid (HTTP {response.status_code} from {host})."
                )
            if response.status_code != 200:
                raise DownloadFailed(f"The result could not be fetched: {host} answered HTTP {response.status_code}.")
            written = _stream(response, part, stopped, progress, limit, system.clock)
            check(part)
            system.replace(part, path)
    except requests.RequestException as error:
        lasted = "took too long" if isinstance(error, requests.exceptions.Timeout) else "broke off"
        raise DownloadFailed(f"The download from {host} {lasted}.") from None
    except OSError as error:
        raise DownloadFailed(
            f"The download could not be written to {path.parent}: {error.strerror or error}.",
            "Free some space or choose another folder in the preferences, then press Retry: it costs nothing.",
        ) from error
    finally:
        part.unlink(missing_ok=True)
    return written


def _stream(
    response: requests.Response,
    part: Path,
    stopped: Callable[[], bool],
    progress: Callable[[float], None],
    limit: int,
    clock: Clock,
) -> int:
    header = response.headers.get("Content-Length", "")
    expected = int(header) if header.isdigit() else None
    if expected is not None and expected > limit:
        raise DownloadFailed(f"The result is {expected} bytes long; {limit} are the most that is fetched.")
    written = written_before = 0
    minute_ends = clock.monotonic() + 60
    with part.open("wb") as file:
        for chunk in response.iter_content(_CHUNK):
            file.write(chunk)
            written += len(chunk)
            if stopped():
                raise Stopped
            if written > limit:
                raise DownloadFailed(f"The result is longer than {limit} bytes, the most that is fetched.")
            if expected:
                progress(min(written / expected, 1.0))
            if clock.monotonic() > minute_ends:
                if written - written_before < MIN_BYTES_A_MINUTE:
                    raise DownloadFailed("The download is so slow that it would not finish.")
                written_before, minute_ends = written, clock.monotonic() + 60
        file.flush()
        os.fsync(file.fileno())
    if expected is not None and written != expected:
        raise DownloadFailed(f"The download broke off: {written} of {expected} bytes arrived.")
    return written


def _check_address(url: str) -> str:
    """The host of an address that may be fetched from; UnexpectedAnswer otherwise."""
    parts = urllib.parse.urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(host)):
        raise UnexpectedAnswer(f"The service named a result address that is not https: {parts.scheme}://{host}")
    return host

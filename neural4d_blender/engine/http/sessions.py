"""Sessions of requests, and how they send the key or none. May import requests."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import requests

from ..version import version
from . import connection

USER_AGENT = "/".join(filter(None, ("neural4d-blender", version())))


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
    """Sessions, each lent to one request at a time: a Session is not safe to share, a connection is worth keeping."""

    def __init__(self, auth: requests.auth.AuthBase) -> None:
        self._auth = auth
        self._idle: list[requests.Session] = []

    @contextmanager
    def lent(self, *, fresh: bool = False) -> Iterator[requests.Session]:
        """A session until its request is over; a fresh one has no connection yet, and is not kept."""
        try:
            session = self._make() if fresh else self._idle.pop()
        except IndexError:
            session = self._make()
        keep = False
        try:
            yield session
            keep = not fresh
        finally:
            if keep:
                self._idle.append(session)
            else:
                session.close()

    def _make(self) -> requests.Session:
        session = connection.session()
        session.auth = self._auth
        session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        return session

"""Sessions of requests, one a thread, and how they send the key or none. May import requests."""

from __future__ import annotations

import threading

import requests

from . import connection

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
            session = self._local.session = self.fresh()
        return session

    def fresh(self) -> requests.Session:
        """One without any connection, for the caller to close."""
        session = connection.session()
        session.auth = self._auth
        session.headers.update({"User-Agent": USER_AGENT, "Accept-Encoding": "identity"})
        return session

"""Connections that know whether a request has left this computer, whatever the HTTP library calls what went wrong.

May import requests and urllib3, which comes with it; works with urllib3 1.26 and 2. A request that never left cannot
have cost anything: a name that is not found, a failed handshake, a proxy that answers for itself.
"""

from __future__ import annotations

import ssl
from functools import cache
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from ..model.inputs.web_addresses import host_of, is_loopback, next_hop
from . import interruptible

#: Bytes that are sent before it is looked again whether they may be.
_PIECE = 64 * 1024


class _Noting:
    """Notes the first byte that goes out on a connection that stands, encrypted where it is to be."""

    _tunnelling = False

    def send(self, data: Any) -> None:
        if getattr(self, "sock", None) is None:
            self.connect()  # type: ignore[attr-defined]  # which may fail, and then nothing has left
        attempt = None if self._tunnelling else interruptible.current()
        pieces = [data]
        if attempt and isinstance(data, bytes):
            attempt.carries(len(data))
            pieces = [memoryview(data)[start : start + _PIECE] for start in range(0, len(data), _PIECE)]
        for piece in pieces:
            if attempt:
                attempt.leaves(self.sock)  # type: ignore[attr-defined]
            super().send(piece)  # type: ignore[misc]

    def _tunnel(self) -> None:
        self._tunnelling = True  # what is sent now is for the proxy
        try:
            super()._tunnel()  # type: ignore[misc]
        finally:
            self._tunnelling = False


class _Plain(_Noting, HTTPConnection):
    pass


class _Encrypted(_Noting, HTTPSConnection):
    pass


class _PlainPool(HTTPConnectionPool):
    ConnectionCls = _Plain


class _EncryptedPool(HTTPSConnectionPool):
    ConnectionCls = _Encrypted


_POOLS = {"http": _PlainPool, "https": _EncryptedPool}


@cache
def trusted() -> ssl.SSLContext:
    """Who is believed: the system's store (on Windows also what a company adds to it), SSL_CERT_FILE and SSL_CERT_DIR.

    requests adds the authorities that come with it.
    """
    return ssl.create_default_context()


class Adapter(HTTPAdapter):
    """What requests makes its connections with."""

    def init_poolmanager(self, *arguments: Any, **named: Any) -> None:
        """The pools of direct connections."""
        super().init_poolmanager(*arguments, **named, ssl_context=trusted())
        self.poolmanager.pool_classes_by_scheme = _POOLS

    def proxy_manager_for(self, *arguments: Any, **named: Any) -> Any:
        """The pools of connections by way of a proxy."""
        manager = super().proxy_manager_for(*arguments, **named, ssl_context=trusted())
        manager.pool_classes_by_scheme = _POOLS
        return manager


class _Session(requests.Session):
    """Follows no redirect to where it may not lead, and goes to this machine itself without any proxy."""

    def rebuild_auth(self, prepared_request: requests.PreparedRequest, response: requests.Response) -> None:
        """Where a redirect leads no key goes along, nor what requests would take out of a .netrc file for that host."""
        prepared_request.headers.pop("Authorization", None)

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        """Looked at before anything is asked of it; None where the redirect itself is all that comes."""
        try:
            target = super().get_redirect_target(resp)
            return target and next_hop(resp.url, target)
        except ValueError:
            return None

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """The environment's proxies are for the world outside; a key for this machine would go there in clear."""
        settings = super().merge_environment_settings(url, proxies, stream, verify, cert)
        return {**settings, "proxies": {}} if _is_here(url) else settings

    def rebuild_proxies(self, prepared_request: requests.PreparedRequest, proxies: Any) -> Any:
        """The same for where a redirect leads."""
        if _is_here(prepared_request.url):
            return {}
        return super().rebuild_proxies(prepared_request, proxies)  # type: ignore[no-untyped-call, unused-ignore]


def _is_here(url: Any) -> bool:
    try:
        return is_loopback(host_of(str(url)))
    except ValueError:
        return False


def session() -> requests.Session:
    """A requests.Session on such connections."""
    made = _Session()
    for scheme in ("https://", "http://"):
        made.mount(scheme, Adapter())
    return made

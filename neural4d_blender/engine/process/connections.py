"""The services as they can be called now: with their keys, and while Blender may go online."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable

from .. import protocol
from ..errors import KeyMissing, OnlineAccessOff
from ..http.no_network import NoNetwork
from ..http.rate_limit import RateLimiter
from ..http.transport import Transport
from ..model.server_facts import Server
from ..policy.policy import Policy
from ..services import PROVIDERS
from ..services.base import Provider
from ..steps import exchange_log
from ..store.journal import Journal
from ..system import System


class Connections:
    """Makes a provider for each service that is called.

    Args:
        journal: keeps what is known of servers. changed: told when that changes.
        minute: what a service means by a minute, in seconds.
    """

    def __init__(
        self, journal: Journal, changed: Callable[[Server], None], minute: Callable[[], float], system: System
    ) -> None:
        #: Address and key by service, as the host gives them.
        self.services: dict[str, dict[str, str]] = {}
        self._online = False
        self._journal = journal
        self._changed = changed
        self._minute = minute
        self._system = system
        self._providers: dict[str, Provider] = {}
        self._making = threading.Lock()

    def configure(self, services: dict[str, dict[str, str]], online: bool) -> None:
        """What the host says, and what is known of each server, as the host may not know it yet."""
        if services != self.services:
            self.services = services
            self._providers = {}
        self._online = online
        for name in services:
            if name in PROVIDERS:
                self._changed(self._server(name))

    def keys(self) -> list[str]:
        """The services' keys, to keep them out of what is written."""
        return [key for one in self.services.values() if (key := one.get("key"))]

    def provider(self, name: str) -> Provider:
        """The service, ready to be called; OnlineAccessOff, KeyMissing, ForbiddenByPolicy or InvalidInput where it
        cannot be.
        """
        if not self._online and not protocol.declaration(name).built_in:
            raise OnlineAccessOff("Blender's online access is off, so nothing was sent.")
        if not protocol.declaration(name).built_in:
            Policy.at(self._journal.folder).check_address(name, self._url(name))
        with self._making:  # one for all threads: what it learns of a service's limits is for all
            return self._providers.get(name) or self._make(name)

    def _server(self, name: str) -> Server:
        return Server(name, self._url(name), self._journal, self._changed)

    def _url(self, name: str) -> str:
        return self.services.get(name, {}).get("url") or protocol.declaration(name).url

    def _make(self, name: str) -> Provider:
        """The service with its key; KeyMissing or InvalidInput where it cannot be."""
        declared = protocol.declaration(name)
        if declared.built_in:
            self._providers[name] = PROVIDERS[name](NoNetwork(), self._server(name), self._system)
            return self._providers[name]
        key = self.services.get(name, {}).get("key")
        if not key:
            raise KeyMissing(f"No key is set for {declared.name}.")
        server = self._server(name)
        allowed = Policy.at(self._journal.folder).allowed(name, declared.other_urls)
        others = allowed if server.url.rstrip("/") == declared.url else ()
        transport = Transport(
            declared.name,
            server.url,
            key,
            key_header=declared.key_header,
            key_field=declared.key_field,
            others=others,
            limiter=RateLimiter(server, self._minute, self._system.clock.now),
            observer=functools.partial(exchange_log.observe, server),
            system=self._system,
        )
        self._providers[name] = PROVIDERS[name](transport, server, self._system)
        return self._providers[name]

"""What has been found out about the server at a service's address, kept in the journal.

Standard library only. A service may be spoken in two generations, and one address may do what another of the same
service does not: each thing is found out once, at no cost, and forgotten where it no longer fits.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

#: Fact: which generation of its service's documents the server follows, by the names in ``Provider.generations``.
GENERATION = "generation"
#: Fact: "honoured" where the server has been seen to answer about an id that the client chose.
IDS = "ids"
HONOURED = "honoured"
#: Fact: how soon the balance shows what was bought; late is what stays, once it was seen.
BOOKS = "books"
AT_ONCE, LATE = "at once", "late"


class Store(Protocol):
    """Where facts are kept; the journal is one."""

    def server_facts(self, provider: str, url: str) -> dict[str, str]:
        """All facts of the server, by name."""
        ...

    def note_server(self, provider: str, url: str, name: str, value: str) -> None:
        """Keep a fact; an empty value takes it away."""
        ...

    def knows_model(self, provider: str, uuid: str) -> bool:
        """Whether a job has, or had, a model or picture of that id."""
        ...


class Server:
    """One server's facts.

    Args:
        provider: id of the service. url: the server's address.
        store: where they are kept; None keeps them for as long as this object lives.
        changed: told when a fact changed.
    """

    def __init__(
        self,
        provider: str = "",
        url: str = "",
        store: Store | None = None,
        changed: Callable[[Server], None] = lambda _: None,
    ) -> None:
        self.provider = provider
        self.url = url
        self._store = store
        self._changed = changed
        self._own: dict[str, str] = {}

    @property
    def facts(self) -> Mapping[str, str]:
        """All facts by name: another engine may have found some out."""
        return self._store.server_facts(self.provider, self.url) if self._store else dict(self._own)

    def get(self, name: str) -> str:
        """A fact; empty where it is not known."""
        return self.facts.get(name, "")

    def knows(self, uuid: str) -> bool:
        """Whether a job of ours has, or had, a model or picture of that id."""
        return self._store is not None and self._store.knows_model(self.provider, uuid)

    def note(self, name: str, value: str) -> None:
        """Keep a fact; an empty value forgets it."""
        if self.get(name) == value:
            return
        if self._store:
            self._store.note_server(self.provider, self.url, name, value)
        elif value:
            self._own[name] = value
        else:
            self._own.pop(name, None)
        self._changed(self)

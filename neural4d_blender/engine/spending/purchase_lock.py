"""Whose turn it is to buy something: one purchase at a time at each service, and no thread waits for its own.

Standard library only.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager


class NotItsTurn(Exception):
    """Another purchase at the service is on its way: the step is taken once that is over."""


class Turns:
    """The turns of all services."""

    def __init__(self) -> None:
        self._locks: defaultdict[str, threading.Lock] = defaultdict(threading.Lock)

    @contextmanager
    def take(self, service: str) -> Iterator[None]:
        """The turn is the caller's inside; NotItsTurn where it is somebody else's."""
        if not self._locks[service].acquire(blocking=False):
            raise NotItsTurn
        try:
            yield
        finally:
            self._locks[service].release()

    def is_taken(self, service: str) -> bool:
        """Somebody has it."""
        return self._locks[service].locked()

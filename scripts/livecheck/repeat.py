"""Calls that are repeated where that costs nothing, and never where it might. May import neural4d_blender.engine."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from neural4d_blender.engine.errors import (
    AnswerLost,
    Neural4DError,
    OtherGeneration,
    ServiceBusy,
    ServiceDown,
    ServiceUnreachable,
)

from .session import Session

T = TypeVar("T")
#: A server that turns out to be of another generation so often in a row is of none.
_DETOURS = 3
_TRIES = 3


class Asking:
    """The calls of one session.

    Attributes:
        waited: seconds that the service asked to wait, so far. refusals: how often it did.
    """

    def __init__(self, session: Session) -> None:
        self.session = session
        self.waited = 0.0
        self.refusals = 0

    def free(self, ask: Callable[[], T]) -> T:
        """Ask a question, again where the network, or the service, had trouble with it."""
        for _ in range(_TRIES - 1):
            try:
                return self._when_allowed(ask, paid=False)
            except (AnswerLost, ServiceDown, ServiceUnreachable):
                time.sleep(min(self.session.timing.poll, 2.0))
        return self._when_allowed(ask, paid=False)

    def paid(self, send: Callable[[], T]) -> T:
        """Send what costs points: again only where the service has said that it took nothing.

        Raises:
            OtherGeneration: the server speaks the other generation, which is known from now on.
        """
        return self._when_allowed(send, paid=True)

    def by_generation(self, act: Callable[[], T]) -> T:
        """Do something that may find out that the server is of another generation, and then once more."""
        for number in range(_DETOURS):
            first = len(self.session.log)
            try:
                return act()
            except OtherGeneration:
                for said in self.session.log[first:]:
                    said.aside = True
                if number + 1 == _DETOURS:
                    raise
        raise AssertionError("the last one raises")

    def _when_allowed(self, ask: Callable[[], T], *, paid: bool) -> T:
        ends = time.monotonic() + self.session.timing.patience
        while True:
            try:
                return ask()
            except ServiceBusy as error:
                wait = error.retry_after
                if not error.noted:
                    wait = self.session.transport.slow_down(wait, paid=paid)
                wait = max(wait or 0.0, 0.05)
                self.refusals += 1
                if time.monotonic() + wait > ends:
                    raise
                self.waited += wait
                time.sleep(wait)


def explained(error: Neural4DError) -> str:
    """An error in the words a user would read."""
    return f"{error.code}: {error.what}"

"""How many calls a service takes in a while: a sliding window for each service.

Standard library only. A refused call does not count, so the window opens again by itself.
"""

from __future__ import annotations

import math
from collections import defaultdict, deque

from .. import present

#: The sentence of Neural4D's document; the others' documents have none.
TOO_MANY = "Too many requests from this user, please try again after a minute."


class Pace:
    """The moments of the calls that were let through."""

    def __init__(self) -> None:
        self._calls: defaultdict[str, deque[float]] = defaultdict(deque)

    def clear(self) -> None:
        self._calls.clear()

    def wait(self, service: str, most: int, window: float) -> int:
        """Count a call of a service: 0 where it may go on, else the whole seconds until one may (1 or more)."""
        now = present.monotonic()
        calls = self._calls[service]
        while calls and now - calls[0] >= window:
            calls.popleft()
        if len(calls) < most:
            calls.append(now)
            return 0
        return max(1, math.ceil(calls[len(calls) - most] + window - now))

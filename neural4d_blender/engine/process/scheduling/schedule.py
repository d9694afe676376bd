"""What is done at what time. Standard library only; used on the engine's main thread."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable

from ...clock import Clock


class Schedule:
    """Calls, in the order of their times."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._calls: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()

    def later(self, seconds: float, call: Callable[[], None]) -> None:
        """Have it called after that time."""
        heapq.heappush(self._calls, (self._clock.monotonic() + seconds, next(self._order), call))

    def wait(self) -> float | None:
        """Seconds until the next one; None where there is none."""
        return max(0.0, self._calls[0][0] - self._clock.monotonic()) if self._calls else None

    def run_due(self) -> None:
        """Call those whose time has come."""
        now = self._clock.monotonic()
        while self._calls and self._calls[0][0] <= now:
            heapq.heappop(self._calls)[2]()

"""How quickly a service may be called, as its own refusals teach it, for all engines of this computer together.

Standard library only. No service's document names a number of calls a minute: how many went well in the minute
before a refusal is the best that is known of it.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable

from ..model.server_facts import Server
from ..system import SYSTEM

#: Seconds that limits are counted over, and that a refusal without any number asks to wait.
MINUTE = 60.0
#: A refusal that follows another one at once makes the wait so much longer, up to this many times.
_GROWTH, _MOST_GROWTH = 1.5, 10.0
#: A limit that has not been met for so many minutes may have been raised: one call more is tried.
_TRY_MORE = 10
#: Clocks and connections are not exact: counted over this much more than a minute.
_MARGIN = 1.03
#: Seconds that the clocks of two engines may seem to differ by.
_SKEW = 1.0
#: Calls a minute that are tried whatever was refused, by whether they cost points: a job has to ask for its balance,
#: and perhaps for its ids, before it can be sent.
_LEAST = {True: 1, False: 3}
_UNTIL = "slow until"


class RateLimiter:
    """The calls to one server.

    Args:
        server: keeps, for other engines too, until when the server is to be left alone.
        minute: seconds a minute has; tests make it short.
        clock: seconds since the epoch.
    """

    def __init__(
        self,
        server: Server,
        minute: Callable[[], float] = lambda: MINUTE,
        clock: Callable[[], float] = SYSTEM.clock.now,
    ) -> None:
        self._server = server
        self._minute = minute
        self._clock = clock
        self._lock = threading.Lock()
        self._times: dict[bool, deque[float]] = {True: deque(), False: deque()}
        #: By whether the calls cost points: how many a minute, and when that was last found to be too many.
        self._limits: dict[bool, tuple[int, float]] = {}
        self._in_a_row = 0

    @property
    def until(self) -> float:
        """Until when (seconds since the epoch) the server asked to be left alone; 0 where it did not."""
        try:
            until, *waits = [float(part) for part in self._server.get(_UNTIL).split()]
        except ValueError:
            return 0.0
        # Where it was to begin later than now, the clock was set back, and the rest of it cannot be known.
        return 0.0 if waits and until - waits[0] > self._clock() + _SKEW else until

    def wait(self, *, paid: bool) -> float:
        """Seconds until a call of that kind may leave; 0 for now."""
        with self._lock:
            return self._wait(paid, self._clock())

    def enter(self, *, paid: bool) -> float:
        """The same for a call that is to leave: where it may, it counts from now on."""
        with self._lock:
            now = self._clock()
            wait = self._wait(paid, now)
            if not wait:
                self._times[paid].append(now)
            return wait

    def _wait(self, paid: bool, now: float) -> float:
        # A clock that was set back must not make it hours.
        asked = min(self.until - now, self._minute() * _MOST_GROWTH)
        return max(0.0, asked, self._by_limit(paid, now))

    def accepted(self) -> None:
        """A call was answered by something else than a refusal to hurry."""
        self._in_a_row = 0

    def refused(self, *, paid: bool, seconds: float | None) -> float:
        """The server asked to slow down; returns for how long nothing is sent to it.

        Args:
            seconds: what it asked to wait, None where it named no number.
        """
        with self._lock:
            now, minute = self._clock(), self._minute()
            if self._times[paid]:
                self._times[paid].pop()  # the refused one
            went_well = len(self._recent(paid, now))
            for kind in (paid,) if went_well else (True, False):
                self._limits[kind] = (max(_LEAST[kind], len(self._recent(kind, now))), now)
            growth = min(_GROWTH**self._in_a_row, _MOST_GROWTH)
            self._in_a_row += 1
            wait = (minute if seconds is None else seconds) * growth
            if now + wait > self.until:
                self._server.note(_UNTIL, f"{now + wait:.3f} {wait:.3f}")
            return wait

    def _recent(self, paid: bool, now: float) -> deque[float]:
        times = self._times[paid]
        while times and not now - self._minute() * _MARGIN < times[0] <= now:
            times.popleft()
        return times

    def _by_limit(self, paid: bool, now: float) -> float:
        if paid not in self._limits:
            return 0.0
        limit, since = self._limits[paid]
        if now - since > _TRY_MORE * self._minute():
            limit += 1
            self._limits[paid] = (limit, now)
        recent = self._recent(paid, now)
        if len(recent) < limit:
            return 0.0
        return recent[len(recent) - limit] + self._minute() * _MARGIN - now

"""The clock and the chance of the services: the computer's, unless whoever runs them has others.

Standard library only. One of each for the process, since all services of a process share one world.
"""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from uuid import UUID


class Present:
    """Seconds since the epoch, seconds that never go back, and random numbers."""

    def __init__(self, chance: random.Random | None = None) -> None:
        self.chance = chance or random.SystemRandom()

    def time(self) -> float:
        return time.time()

    def monotonic(self) -> float:
        return time.monotonic()


_present = Present()


def use(present: Present) -> None:
    """From now on that one counts."""
    global _present
    _present = present


def now() -> float:
    """Seconds since the epoch."""
    return _present.time()


def monotonic() -> float:
    """Seconds since some moment, never less than before."""
    return _present.monotonic()


def utc() -> datetime:
    """The date and time of day."""
    return datetime.fromtimestamp(_present.time(), UTC)


def uuid4() -> UUID:
    """A random UUID."""
    return UUID(int=_present.chance.getrandbits(128), version=4)


def below(end: int, start: int = 0) -> int:
    """A random whole number from start up to, and less than, end."""
    return _present.chance.randrange(start, end)

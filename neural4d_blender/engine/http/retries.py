"""When a request is tried again. Standard library only."""

from __future__ import annotations

import email.utils
import random


def retry_after(header: str | None, now: float) -> float | None:
    """Seconds from now that a Retry-After header (a number, or an HTTP date) asks to wait, at most an hour."""
    if not header:
        return None
    try:
        seconds = float(header)
    except ValueError:
        try:
            seconds = email.utils.parsedate_to_datetime(header).timestamp() - now
        except ValueError:
            return None
    return min(max(seconds, 0.0), 3600.0)


def backoff(attempt: int, base: float = 0.5, ceiling: float = 30.0, *, chance: random.Random) -> float:
    """Seconds to wait before try number ``attempt`` + 1: exponential, with full jitter on the upper half."""
    full = min(ceiling, base * 2.0**attempt)
    return full * chance.uniform(0.5, 1.0)

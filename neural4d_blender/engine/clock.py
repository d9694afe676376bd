"""Time and waiting, as the engine uses them: another clock can be given in their place. Standard library only."""

from __future__ import annotations

import queue
import sys
import threading
import time
from typing import TypeVar

_T = TypeVar("_T")

if sys.platform == "win32":
    import ctypes

    def _monotonic() -> float:
        """Without the time that the computer sleeps, as on all other systems."""
        ticks = ctypes.c_ulonglong()
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
        return ticks.value / 1e7
else:
    _monotonic = time.monotonic


class Clock:
    """Time and waiting, in seconds."""

    def now(self) -> float:
        """Seconds since the epoch; the user may set that clock back."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment that the computer was awake; never less than before."""
        return _monotonic()

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds)

    def wait(self, event: threading.Event | threading.Condition, seconds: float) -> bool:
        """Let it pass, or less where the event is set or the condition notified; whether it was."""
        return event.wait(seconds)

    def take(self, inbox: queue.SimpleQueue[_T], seconds: float | None) -> _T:
        """The next thing from the inbox; queue.Empty where none comes within that time. None: whenever it comes."""
        return inbox.get(timeout=seconds)

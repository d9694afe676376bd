"""The names of `threading` that the engine uses, for tasks of the scheduler: `install` puts it in that module's place.

A lock belongs to the process that asks for it: modules of the engine are loaded once here, and each process that is
simulated would have its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .scheduler import current


class Lock:
    """threading.Lock."""

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        scheduler = current()
        held, mine = scheduler.process.held, id(self)
        if mine in held:
            if not blocking:
                return False
            scheduler.block(lambda: mine not in held, None if timeout < 0 else timeout)
            while mine in held:
                if timeout >= 0:
                    return False
                scheduler.block(lambda: mine not in held)
        held[mine] = scheduler.current
        return True

    def release(self) -> None:
        current().process.held.pop(id(self), None)

    def locked(self) -> bool:
        return id(self) in current().process.held

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(self, *_: object) -> None:
        self.release()


class RLock(Lock):
    """threading.RLock."""

    def __init__(self) -> None:
        self._depth = 0

    def acquire(self, blocking: bool = True, timeout: float = -1) -> bool:
        scheduler = current()
        if id(self) not in scheduler.process.held or scheduler.process.held[id(self)] is not scheduler.current:
            if not super().acquire(blocking, timeout):
                return False
            self._depth = 0
        self._depth += 1
        return True

    def release(self) -> None:
        self._depth -= 1
        if not self._depth:
            super().release()


class Condition:
    """threading.Condition."""

    def __init__(self, lock: Lock | None = None) -> None:
        self._lock = lock or RLock()
        self._count = 0

    def __enter__(self) -> bool:
        return self._lock.acquire()

    def __exit__(self, *_: object) -> None:
        self._lock.release()

    def notify(self, n: int = 1) -> None:
        self._count += 1

    notify_all = notify

    def wait(self, timeout: float | None = None) -> bool:
        before = self._count
        self._lock.release()
        current().block(lambda: self._count != before, timeout)
        self._lock.acquire()
        return self._count != before

    def wait_for(self, predicate: Callable[[], Any], timeout: float | None = None) -> Any:
        ends = None if timeout is None else current().now + timeout
        while not (result := predicate()):
            if ends is not None and current().now >= ends:
                break
            self.wait(None if ends is None else ends - current().now)
        return result


class Event:
    """threading.Event."""

    def __init__(self) -> None:
        self._set = False

    def is_set(self) -> bool:
        return self._set

    def set(self) -> None:
        self._set = True

    def clear(self) -> None:
        self._set = False

    def wait(self, timeout: float | None = None) -> bool:
        if not self._set:
            current().block(self.is_set, timeout)
        return self._set


class local:  # noqa: N801 (as threading calls it)
    """threading.local."""

    def _own(self) -> dict[str, Any]:
        task = current().current
        return task.own.setdefault(id(self), {}) if task else {}  # no thread is there: what ends now keeps nothing

    def __getattr__(self, name: str) -> Any:
        try:
            return self._own()[name]
        except KeyError:
            raise AttributeError(name) from None

    def __setattr__(self, name: str, value: Any) -> None:
        self._own()[name] = value

    def __delattr__(self, name: str) -> None:
        del self._own()[name]

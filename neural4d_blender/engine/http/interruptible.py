"""Requests that whoever waits for them can give up at any moment: each is made on a thread of its own.

Standard library only. A name that is looked up, a connection that hangs, an answer or an upload in drops: Python can
break off none of them, so the one who waits leaves. What has not left this computer by then never will.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager, suppress
from typing import TypeVar

from ..system import System

_T = TypeVar("_T")
#: Seconds between two looks at whether it is to be given up.
_LOOK = 0.05
#: Bytes a second that an upload has to make at least, over all of it.
_SLOWEST_UPLOAD = 32 * 1024

_thread = threading.local()


class GivenUp(OSError):
    """Nobody waits for the request any more; raised on its own thread."""


class Attempt:
    """One request.

    Attributes:
        left: a byte of it has left this computer for the service.
        uploading: seconds that sending what it carries may take.
    """

    def __init__(self) -> None:
        self.left = False
        self.uploading = 0.0
        self._given_up = False
        self._lock = threading.Lock()
        self._socket: socket.socket | None = None

    def carries(self, size: int) -> None:
        """So many bytes are about to be sent."""
        self.uploading += size / _SLOWEST_UPLOAD

    def leaves(self, connection: socket.socket) -> None:
        """Bytes are about to leave on that connection; GivenUp where they may not any more."""
        with self.going_on():
            self.left, self._socket = True, connection

    @contextmanager
    def going_on(self) -> Iterator[None]:
        """What is done inside is done before it is given up, or GivenUp is raised."""
        with self._lock:
            if self._given_up:
                raise GivenUp("nobody waits any more")
            yield

    def give_up(self, *, unless_left: bool = False) -> bool:
        """Have nothing more leave, and nothing more be done; False where it goes on, because something has left."""
        with self._lock:
            if unless_left and self.left:
                return False
            self._given_up = True
        if self._socket:
            with suppress(OSError):  # has the thread end soon, where the system is so kind
                socket.socket.shutdown(self._socket, socket.SHUT_RDWR)
        return True


def current() -> Attempt | None:
    """What the calling thread is at, None where nobody could give it up."""
    return getattr(_thread, "attempt", None)


def run(system: System, attempt: Attempt, work: Callable[[], _T], look: Callable[[], None]) -> _T:
    """Do the work on a thread of its own; returns what it returns and raises what it raises.

    Args:
        attempt: the work as one that can be given up.
        look: called again and again meanwhile. What it raises is raised here at once, and the work is given up.
    """
    outcome, over = Future[_T](), threading.Event()
    outcome.add_done_callback(lambda _: over.set())

    def do() -> None:
        _thread.attempt = attempt
        try:
            outcome.set_result(work())
        except BaseException as error:
            outcome.set_exception(error)

    system.start_thread("request", do)
    try:
        while not system.clock.wait(over, _LOOK):
            look()
    except BaseException:
        attempt.give_up()
        raise
    return outcome.result()


@contextmanager
def heeding(unwanted: Callable[[], bool]) -> Iterator[None]:
    """What the calling thread waits for meanwhile is given up as soon as that says so."""
    _thread.unwanted = unwanted
    try:
        yield
    finally:
        del _thread.unwanted


def is_unwanted() -> bool:
    """Whether what the calling thread waits for is to be given up."""
    asked: Callable[[], bool] | None = getattr(_thread, "unwanted", None)
    return asked is not None and asked()

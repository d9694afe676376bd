"""Blender's data is its main thread's alone: on another one it crashes, sooner or later. May import the session."""

from __future__ import annotations

import functools
import threading

from ..engine.protocol import WrongThread
from .session import session, survive


def is_here() -> bool:
    """This is the main thread."""
    return threading.current_thread() is threading.main_thread()


def require(what: str) -> None:
    """Refuse, before anything has happened, what touches Blender on another thread; WrongThread."""
    if not is_here():
        raise WrongThread(f"{what} touches Blender, which its main thread alone may do.")


def call_back() -> None:
    """Call those who wanted to know of jobs; what goes wrong in there is theirs."""
    while session.asked.calls:
        callback, job = session.asked.calls.popleft()
        survive(functools.partial(callback, job), otherwise=None)

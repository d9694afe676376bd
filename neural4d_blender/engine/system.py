"""The computer as the engine uses it: clock, chance, threads, processes, files.

Standard library only. The engine is given one :class:`System` at its entry and hands it down; a test gives it one of
its own, and so decides what time it is and what runs.
"""

from __future__ import annotations

import random
import signal
import subprocess
import sys
import threading
import traceback
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from typing import IO

from .clock import Clock
from .file_replacement import FileReplacement

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _OnEvent = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)


class System(FileReplacement):
    """All that the engine takes from the computer.

    Args:
        clock: the time. chance: random numbers.
    """

    def __init__(self, clock: Clock | None = None, chance: random.Random | None = None) -> None:
        self.clock = clock or Clock()
        self.chance = chance or random.SystemRandom()

    def new_id(self) -> str:
        """A random UUID."""
        return str(uuid.UUID(int=self.chance.getrandbits(128), version=4))

    def start_thread(self, name: str, work: Callable[[], None]) -> None:
        """Do the work on a thread of its own, which does not keep the process from ending."""
        threading.Thread(target=work, name=name, daemon=True).start()

    def thread_pool(self, name: str, threads: int) -> Executor:
        """So many threads, each started when it is needed."""
        return ThreadPoolExecutor(threads, thread_name_prefix=name)

    def start_process(
        self, arguments: Sequence[str], *, log: IO[bytes], environment: dict[str, str]
    ) -> subprocess.Popen[bytes]:
        """Start a program with a pipe as its input, and whatever it says in the log; OSError where it cannot be."""
        return subprocess.Popen(
            arguments,
            stdin=subprocess.PIPE,
            stdout=log,
            stderr=subprocess.STDOUT,
            env=environment,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def log(self, error: Exception) -> None:
        """Put what happened into the log, where that can be written: a full disk is no reason to stop."""
        with suppress(OSError, ValueError):
            traceback.print_exception(error)

    def when_told_to_end(self, end: Callable[[], None], over: threading.Event) -> None:
        """Have it called, at any moment, when this process is asked to end: by a signal, or as Windows' session ends.

        Args:
            over: set when it has ended all it has to; Windows waits for that, some seconds.
        """
        for name in ("SIGTERM", "SIGHUP", "SIGINT", "SIGBREAK"):
            number = getattr(signal, name, None)
            if number and signal.getsignal(number) is not signal.SIG_IGN:
                signal.signal(number, lambda *_: end())
        if sys.platform == "win32":  # a console that is closed, logging off, shutting down

            def on_event(_event: int) -> bool:
                end()
                return over.wait()

            self._on_event = _OnEvent(on_event)  # kept for as long as Windows may call it
            ctypes.windll.kernel32.SetConsoleCtrlHandler(self._on_event, True)


#: The real one.
SYSTEM = System()

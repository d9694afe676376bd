"""The computer as the engine uses it: clock, chance, threads, processes, the replacing of files.

Standard library only. The engine is given one :class:`System` at its entry and hands it down; a test gives it one of
its own, and so decides what time it is and what runs.
"""

from __future__ import annotations

import errno
import os
import queue
import random
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
import traceback
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import IO, TypeVar

_T = TypeVar("_T")

if sys.platform == "win32":
    import ctypes
    from ctypes import wintypes

    _OnEvent = ctypes.WINFUNCTYPE(wintypes.BOOL, wintypes.DWORD)

    def _monotonic() -> float:
        """Without the time that the computer sleeps, as on all other systems."""
        ticks = ctypes.c_ulonglong()
        ctypes.windll.kernel32.QueryUnbiasedInterruptTime(ctypes.byref(ticks))
        return ticks.value / 1e7
else:
    _monotonic = time.monotonic


_DEVICE = re.compile(r"con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]", re.IGNORECASE)
#: Seconds that a virus scanner is waited for.
PATIENCE = 5.0


def is_held(error: OSError) -> bool:
    """It is Windows' word for a file that somebody else has open, or that may not be touched."""
    if sys.platform != "win32":
        return False
    return error.winerror in (5, 32, 33) or (error.winerror is None and error.errno == errno.EACCES)


def reason(error: OSError) -> str:
    """Why a file could not be written, in words."""
    return "another program has it open, or it may not be written" if is_held(error) else error.strerror or str(error)


def is_reserved(name: str) -> bool:
    """Windows has it for a device, whatever its ending, and makes no file of that name."""
    return _DEVICE.fullmatch(name.partition(".")[0].rstrip()) is not None


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


class System:
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

    def again(self, do: Callable[[], _T], patience: float = PATIENCE) -> _T:
        """Do something with a file; on Windows, while somebody else has it open, again for so many seconds.

        A virus scanner does, with every fresh one, for a moment.
        """
        ends, pause = self.clock.monotonic() + patience, 0.01
        while True:
            try:
                return do()
            except OSError as error:
                if not is_held(error) or self.clock.monotonic() > ends:
                    raise
            self.clock.sleep(pause)
            pause = min(2 * pause, 0.25)

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another name, at once and in the place of what has that name; OSError where it cannot be."""
        self.again(lambda: os.replace(source, target))

    def remove(self, path: Path) -> None:
        """Remove a file, or a folder with all in it, where there is one; OSError where it cannot be."""
        is_folder = path.is_dir() and not path.is_symlink()
        self.again(lambda: shutil.rmtree(path) if is_folder else path.unlink(missing_ok=True))

    def discard(self, path: Path) -> None:
        """The same as far as it can be: what is left over is no reason to fail, nor may it hide why something did."""
        with suppress(OSError):
            self.remove(path)

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

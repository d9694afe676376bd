"""The computer as the engine uses it: clock, chance, threads, processes, the replacing of files.

Standard library only. The engine is given one :class:`System` at its entry and hands it down; a test gives it one of
its own, and so decides what time it is and what runs.
"""

from __future__ import annotations

import os
import queue
import random
import subprocess
import threading
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path
from typing import IO, TypeVar

_T = TypeVar("_T")


class Clock:
    """Time and waiting, in seconds."""

    def now(self) -> float:
        """Seconds since the epoch; the user may set that clock back."""
        return time.time()

    def monotonic(self) -> float:
        """Seconds since some moment; never less than before."""
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        """Let so much time pass."""
        time.sleep(seconds)

    def wait(self, event: threading.Event | threading.Condition, seconds: float) -> bool:
        """Let it pass, or less where the event is set or the condition notified; whether it was."""
        return event.wait(seconds)

    def take(self, inbox: queue.Queue[_T], seconds: float | None) -> _T:
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

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another name, at once and in the place of what has that name; OSError where it cannot be."""
        os.replace(source, target)


#: The real one.
SYSTEM = System()

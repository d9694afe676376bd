"""Kills a Blender with all that it has started, as hard as can be. Linux only, as the window tests are."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections import defaultdict
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path


def kill_when(process: subprocess.Popen[bytes], due: Callable[[], bool], seconds: float = 900.0) -> None:
    """Wait until it is due, then SIGKILL for the process, its engine and their background Blenders.

    Raises:
        RuntimeError: it ended before that, or the time is up.
    """
    limit = time.monotonic() + seconds
    while not due():
        if process.poll() is not None:
            raise RuntimeError(f"It ended, with exit code {process.returncode}, before it could be killed.")
        if time.monotonic() > limit:
            kill(process)
            raise RuntimeError(f"It did not come to the middle of its batch within {seconds:g} s.")
        time.sleep(0.1)
    kill(process)


def kill(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for the process and all below it: the engine has a session of its own, so a group is not enough."""
    doomed = [process.pid]
    children = _children()
    for pid in doomed:
        doomed += children[pid]
    for pid in doomed:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    process.wait()
    while any(pid in doomed for pids in _children().values() for pid in pids):
        time.sleep(0.01)


def _children() -> dict[int, list[int]]:
    """The processes that live, by the one that started them."""
    found: dict[int, list[int]] = defaultdict(list)
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):  # it has ended meanwhile
            said = stat.read_text(errors="replace")
            state, parent = said.rpartition(")")[2].split()[:2]
            if state not in "ZX":
                found[int(parent)].append(int(said.split()[0]))
    return found

"""A file that is locked for as long as its process lives, whatever ends it. Standard library only."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import IO


def hold(path: Path) -> IO[bytes]:
    """Open the file and lock it for as long as this process lives; OSError when another one holds it."""
    handle = path.open("a+b")
    try:
        if os.name == "nt":
            import msvcrt

            handle.seek(0)  # the lock is on a byte, and a marked file is longer than an empty one
            msvcrt.locking(handle.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        else:
            import fcntl

            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        handle.close()
        raise
    return handle


def mark(handle: IO[bytes]) -> None:
    """Let others see that the process is about to end."""
    handle.write(b"ends")
    handle.flush()


def is_marked(path: Path) -> bool:
    """Whether a process has locked it that lives, and is about to end."""
    try:
        return path.stat().st_size > 0 and is_held(path)
    except OSError:
        return False


def is_held(path: Path) -> bool:
    """Whether a process that lives has locked it; one that nobody holds is removed."""
    if not path.exists():
        return False
    try:
        held = hold(path)
    except OSError:
        return True
    held.close()
    with suppress(OSError):  # somebody else is looking too
        path.unlink(missing_ok=True)
    return False

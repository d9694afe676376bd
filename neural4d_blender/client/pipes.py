"""Reads and writes a child's pipes without ever waiting; standard library only.

Blender allows no threads, so the host asks the operating system what is there and takes just that.
"""

from __future__ import annotations

import os
import sys
from typing import IO

#: Bytes of one read, and reads of one look.
_CHUNK, _CHUNKS = 1 << 16, 4

if sys.platform == "win32":
    import ctypes
    import msvcrt
    from ctypes import wintypes

    def _readable(fd: int) -> int | None:
        """Bytes that wait in the pipe; None where the other end is closed."""
        count = wintypes.DWORD()
        handle = msvcrt.get_osfhandle(fd)
        if not ctypes.windll.kernel32.PeekNamedPipe(handle, None, 0, None, ctypes.byref(count), None):
            return None
        return count.value


class PipeReader:
    """The lines that a child has written so far."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._fd = pipe.fileno()
        self._rest = b""
        self.closed = False
        if sys.platform != "win32":
            os.set_blocking(self._fd, False)

    def lines(self) -> list[bytes]:
        """Whole lines that have arrived since the last call; ``closed`` is set at the end of the pipe.

        Reads no more than a few hundred kilobytes at a time; what remains is there for the next call.
        """
        for _ in range(_CHUNKS):
            if self.closed:
                break
            chunk = self._read()
            if chunk is None:
                break
            if not chunk:
                self.closed = True
            self._rest += chunk
        *lines, self._rest = self._rest.split(b"\n")
        return lines

    def _read(self) -> bytes | None:
        """What is there; None for nothing yet, empty for the end."""
        try:
            if sys.platform == "win32":
                waiting = _readable(self._fd)
                if not waiting:
                    return b"" if waiting is None else None
                return os.read(self._fd, min(waiting, _CHUNK))
            return os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return None
        except OSError:
            return b""


class PipeWriter:
    """Sends lines to a child; what its pipe does not take at once waits here for the next call."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._fd = pipe.fileno()
        self._rest = b""
        if sys.platform != "win32":
            os.set_blocking(self._fd, False)

    def write(self, data: bytes = b"") -> None:
        """Send ``data`` after whatever still waits; a child that is gone is the reader's business."""
        self._rest += data
        sent = 0
        try:
            with memoryview(self._rest) as rest:  # thousands of items are megabytes: not to be copied for each piece
                while sent < len(rest):
                    sent += os.write(self._fd, rest[sent : sent + _CHUNK])
        except BlockingIOError:
            pass
        except OSError:
            sent = len(self._rest)
        self._rest = self._rest[sent:]

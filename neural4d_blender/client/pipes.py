"""Reads and writes a child's pipes without ever waiting; standard library only.

Blender allows no threads, so the host asks the operating system what is there and takes just that.
"""

from __future__ import annotations

import os
import sys
import time
from typing import IO

#: Bytes of one read or write, and how many of them there are in one look.
_CHUNK, _READS, _WRITES = 1 << 16, 4, 16
#: Seconds that a child may take nothing before it is given up when Blender ends.
_PATIENCE = 0.25

if sys.platform == "win32":
    import _winapi
    import ctypes
    import msvcrt
    from ctypes import wintypes

    #: What a pipe holds; the usual one has room for 4 kB, and nothing goes on between two looks.
    _ROOM = 1 << 20
    #: Bytes for which there is no room are tried by halves, down to so few.
    _LEAST = 512
    _PIPE_NOWAIT = wintypes.DWORD(1)

    def pipe() -> tuple[int, int]:
        """A pipe's two ends, the one to read from and the one to write to, as file descriptors."""
        reading, writing = _winapi.CreatePipe(None, _ROOM)
        return msvcrt.open_osfhandle(reading, os.O_RDONLY), msvcrt.open_osfhandle(writing, 0)

    def _readable(fd: int) -> int | None:
        """Bytes that wait in the pipe; None where the other end is closed."""
        count = wintypes.DWORD()
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(fd))
        if not ctypes.windll.kernel32.PeekNamedPipe(handle, None, 0, None, ctypes.byref(count), None):
            return None
        return count.value

    def _never_wait(fd: int) -> None:
        # os.set_blocking can do that from Python 3.12 on.
        handle = wintypes.HANDLE(msvcrt.get_osfhandle(fd))
        if not ctypes.windll.kernel32.SetNamedPipeHandleState(handle, ctypes.byref(_PIPE_NOWAIT), None, None):
            raise ctypes.WinError()

    def _send(fd: int, piece: memoryview) -> int:
        """How many bytes the pipe took. Of a piece it takes all or nothing; os.write would not tell full from gone."""
        while True:
            taken, _ = _winapi.WriteFile(msvcrt.get_osfhandle(fd), piece)
            if taken or len(piece) <= _LEAST:
                return taken
            piece = piece[: len(piece) // 2]
else:
    pipe = os.pipe

    def _never_wait(fd: int) -> None:
        os.set_blocking(fd, False)

    def _send(fd: int, piece: memoryview) -> int:
        """How many bytes the pipe took."""
        try:
            return os.write(fd, piece)
        except BlockingIOError:
            return 0


class PipeReader:
    """The lines that a child has written so far."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._fd = pipe.fileno()
        self._rest = b""
        self.closed = False
        if sys.platform != "win32":  # there it looks before it reads
            _never_wait(self._fd)

    def lines(self) -> list[bytes]:
        """Whole lines that have arrived since the last call; ``closed`` is set at the end of the pipe.

        Reads no more than a few hundred kilobytes at a time; what remains is there for the next call.
        """
        for _ in range(_READS):
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
        self._rest = bytearray()
        _never_wait(self._fd)

    def write(self, data: bytes = b"") -> bool:
        """Send ``data`` after whatever still waits, a megabyte at most; whether any of it went.

        A child that is gone is the reader's business.
        """
        self._rest += data
        sent = 0
        try:
            with memoryview(self._rest) as rest:  # thousands of items are megabytes: not to be copied for each piece
                for _ in range(_WRITES):
                    taken = _send(self._fd, rest[sent : sent + _CHUNK]) if sent < len(rest) else 0
                    sent += taken
                    if not taken:
                        break
        except OSError:
            sent = len(self._rest)
        del self._rest[:sent]
        return sent > 0

    def finish(self) -> None:
        """Send all that waits, for as long as the child takes any of it: this is the end, and nobody sends it later."""
        ends = time.monotonic() + _PATIENCE
        while self._rest and time.monotonic() < ends:
            if self.write():
                ends = time.monotonic() + _PATIENCE
            else:
                time.sleep(0.001)

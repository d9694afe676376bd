"""The engine's process as its host knows it, and the two pipes between them.

In the place of the client's `EngineProcess`: what is written there arrives here.
"""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import TYPE_CHECKING

from .scheduler import Process, current

if TYPE_CHECKING:
    from ..world import World

#: Bytes that a pipe holds.
_HOLDS = 65_536
_worlds: list[World] = []


def use(world: World) -> None:
    """Engines that hosts start from now on are of that world."""
    _worlds[:] = [world]


def world() -> World:
    """The one that counts now."""
    return _worlds[0]


class Pipe:
    """One way of the two: lines from a writer to a reader."""

    def __init__(self) -> None:
        self.lines: deque[bytes] = deque()
        self.closed = self.broken = False
        self._rest = b""

    def put(self, data: bytes) -> None:
        """Write; what is no whole line waits for the rest."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        self.lines += [line + b"\n" for line in lines]

    # as the engine knows them

    def readline(self) -> bytes:
        if not self.lines and not self.closed:
            current().block(lambda: bool(self.lines) or self.closed)
        return self.lines.popleft() if self.lines else b""

    def write(self, data: bytes) -> int:
        if sum(map(len, self.lines)) > _HOLDS and not self.broken:
            current().block(lambda: not self.lines or self.broken)
        if self.closed:
            raise ValueError("write to closed file")
        if self.broken:
            raise BrokenPipeError(32, "Broken pipe")
        self.put(data)
        return len(data)

    def flush(self) -> None:
        """Nothing waits."""

    def close(self) -> None:
        """This was all."""
        self.closed = True


class _Reader:
    """PipeReader."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe

    @property
    def closed(self) -> bool:
        return self.pipe.closed and not self.pipe.lines

    def lines(self) -> list[bytes]:
        lines = [line.rstrip(b"\n") for line in self.pipe.lines]
        self.pipe.lines.clear()
        return lines


class _Writer:
    """PipeWriter."""

    def __init__(self, pipe: Pipe) -> None:
        self._pipe = pipe

    def write(self, data: bytes = b"") -> None:
        if not self._pipe.broken and not self._pipe.closed:
            self._pipe.put(data)


class EngineProcess:
    """EngineProcess."""

    def __init__(self, folder: Path, _search_path: list[str]) -> None:
        self.commands, self.events = Pipe(), Pipe()
        self.reader, self.writer = _Reader(self.events), _Writer(self.commands)
        self.process: Process = world().start_engine(folder, self.commands, self.events)

    def end(self) -> None:
        """Close the pipes; it ends by itself."""
        self.commands.closed = self.events.broken = True

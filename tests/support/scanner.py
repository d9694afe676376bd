"""A virus scanner as programs meet it: for some moments it has a fresh file open, and nobody else may. Windows only."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_READ, _OPEN_EXISTING, _ANY_KIND = 0x80000000, 3, 0x02000000


def _opened(path: Path) -> int:
    """A handle that shares nothing; 0 where somebody else has the file open, or it is gone."""
    windows = ctypes.WinDLL("kernel32")  # type: ignore[attr-defined]
    windows.CreateFileW.restype = ctypes.c_void_p
    handle = windows.CreateFileW(str(path), _READ, 0, None, _OPEN_EXISTING, _ANY_KIND, None)
    return 0 if handle == ctypes.c_void_p(-1).value else handle


def _close(handle: int) -> None:
    ctypes.WinDLL("kernel32").CloseHandle(ctypes.c_void_p(handle))  # type: ignore[attr-defined]


@contextmanager
def held(path: Path, seconds: float | None = None) -> Iterator[None]:
    """Have the file open for so long; None: until the block ends."""
    handle = _opened(path)
    assert handle
    if seconds is None:
        try:
            yield
        finally:
            _close(handle)
        return
    timer = threading.Timer(seconds, _close, [handle])
    timer.start()
    yield
    timer.join()


@contextmanager
def scanned(folder: Path, seconds: float = 0.3) -> Iterator[list[str]]:
    """Open every file that appears or changes below the folder, each for so long; yields their names."""
    over, known, names = threading.Event(), dict[Path, int](), list[str]()

    def scan() -> None:
        while not over.wait(0.003):
            for path in folder.rglob("*"):
                try:
                    changed = path.stat().st_mtime_ns
                    if known.get(path) == changed or path.is_dir() or "sqlite3" in path.name or ".lock" in path.suffix:
                        continue
                except OSError:
                    continue
                if handle := _opened(path):
                    known[path] = changed
                    names.append(path.name)
                    threading.Timer(seconds, _close, [handle]).start()

    thread = threading.Thread(target=scan)
    thread.start()
    try:
        yield names
    finally:
        over.set()
        thread.join()

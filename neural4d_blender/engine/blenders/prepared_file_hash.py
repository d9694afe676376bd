"""Whether a prepared file is still the one that the preparer told of. Standard library only; the host loads it too.

The preparer tells the file's digest. Reading all of a file takes a tenth of a second for 150 MB, which Blender would
stand still for: so where number, size and times of the file are those that the engine noted when it got it, that is
enough. No program can set the time of the last change (ctime) on Linux and macOS, so whatever was written, swapped or
brought back since is noticed, and read. On Windows this goes by the file's number and the time of writing, which
whoever writes into the very file can set back. None of it holds against who may write the journal as well.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..errors import BrokenModel, PreparerFailed
from ..model.quality.facts import Facts

#: Files whose digest was right, in this process: path and stamp.
_read: set[tuple[Path, tuple[int, ...]]] = set()


def digest_of(path: Path) -> str:
    """SHA-256 of a file, in hexadecimal; raises OSError."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def stamp_of(path: Path) -> list[int]:
    """What the system changes when a file is changed: its number, size, and times in nanoseconds; raises OSError."""
    found = path.stat()
    return [found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns]


def sealed(facts: Facts, path: Path) -> Facts:
    """The facts of a file that was prepared just now, with its stamp; PreparerFailed where it is gone already."""
    try:
        return {**facts, "stamp": stamp_of(path)}
    except FileNotFoundError as error:
        raise PreparerFailed(
            f"The prepared model {path} is gone: a virus scanner may have taken it away.",
            "Have it leave the folder for files alone, then press Retry, at no cost.",
        ) from error


def check_sealed(path: Path, facts: Mapping[str, Any]) -> list[int]:
    """The file's stamp, where it is the file that the facts tell of; those of earlier versions tell nothing of it.

    Raises:
        BrokenModel: it is another one. OSError: it cannot be read.
    """
    now, told = stamp_of(path), facts.get("sha256")
    if not told or now == facts.get("stamp") or (path, tuple(now)) in _read:
        return now
    if digest_of(path) != told:
        raise BrokenModel(
            f"The prepared model {path.name} is not what was prepared: something else has changed it.",
            "Place it once more: it is prepared again at no cost.",
        )
    _read.add((path, tuple(now)))
    return now

"""Paths as somebody gives them. Standard library and the engine's ``protocol`` only."""

from __future__ import annotations

import os
from pathlib import Path

from ..engine.protocol import InvalidInput


def expanded(path: str | os.PathLike[str]) -> Path:
    """The path, with the user's own folder for ``~`` at its beginning; a name that only looks like that stays."""
    return Path(os.path.expanduser(path))


def is_same_file(one: str | Path, other: str | Path) -> bool:
    """Both paths lead to the same file or folder: by a link, another drive letter or spelling, or as they stand.

    Where one of them leads nowhere, what they say counts.
    """
    try:
        return os.path.samefile(one, other)
    except OSError:
        return os.path.normcase(os.path.realpath(one)) == os.path.normcase(os.path.realpath(other))


def check_writable(file: Path) -> None:
    """Refuse a file, by its absolute path, that is a folder, or whose own cannot be written or made; InvalidInput."""
    if file.is_dir():
        raise InvalidInput(f"{file} is a folder, and cannot become a file.", "Choose another name for the file.")
    there = next(folder for folder in file.parents if folder.exists())
    if not there.is_dir() or not os.access(there, os.W_OK):
        raise InvalidInput(f"Nothing can be written into {there}.", "Choose another folder for the output.")

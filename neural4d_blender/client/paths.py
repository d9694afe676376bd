"""Paths as somebody gives them. Standard library and the engine's ``protocol`` only."""

from __future__ import annotations

import os
import re
import shlex
import sys
import tempfile
import uuid
from pathlib import Path

from ..engine.protocol import InvalidInput

if sys.platform == "win32":
    from . import windows_paths


def expanded(path: str | os.PathLike[str]) -> Path:
    """The path, with the user's own folder for ``~`` at its beginning; a name that only looks like that stays."""
    return Path(os.path.expanduser(path))


def located(path: str, folder: Path) -> Path:
    """A path from the folder on, as a table has it; one from Windows may have \\ between its folders elsewhere too."""
    found = folder / expanded(path)
    return folder / expanded(path.replace("\\", "/")) if "\\" in path and not found.exists() else found


def quoted(text: str) -> str:
    """As an argument that can be put into the shell that is there: sh, or cmd and PowerShell alike."""
    if sys.platform != "win32":
        return shlex.quote(text)
    return text if re.fullmatch(r"[\w:\\/.\-]+", text) else f'"{text}"'  # no path has a " in it


def beside(path: Path) -> tempfile.TemporaryDirectory[str]:
    """A passing folder to make a file in that is then given its name; its removal hides nothing that went wrong."""
    path.parent.mkdir(parents=True, exist_ok=True)
    return tempfile.TemporaryDirectory(prefix=f".{path.stem}-", dir=path.parent, ignore_cleanup_errors=True)


def is_same_file(one: str | Path, other: str | Path) -> bool:
    """Both paths lead to the same file or folder: by a link, another drive letter or spelling, or as they stand.

    Where one of them leads nowhere, what they say counts.
    """
    try:
        return os.path.samefile(one, other)
    except OSError:
        alike = str.casefold if sys.platform == "darwin" else os.path.normcase
        return alike(os.path.realpath(one)) == alike(os.path.realpath(other))


def check_writable(file: Path) -> None:
    """Refuse a file, by its absolute path, that is a folder, or whose own cannot be written or made; InvalidInput."""
    try:
        is_folder, there = file.is_dir(), next((folder for folder in file.parents if folder.exists()), None)
    except OSError as error:  # longer than a name can be, or below what may not be looked into
        raise InvalidInput(
            f"{file} is no path for a file: {error.strerror or error}.", "Choose another name or folder."
        ) from error
    if is_folder:
        raise InvalidInput(f"{file} is a folder, and cannot become a file.", "Choose another name for the file.")
    if sys.platform == "win32":
        windows_paths.check(file)
    if there is None:
        raise InvalidInput(
            f"There is no drive or share {file.anchor}.", "Connect the drive or share, or choose another folder."
        )
    try:
        _try_out(there / f".neural4d-{uuid.uuid4().hex}")
    except OSError as error:
        raise InvalidInput(
            f"Nothing can be written into {there}: {error.strerror or error}.", "Choose another folder for the output."
        ) from error


def _try_out(file: Path) -> None:
    """Make the file, write to it and have it gone again: on Windows nothing else tells whether that may be."""
    passing: int = getattr(os, "O_TEMPORARY", 0)  # there it goes as it is closed, whoever has it open
    handle = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | passing, 0o600)
    try:
        os.write(handle, b"x")
    finally:
        os.close(handle)
        if not passing:
            file.unlink()

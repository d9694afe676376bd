"""The folders that the user has named for agents: nothing outside of them is read or written for one.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import os
import re
import shutil
import stat
from collections.abc import Iterable
from pathlib import Path

from ..client.paths import check_writable, expanded
from ..engine.protocol import InvalidInput

#: What names a device on Windows, with any ending.
_DEVICES = re.compile(r"(?i)(con|prn|aux|nul|conin\$|conout\$|com[0-9¹²³]|lpt[0-9¹²³])[ ]*(\..*)?")
_LONGEST = 4096


class Folders:
    """The folders, as absolute paths without links.

    Args:
        named: by the user; relative ones are of the folder that the server was started in.

    Raises:
        InvalidInput: one of them is not there, or is a whole drive.
    """

    def __init__(self, named: Iterable[str]) -> None:
        self.roots = tuple(dict.fromkeys(_root(one) for one in named))

    def file(self, named: str) -> Path:
        """A file to be read, by its absolute path or from the first folder on; InvalidInput where that may not be."""
        path = self._inside(named)
        if not path.is_file():
            raise InvalidInput(f"There is no file {path}.", "Look where it is now.")
        return path

    def new_file(self, named: str, ending: str) -> Path:
        """A file to be written, whose folder is there; likewise."""
        path = self._inside(named)
        if path.suffix.lower() != ending or not path.parent.is_dir():
            raise InvalidInput(f"{path} is no name of a new {ending} in a folder that is there.")
        check_writable(path)
        return path

    def folder(self, named: str) -> Path:
        """A folder to write into, made where it is not there; likewise."""
        path = self._inside(named)
        if path.exists() and not path.is_dir():
            raise InvalidInput(f"{path} is no folder.", "Name another one.")
        check_writable(path / "a model")
        return path

    def copy(self, named: str, to: Path) -> Path:
        """Copy a file, so that it stays what it was when it was looked at; raises InvalidInput as :meth:`file`.

        Args:
            to: without its ending.
        """
        path = self.file(named)
        target = to.with_suffix(path.suffix.lower())
        try:
            # Should it have become a link since, it is not followed.
            with open(path, "rb", opener=lambda name, flags: os.open(name, flags | _UNFOLLOWED)) as source:
                if not stat.S_ISREG(os.fstat(source.fileno()).st_mode):
                    raise InvalidInput(f"{path} is no file.")
                target.parent.mkdir(0o700, parents=True, exist_ok=True)
                with target.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
        except OSError as error:
            raise InvalidInput(f"{path.name} cannot be read: {error.strerror or error}.") from error
        return target

    def _inside(self, named: str) -> Path:
        if not self.roots:
            raise InvalidInput(
                "The user has named no folder for agents.", "Have the user start the server with --folder PATH."
            )
        if not _is_plain(named):
            raise InvalidInput("This is no path that an agent may use.", self._remedy)
        path = self.roots[0] / named  # which an absolute one takes the place of
        root = next((one for one in self.roots if path.is_relative_to(one)), None)
        if root is None:
            raise InvalidInput("This path is outside of the folders for agents.", self._remedy)
        for part in (path, *path.parents):
            if part == root:
                break
            if part.is_symlink() or getattr(part, "is_junction", bool)():  # which Python 3.12 knows
                raise InvalidInput("This path leads through a link, which is not followed for agents.", self._remedy)
        if not path.resolve().is_relative_to(root):
            raise InvalidInput("This path is outside of the folders for agents.", self._remedy)
        return path

    @property
    def _remedy(self) -> str:
        return f"Name a file by its plain path in: {', '.join(map(str, self.roots))}."


_UNFOLLOWED: int = getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0)


def _root(named: str) -> Path:
    path = expanded(named).resolve()
    if not path.is_dir() or path == Path(path.anchor):
        raise InvalidInput(f"{named} is no folder that agents can be given.", "Name a folder that is there.")
    return path


def _is_plain(named: str) -> bool:
    """No share, no device, no stream, no way up, no character that a system reads otherwise than it is written."""
    if not named.strip() or len(named) > _LONGEST or any(ord(letter) < 32 for letter in named):
        return False
    if named.startswith(("\\\\", "//", "\\", "~")):
        return False
    try:
        named.encode()
    except UnicodeEncodeError:
        return False
    rest = re.sub(r"^[A-Za-z]:(?=[\\/])", "", named)
    parts = re.split(r"[\\/]", rest)
    return ":" not in rest and ".." not in parts and not any(_DEVICES.fullmatch(part) for part in parts)

"""The files that came with a model, found by the names that the model has for them. Standard library and `engine` only.

Those names were written on another computer: with other slashes, another letter case, the folders of its maker's disk,
or in the encoding of the system's language, which an archive does not name either.
"""

from __future__ import annotations

import contextlib
import os
import re
import unicodedata
import urllib.parse
from functools import cached_property
from itertools import islice, takewhile
from pathlib import Path

from ....engine.files.file_names import possible_name

#: More than an archive may hold; who opens a model in a large folder of their own does not wait for all of it.
_MOST_FILES = 20_000
_ENCODINGS = (
    "utf-8", "gb18030", "cp437", "cp1252", "cp850", "cp932", "cp949", "big5", "cp866", "cp1251",
)  # fmt: skip


class NamedFiles:
    """The files of one download.

    Args:
        download: the folder that it was unpacked to, or the one file that it is.
    """

    def __init__(self, download: Path) -> None:
        self._named, self.root = Path(os.path.abspath(download)), download.resolve()

    def holds(self, path: Path) -> bool:
        """It is a file (no pipe, no device) that came with the model; only looked at where its path leads there."""
        plain = Path(os.path.abspath(path))  # to resolve a path is to ask the disk, or a server
        try:
            inside = plain.is_relative_to(self._named) or plain.is_relative_to(self.root)
            return inside and plain.resolve().is_relative_to(self.root) and plain.is_file()
        except (OSError, ValueError):  # a name that no file can have
            return False

    def find(self, name: str) -> Path | None:
        """The file that is called so, whatever the case and encoding of its name and wherever it lies.

        Args:
            name: a path of any system; bytes that are no UTF-8 as `os.fsdecode` has them. Of several files of one name
                that one is taken whose folders are called alike too.
        """
        wanted = _parts(name)
        if not wanted:
            return None
        last = wanted[-1]
        # As in an address; and reserved and too long names are other ones since it was unpacked.
        readings = _readings(last) | _readings(urllib.parse.unquote(last)) | _readings(possible_name(last))
        found = {path for reading in readings for path in self._by_name.get(reading, ())}
        return min(found, key=lambda path: (-_alike(_parts(str(path)), wanted), len(path.parts), path), default=None)

    def alike(self, path: Path) -> list[Path]:
        """The files that are of a kind with one of them, by their ending."""
        return [found for found in self._all if found.suffix.lower() == path.suffix.lower() and found.is_file()]

    @cached_property
    def _all(self) -> list[Path]:
        files = (Path(folder, name) for folder, _, names in os.walk(self._named) for name in names)
        return [path for path in islice(files, _MOST_FILES) if self.holds(path)]

    @cached_property
    def _by_name(self) -> dict[str, list[Path]]:
        by_name: dict[str, list[Path]] = {}
        for path in self._all:
            for reading in _readings(path.name):
                by_name.setdefault(reading, []).append(path)
        return by_name


def _parts(path: str) -> list[str]:
    return [part for part in re.split(r"[\\/]+", path) if part not in ("", ".", "..")]


def _alike(path: list[str], wanted: list[str]) -> int:
    """How many parts of two paths are the same, from the end."""
    ends = zip(map(_readings, reversed(path)), map(_readings, reversed(wanted)), strict=False)
    return sum(1 for _ in takewhile(lambda both: both[0] & both[1], ends))


def _readings(name: str) -> frozenset[str]:
    """All that a name can mean: its bytes as each encoding reads them, without regard to letter case."""
    found = {name}
    if not name.isascii():
        for written in _ENCODINGS:
            for meant in _ENCODINGS:
                with contextlib.suppress(UnicodeError):
                    found.add(name.encode(written, "surrogateescape").decode(meant))
    return frozenset(unicodedata.normalize("NFC", reading).casefold() for reading in found)

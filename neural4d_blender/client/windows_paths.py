"""What Windows refuses as a path, found out before anything is paid. Standard library and the engine alone."""

from __future__ import annotations

import ctypes
import re
from pathlib import Path

from ..engine.file_replacement import is_reserved, reason
from ..engine.protocol import InvalidInput

#: Characters of a whole path, less the end of the text; and what a name that is still to be found takes at most.
_LONGEST, _A_NAME = 259, 90
_IMPOSSIBLE = re.compile(r'[<>:"|?*\x00-\x1f]|[ .]$')
_SHORTER = "Choose a shorter one, or have Windows take long paths (LongPathsEnabled in its registry)."


def check(file: Path) -> None:
    """Refuse, by its absolute path, what cannot become a file, or is open in another program; InvalidInput."""
    for name in file.parts[1:]:
        if is_reserved(name) or _IMPOSSIBLE.search(name):
            raise InvalidInput(f"Windows makes no file or folder named {name!r}.", "Choose another name.")
    # It is made in a folder beside it, which has its name.
    if len(str(file.parent)) + max(_A_NAME, 2 * len(file.name) + 16) > _LONGEST and not _takes_long_paths():
        raise InvalidInput(f"{file} would be longer than the {_LONGEST} characters of a path.", _SHORTER)
    if file.exists():
        try:
            file.open("r+b").close()
        except OSError as error:
            raise InvalidInput(
                f"{file} cannot be replaced: {reason(error)}.", "Close it, or choose another."
            ) from error


def _takes_long_paths() -> bool:
    """Windows is set so, and the running program says that it can."""
    try:
        return bool(ctypes.WinDLL("ntdll").RtlAreLongPathsEnabled() & 0xFF)  # type: ignore[attr-defined,unused-ignore]
    except AttributeError:  # before Windows 10
        return False

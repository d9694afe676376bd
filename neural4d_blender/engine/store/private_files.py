"""The data folder is the user's alone, whatever the umask says: prompts, pictures and answers of services are in it.

Standard library only. On Windows the rights of the user's own folders are what counts, and nothing here changes them.
"""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

FILE, FOLDER = 0o600, 0o700
#: What stands in a data folder; one that holds more is the user's for other things too.
_OURS = (
    "journal*",
    "engine*",
    "jobs",
    "batches",
    "images",
    "library",
    "preparing",
    "set aside",
    "unfinished*",
    "agents",
)


def make_folder(path: Path) -> None:
    """Make it, and what it lies in, where that is not there; one that is there may be the user's for other things too.

    Raises:
        OSError: it cannot be made.
    """
    if not path.is_dir():
        make_folder(path.parent)
        path.mkdir(FOLDER, exist_ok=True)


def make_file(path: Path) -> None:
    """Make it, empty, where it is not there; OSError where it cannot be made."""
    os.close(os.open(path, os.O_RDWR | os.O_CREAT, FILE))


def shut(folder: Path) -> None:
    """Shut what earlier versions have left open to others, and the folder itself where there is nothing else in it."""
    with suppress(OSError):
        there = list(folder.iterdir())
        ours = [path for path in there if any(path.match(name) for name in _OURS)]
        for path in [*ours, *((folder,) if len(ours) == len(there) else ())]:
            with suppress(OSError):
                path.chmod(FOLDER if path.is_dir() else FILE)

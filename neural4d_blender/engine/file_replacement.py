"""Files given other names, replaced and removed, while a virus scanner or another program has them open.

Standard library only.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TypeVar

from .clock import Clock

_T = TypeVar("_T")

_DEVICE = re.compile(r"con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³]", re.IGNORECASE)
#: Seconds that a virus scanner is waited for.
PATIENCE = 5.0


def is_held(error: OSError) -> bool:
    """It is Windows' word for a file that somebody else has open, or that may not be touched."""
    if sys.platform != "win32":
        return False
    return error.winerror in (5, 32, 33) or (error.winerror is None and error.errno == errno.EACCES)


def reason(error: OSError) -> str:
    """Why a file could not be written, in words."""
    return "another program has it open, or it may not be written" if is_held(error) else error.strerror or str(error)


def is_reserved(name: str) -> bool:
    """Windows has it for a device, whatever its ending, and makes no file of that name."""
    return _DEVICE.fullmatch(name.partition(".")[0].rstrip()) is not None


class FileReplacement:
    """The replacing and removing of files, tried again for as long as somebody else may have them open."""

    clock: Clock

    def again(self, do: Callable[[], _T], patience: float = PATIENCE) -> _T:
        """Do something with a file; on Windows, while somebody else has it open, again for so many seconds.

        A virus scanner does, with every fresh one, for a moment.
        """
        ends, pause = self.clock.monotonic() + patience, 0.01
        while True:
            try:
                return do()
            except OSError as error:
                if not is_held(error) or self.clock.monotonic() > ends:
                    raise
            self.clock.sleep(pause)
            pause = min(2 * pause, 0.25)

    def replace(self, source: Path, target: Path) -> None:
        """Give a file another name, at once and in the place of what has that name; OSError where it cannot be."""
        self.again(lambda: os.replace(source, target))

    def remove(self, path: Path) -> None:
        """Remove a file, or a folder with all in it, where there is one; OSError where it cannot be."""
        is_folder = path.is_dir() and not path.is_symlink()
        self.again(lambda: shutil.rmtree(path) if is_folder else path.unlink(missing_ok=True))

    def discard(self, path: Path) -> None:
        """The same as far as it can be: what is left over is no reason to fail, nor may it hide why something did."""
        with suppress(OSError):
            self.remove(path)

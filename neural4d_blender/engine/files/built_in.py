"""Takes in a model that is a file here, with those that it names, as download.py does one from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from shutil import copyfile

from ..errors import DownloadFailed, ModelNotFound
from ..system import SYSTEM, System, reason
from . import with_its_files


def copy(
    source: Path,
    path: Path,
    *,
    progress: Callable[[float], None] = lambda fraction: None,
    check: Callable[[Path], object] = lambda part: None,
    system: System = SYSTEM,
    **_: object,
) -> int:
    """Copy a file to ``path`` and return the number of bytes; it is there whole or not at all.

    Raises:
        ModelNotFound: it is not there. DownloadFailed: it cannot be read or written. What ``check`` raises goes
            through.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        files = with_its_files.of(source)
        if with_its_files.is_package(files):
            with_its_files.pack(files, part)
        else:
            copyfile(source, part)
        check(part)
        system.replace(part, path)
    except OSError as error:
        system.discard(part)
        if not source.is_file():
            raise ModelNotFound(f"The file {source} is not there.", "Put it back there, then press Retry.") from error
        raise DownloadFailed(f"{source.name} could not be copied to {path.parent}: {reason(error)}.") from error
    progress(1.0)
    return path.stat().st_size

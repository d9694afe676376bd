"""Takes in a model that is a file here, with those that it names, as download.py does one from elsewhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..errors import DownloadFailed, ModelNotFound
from ..file_replacement import reason
from ..system import SYSTEM, System
from . import with_its_files
from .download import Stopped


def copy(
    source: Path,
    path: Path,
    *,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[float], None] = lambda fraction: None,
    check: Callable[[Path], object] = lambda part: None,
    system: System = SYSTEM,
    **_: object,
) -> int:
    """Copy a file to ``path`` and return the number of bytes; it is there whole or not at all.

    Raises:
        ModelNotFound: it is not there. DownloadFailed: it cannot be read or written, or is
            being written. Stopped: ``stopped`` said so. What
            ``check`` raises goes through.
    """
    part = path.with_name(path.name + ".part")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        if not source.is_file():
            raise ModelNotFound(f"The file {source} is not there.", "Put it back there, then press Retry.")
        files = with_its_files.of(source)
        before = _stamps(files)
        whole, done = sum(file.stat().st_size for file in files), 0

        def wrote(count: int) -> None:
            nonlocal done
            if stopped():
                raise Stopped
            done += count
            if done > whole:
                raise _in_use(source)  # who follows a file that grows may never come to its end
            progress(done / whole)

        with_its_files.copy(files, part, wrote)
        if _stamps(files) != before:
            raise _in_use(source)
        system.again(lambda: check(part))
        system.replace(part, path)
    except BaseException as error:
        system.discard(part)
        if not isinstance(error, OSError):
            raise
        raise DownloadFailed(
            f"{source.name} could not be copied to {path.parent}: {reason(error)}.",
            "See that it can be read and that the disk has room, then press Retry: it costs nothing.",
        ) from error
    progress(1.0)
    return path.stat().st_size


def _in_use(source: Path) -> DownloadFailed:
    return DownloadFailed(
        f"{source.name} was written to while it was copied.",
        "Press Retry as soon as the program that writes it is done, at no cost.",
    )


def _stamps(files: list[Path]) -> list[tuple[int, int]]:
    return [((stat := file.stat()).st_size, stat.st_mtime_ns) for file in files]

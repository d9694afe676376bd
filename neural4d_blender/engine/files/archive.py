"""Unpacks a result that comes as a .zip, without letting it write anywhere else or fill the disk.

Standard library only.
"""

from __future__ import annotations

import errno
import stat
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ..errors import BrokenModel, UnsafeModel

MAX_FILES = 2000
MAX_UNPACKED = 4 * 1024**3
#: More than this many times its packed size is a bomb, not a model.
MAX_RATIO = 500
_CHUNK = 1 << 20
#: A name that is too long, that no file can have, or that is a file's and a folder's at once.
_OF_NAMES = {errno.ENAMETOOLONG, errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}


def is_archive(path: Path) -> bool:
    """The file is a .zip, whatever its name says (a .usdz is one too), and not a GLB with one behind it."""
    with path.open("rb") as file:
        return file.read(4) != b"glTF" and zipfile.is_zipfile(file)


def unpack(archive: Path, folder: Path, suffix: str) -> Path:
    """Unpack into a new folder and return the model in it, the largest file with that suffix.

    Args:
        suffix: ".obj", ".fbx", ...

    Raises:
        UnsafeModel: it reaches out of the folder, holds links, or is absurdly large.
        BrokenModel: it is damaged, or holds no such file.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [info for info in packed.infolist() if not info.is_dir()]
            _refuse_unsafe(members, archive.name)
            for info in members:
                _extract(packed, info, folder)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise BrokenModel(f"The archive {archive.name} is damaged: {error}.") from error
    except OSError as error:
        if error.errno in _OF_NAMES:
            raise BrokenModel(
                f"The archive {archive.name} has a name in it that cannot be: {error.strerror}."
            ) from error
        raise
    found = [path for path in folder.rglob("*") if path.is_file() and path.suffix.lower() == suffix]
    if not found:
        there = ", ".join(sorted({path.suffix for path in folder.rglob("*") if path.is_file()})) or "nothing"
        raise BrokenModel(f"The archive {archive.name} holds no {suffix} file, only {there}.")
    return max(found, key=lambda path: path.stat().st_size)


def _refuse_unsafe(members: list[zipfile.ZipInfo], name: str) -> None:
    if len(members) > MAX_FILES:
        raise UnsafeModel(f"The archive {name} holds {len(members)} files; {MAX_FILES} are the most.")
    size, packed = sum(info.file_size for info in members), sum(info.compress_size for info in members)
    if size > MAX_UNPACKED or size > MAX_RATIO * max(packed, 1024):
        raise UnsafeModel(f"The archive {name} would unpack to {size:,} bytes.")
    for info in members:
        path = PurePosixPath(info.filename.replace("\\", "/"))
        if path.is_absolute() or ".." in path.parts or ":" in info.filename or not path.parts:
            raise UnsafeModel(f"The archive {name} wants to write outside its folder: {info.filename!r}.")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UnsafeModel(f"The archive {name} holds a link: {info.filename!r}.")


def _extract(packed: zipfile.ZipFile, info: zipfile.ZipInfo, folder: Path) -> None:
    """Write one member, believing what is read and not what its header says of its size."""
    target = folder / PurePosixPath(info.filename.replace("\\", "/"))
    target.parent.mkdir(parents=True, exist_ok=True)
    left = info.file_size
    with packed.open(info) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise UnsafeModel(f"The archive's {info.filename!r} is longer than it says.")
            sink.write(chunk)

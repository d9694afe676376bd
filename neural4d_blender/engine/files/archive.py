"""Unpacks a result that comes as a .zip, without letting it write anywhere else or fill the disk.

Standard library only.
"""

from __future__ import annotations

import contextlib
import errno
import stat
import zipfile
from itertools import compress
from pathlib import Path, PurePosixPath

from ..errors import BrokenModel, UnsafeModel
from .file_names import possible_name
from .file_type import ARCHIVE_DAMAGE

#: Endings of USD's own files, of which a .usdz is an archive.
USD_LAYERS = (".usda", ".usdc", ".usd")
MAX_FILES = 2000
MAX_UNPACKED = 4 * 1024**3
#: More than this many times its packed size is a bomb, not a model.
MAX_RATIO = 500
_CHUNK = 1 << 20
#: The flag of a member whose name is UTF-8.
_IS_UTF8 = 0x800
#: Folders on the way to a name; more than that some file systems do not take.
_DEEPEST = 12
#: A name that is too long, that no file can have, or that is a file's and a folder's at once.
_OF_NAMES = {errno.ENAMETOOLONG, errno.EINVAL, errno.ENOTDIR, errno.EISDIR, errno.EEXIST}


def is_archive(path: Path) -> bool:
    """The file is a .zip, whatever its name says (a .usdz is one too), and not a GLB with one behind it."""
    with path.open("rb") as file:
        return file.read(4) != b"glTF" and zipfile.is_zipfile(file)


def is_usd_package(path: Path) -> bool:
    """The archive is itself what USD reads: a layer first, and nothing compressed."""
    try:
        with zipfile.ZipFile(path) as packed:
            members = packed.infolist()
    except ARCHIVE_DAMAGE:
        return False
    stored = all(info.compress_type == zipfile.ZIP_STORED for info in members)
    return stored and PurePosixPath(members[0].filename).suffix.lower() in USD_LAYERS if members else False


def is_around(path: Path, format: str) -> bool:
    """It is an archive with a model of that format in it, and not itself the model."""
    return is_archive(path) and not (format == "USDZ" and is_usd_package(path))


def unpack_model(archive: Path, folder: Path, format: str) -> Path:
    """:func:`unpack` the model of that format, which may be a layer where USD packs one."""
    return unpack(archive, folder, f".{format.lower()}", *(USD_LAYERS if format == "USDZ" else ()))


def unpack(archive: Path, folder: Path, *suffixes: str) -> Path:
    """Unpack into a new folder and return the model in it, the largest file with the first suffix that there is.

    Args:
        suffixes: ".obj", ".fbx", ...

    Raises:
        UnsafeModel: it reaches out of the folder, holds links, or is absurdly large.
        BrokenModel: it is damaged, or holds no such file.
    """
    try:
        with zipfile.ZipFile(archive) as packed:
            members = [info for info in packed.infolist() if not info.filename.endswith("/")]  # is_dir() needs a name
            names = _names(members)
            _refuse_unsafe(members, names, archive.name)
            told = [not _is_note(name) for name in names]
            members, names = list(compress(members, told)), list(compress(names, told))
            for info, name in zip(members, _possible(names), strict=True):
                _extract(packed, info, folder / name)
    except ARCHIVE_DAMAGE as error:
        raise BrokenModel(f"The archive {archive.name} is damaged: {error}.") from error
    except OSError as error:
        if error.errno in _OF_NAMES:
            raise BrokenModel(
                f"The archive {archive.name} has a name in it that cannot be: {error.strerror}."
            ) from error
        if error.errno is None:  # what the bz2 module says of damage
            raise BrokenModel(f"The archive {archive.name} is damaged: {error}.") from error
        raise
    files = [path for path in folder.rglob("*") if path.is_file()]
    for suffix in suffixes:
        if found := [path for path in files if path.suffix.lower() == suffix]:
            return max(found, key=lambda path: path.stat().st_size)
    there = ", ".join(sorted({path.suffix for path in files})) or "nothing"
    raise BrokenModel(f"The archive {archive.name} holds no {suffixes[0]} file, only {there}.")


def _names(members: list[zipfile.ZipInfo]) -> list[str]:
    """What the members are called, with forward slashes: an archive need not name the encoding of its names.

    Each that says nothing is read as UTF-8 or GB 2312 where all of them are, else in the encoding of the format (437).
    """
    silent = [info for info in members if not info.flag_bits & _IS_UTF8]
    for encoding in ("utf-8", "gb2312", "cp437"):
        with contextlib.suppress(UnicodeError):
            known = {id(info): info.filename.encode("cp437").decode(encoding) for info in silent}
            return [known.get(id(info), info.filename).replace("\\", "/") for info in members]
    return [info.filename.replace("\\", "/") for info in members]


def _is_note(name: str) -> bool:
    """What macOS notes of a file, under its name and often longer than it: "__MACOSX/._chair.obj"."""
    path = PurePosixPath(name)
    return "__MACOSX" in path.parts or path.name.startswith("._")


def _possible(names: list[str]) -> list[str]:
    """The same names as every file system takes them, each only once: what is reserved or too long is another one."""
    taken: set[str] = set()
    found = []
    for name in names:
        parts = [possible_name(part) for part in PurePosixPath(name).parts[-_DEEPEST:]]
        stem, dot, ending = parts[-1].rpartition(".")
        stem, ending = (stem, dot + ending) if stem else (parts[-1], "")
        number = 1
        while "/".join(parts).casefold() in taken:
            number += 1
            parts[-1] = f"{stem} ({number}){ending}"
        taken.add("/".join(parts).casefold())
        found.append("/".join(parts))
    return found


def _refuse_unsafe(members: list[zipfile.ZipInfo], names: list[str], name: str) -> None:
    if len(members) > MAX_FILES:
        raise UnsafeModel(f"The archive {name} holds {len(members)} files; {MAX_FILES} are the most.")
    size, packed = sum(info.file_size for info in members), sum(info.compress_size for info in members)
    if size > MAX_UNPACKED or size > MAX_RATIO * max(packed, 1024):
        raise UnsafeModel(f"The archive {name} would unpack to {size:,} bytes.")
    for info, called in zip(members, names, strict=True):
        path = PurePosixPath(called)
        if path.is_absolute() or ".." in path.parts or ":" in called or not path.parts:
            raise UnsafeModel(f"The archive {name} wants to write outside its folder: {called!r}.")
        if stat.S_ISLNK(info.external_attr >> 16):
            raise UnsafeModel(f"The archive {name} holds a link: {called!r}.")


def _extract(packed: zipfile.ZipFile, info: zipfile.ZipInfo, target: Path) -> None:
    """Write one member, believing what is read and not what its header says of its size."""
    target.parent.mkdir(parents=True, exist_ok=True)
    left = info.file_size
    with packed.open(info) as source, target.open("wb") as sink:
        while chunk := source.read(_CHUNK):
            left -= len(chunk)
            if left < 0:
                raise UnsafeModel(f"The archive's {info.filename!r} is longer than it says.")
            sink.write(chunk)

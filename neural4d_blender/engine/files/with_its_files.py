"""A model file with the files that it names, as one archive: what lies beside it is taken along, and nothing else.

Standard library only. A file beside a model is one of its own where its name stands in the model, or in another file
that does; which formats have which tables of names is nobody's business here. Where names are packed away (a compressed
.blend, a binary .usd) the folders that are called after textures count as a whole.
"""

from __future__ import annotations

import os
import re
import struct
import urllib.parse
import zipfile
from bisect import bisect_left
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path, PurePath
from typing import IO, Final

from .archive import MAX_FILES, MAX_UNPACKED, USD_LAYERS

#: Of a model these name other files, and USD is never without a package here.
_NAMING: Final = frozenset({".obj", ".gltf", ".fbx", ".blend", *USD_LAYERS})
_IMAGES: Final = (
    *("png", "jpg", "jpeg", "jpe", "webp", "bmp", "tga", "tif", "tiff", "exr", "hdr", "dds", "ktx2", "gif", "psd"),
)
#: What a model names besides, and what of that names files itself.
_PARTS: Final = ("mtl", "bin", "usd", "usda", "usdc")
_NAMES_FILES: Final = frozenset({".mtl", *USD_LAYERS})
_TEXTURES: Final = re.compile(r"(?i)tex(ture)?s?|maps?|images?|materials?")
_ENDING: Final = re.compile(rb"(?i)\.(?=[a-z])(?:%s)(?![a-z0-9])" % "|".join((*_IMAGES, *_PARTS)).encode())
#: What stands for a byte of a name that is no text, which no archive can have in it.
_NO_TEXT: Final = re.compile("[\ud800-\udfff]")
#: Bytes of a name that are looked at, folders from the model's on downwards, and files and folders in them all.
_LONGEST, _DEEPEST, _MOST = 255, 4, 20_000
#: Bytes of an ending with what follows it; names in one file that are looked for.
_LONGEST_ENDING, _MOST_NAMES = 6, 100_000
_PIECE: Final = 1 << 20
_ALIGNED: Final = 64  # where each file of a USD package has to begin


def of(source: Path) -> list[Path]:
    """The files that belong to a model file, itself first; only itself where it names none that is there."""
    if source.suffix.lower() not in _NAMING:
        return [source]
    named, packed = _names(source), _hides_names(source)
    found, left = [source], list(_beside(source)) if named or packed else []
    size, grown = source.stat().st_size, True
    while grown:
        grown, candidates, left = False, left, []
        backwards = sorted(name[::-1] for name in named)  # where names end alike they stand together
        for path in candidates:
            whole = packed and _TEXTURES.fullmatch(path.parent.name) and path.suffix[1:].lower() in _IMAGES
            if not (whole or any(_is_end(spelling[::-1], backwards) for spelling in _spellings(path.name))):
                left.append(path)
                continue
            size += path.stat().st_size
            if len(found) >= MAX_FILES or size > MAX_UNPACKED:
                return found
            found.append(path)
            if path.suffix.lower() in _NAMES_FILES:
                named |= _names(path)
                grown = True
    return found


def copy(files: list[Path], target: Path, wrote: Callable[[int], None]) -> None:
    """Make one file of them: a copy, or an archive where there are several, and of what is nothing by itself.

    Args:
        wrote: told how many bytes were, again and again; what it raises goes through.
    """
    if len(files) > 1 or files[0].suffix.lower() in (".gltf", *USD_LAYERS):
        pack(files, target, wrote)
        return
    with target.open("wb") as sink:
        _pour(files[0], sink, wrote)


def pack(files: list[Path], archive: Path, wrote: Callable[[int], None] = lambda count: None) -> None:
    """Write them into an archive, uncompressed and aligned as a .usdz has to be; names from the model's folder on."""
    root = files[0].parent
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_STORED) as packed:
        for path in files:
            info = zipfile.ZipInfo(path.relative_to(root).as_posix())
            info.file_size = path.stat().st_size
            assert packed.fp is not None  # noqa: S101 (it is open)
            room = -(packed.fp.tell() + 30 + len(info.filename.encode()) + 4) % _ALIGNED
            info.extra = struct.pack("<HH", 0x1986, room) + b"\0" * room
            with packed.open(info, "w") as sink:
                _pour(path, sink, wrote)


def _pour(path: Path, sink: IO[bytes], wrote: Callable[[int], None]) -> None:
    with path.open("rb") as source:
        while chunk := source.read(_PIECE):
            sink.write(chunk)
            wrote(len(chunk))


def _names(path: Path) -> set[bytes]:
    """What stands before each ending of a file's name in a file, and that; in small letters.

    Read in pieces, not mapped: it may be cut short meanwhile, which ends who has it mapped.
    """
    names: set[bytes] = set()
    before = b""
    with path.open("rb") as file:
        while piece := file.read(_PIECE):
            content = before + piece
            for found in _ENDING.finditer(content):
                names.add(content[max(0, found.start() - _LONGEST) : found.end()].lower())
                if len(names) >= _MOST_NAMES:
                    return names
            before = content[-_LONGEST - _LONGEST_ENDING :]
    return names


def _is_end(spelling: bytes, backwards: list[bytes]) -> bool:
    """Whether one of the names, which are in order, begins so."""
    place = bisect_left(backwards, spelling)
    return place < len(backwards) and backwards[place].startswith(spelling)


def _spellings(name: str) -> set[bytes]:
    """How a name may stand in a file, in small letters."""
    return {one.lower() for one in (os.fsencode(name), urllib.parse.quote(os.fsencode(name)).encode())}


def _beside(source: Path) -> Iterator[Path]:
    """What may be a part of it, in its folder and then in those below; no link is followed out of there."""
    root, left, folders = source.parent.resolve(), _MOST, [source.parent]
    for _ in range(_DEEPEST):
        inner: list[Path] = []
        for folder in folders:
            with suppress(OSError), os.scandir(folder) as entries:
                for entry in sorted(entries, key=lambda entry: entry.name):
                    path, left = Path(entry.path), left - 1
                    if left < 0:  # somebody's whole home
                        return
                    if entry.is_dir(follow_symlinks=False):
                        inner += [] if entry.name.startswith(".") else [path]
                    elif path != source and _is_of_a_kind(entry) and path.resolve().is_relative_to(root):
                        yield path
        folders = inner


def _is_of_a_kind(entry: os.DirEntry[str]) -> bool:
    of_a_kind = PurePath(entry.name).suffix[1:].lower() in (*_IMAGES, *_PARTS)
    return of_a_kind and not _NO_TEXT.search(entry.name) and entry.is_file()


def _hides_names(source: Path) -> bool:
    """The names in it are packed away."""
    with source.open("rb") as file:
        head = file.read(8)
    return head == b"PXR-USDC" or (source.suffix.lower() == ".blend" and not head.startswith(b"BLENDER"))

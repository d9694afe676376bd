"""The other files that a .blend links to: their paths are blanked before Blender opens it, and so them.

Standard library, and `zstandard`, which Blender's Python has. The format: a file header, then blocks, each with a
header of its own; the block DNA1 says how the structures in all others are laid out.
"""

from __future__ import annotations

import gzip
import io
import mmap
import shutil
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from ....engine.errors import BrokenModel, UnsafeModel, UnsupportedFeature
from .. import blend_head

#: Bytes that a compressed file may become.
MAX_UNPACKED = 4 << 30
_PATH_SIZE = 255  # a path has at least so many bytes of room in all versions
_CHUNK = 1 << 20


def without(source: Path, folder: Path) -> Path:
    """The file itself where it links to no other; else a copy that links to files which cannot be.

    Raises:
        BrokenModel: it is no .blend, or damaged. UnsafeModel: it unpacks to more than there is room for.
        UnsupportedFeature: it is compressed in a way that this Python cannot read.
    """
    plain = _unpacked(source, folder / source.name)
    try:
        with plain.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
            blanks = list(_library_paths(content))
    except (struct.error, ValueError, IndexError) as error:
        raise BrokenModel(f"The .blend file is damaged: {error}.") from error
    if not blanks:
        return source
    copy = folder / source.name
    if plain == source:
        shutil.copyfile(source, copy)
    with copy.open("r+b") as target:
        for at, size in blanks:
            target.seek(at)
            target.write(b"//_".ljust(size, b"\0"))
    return copy


def _unpacked(source: Path, target: Path) -> Path:
    try:
        with blend_head.unpacked(source) as content:
            if isinstance(content, io.BufferedReader):  # the file itself
                return source
            with target.open("wb") as unpacked:
                _copy(content, unpacked)
    except ImportError as error:
        raise UnsupportedFeature("The .blend file is compressed in a way that is not known here.") from error
    except (EOFError, ValueError, gzip.BadGzipFile) as error:
        raise BrokenModel(f"The .blend file is damaged: {error}.") from error
    except Exception as error:
        if type(error).__name__ == "ZstdError":
            raise BrokenModel(f"The .blend file is damaged: {error}.") from error
        raise
    return target


def _copy(stream: IO[bytes], target: IO[bytes]) -> None:
    size = 0
    while chunk := stream.read(_CHUNK):
        size += len(chunk)
        if size > MAX_UNPACKED:
            raise UnsafeModel(f"The .blend file would unpack to more than {MAX_UNPACKED:,} bytes.")
        target.write(chunk)


def _library_paths(content: mmap.mmap) -> Iterator[tuple[int, int]]:
    """Place and room of each path to another file."""
    libraries: list[tuple[int, int]] = []
    fields: list[tuple[int, int]] = []
    large, order, at = _header(content)
    head = f"{order}4sIQQQ" if large == 2 else f"{order}4sI{'Q' if large else 'I'}II"
    size_of = struct.calcsize(head) if large != 1 else 24
    while at + size_of <= len(content):
        if large == 2:
            code, _, _, length, _ = struct.unpack_from(f"{order}4siQqq", content, at)
        else:
            code, length = struct.unpack_from(f"{order}4si", content, at)
        start = at + size_of
        if code[:2] == b"LI" and code[2:] == b"\0\0":
            libraries.append((start, length))
        elif code == b"DNA1":
            fields = list(_fields(content[start : start + length], order, 8 if large else 4))
        elif code == b"ENDB":
            break
        if length < 0:
            raise ValueError("a block of negative length")
        at = start + length
    if libraries and not fields:
        raise ValueError("it links to other files, in an unknown way")
    for start, length in libraries:
        for offset, room in fields:
            if offset + room <= length:
                yield start + offset, room


def _header(content: mmap.mmap) -> tuple[int, str, int]:
    """Kind of the blocks' headers (0: pointers of 4 bytes, 1: of 8, 2: since 5.0), byte order, and its own length."""
    if content[:7] != b"BLENDER":
        raise BrokenModel("The file is not a .blend model.")
    if content[7:9].isdigit():
        return 2, "<", int(content[7:9])
    return (0 if content[7:8] == b"_" else 1), (">" if content[8:9] == b"V" else "<"), 12


def _fields(dna: bytes, order: str, pointer: int) -> Iterator[tuple[int, int]]:
    """Offset and room of the paths in a structure `Library`."""
    at = 4

    def texts() -> list[bytes]:
        nonlocal at
        (count,) = struct.unpack_from(f"{order}i", dna, at + 4)
        at += 8
        found = []
        for _ in range(count):
            end = dna.index(b"\0", at)
            found.append(dna[at:end])
            at = end + 1
        at = (at + 3) & ~3
        return found

    names, types = texts(), texts()
    at += 4
    sizes = struct.unpack_from(f"{order}{len(types)}h", dna, at)
    at = ((at + 2 * len(types)) + 3) & ~3
    (structures,) = struct.unpack_from(f"{order}i", dna, at + 4)
    at += 8
    for _ in range(structures):
        kind, count = struct.unpack_from(f"{order}hh", dna, at)
        members = struct.unpack_from(f"{order}{2 * count}h", dna, at + 4)
        at += 4 + 4 * count
        if types[kind] != b"Library":
            continue
        offset = 0
        for of, called in zip(members[::2], members[1::2], strict=True):
            name, size = names[called], sizes[of]
            if name.startswith((b"*", b"(")):
                size = pointer
            for length in name.split(b"[")[1:]:
                size *= int(length.rstrip(b"]"))
            if types[of] == b"char" and size >= _PATH_SIZE:
                yield offset, size
            offset += size

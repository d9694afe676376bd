"""Names of files in a model that lead out of its folder: gone before an importer opens one. Standard library only.

A download that has such names is imported from a copy, in which each begins in the folder: so a texture that lay in the
maker's own folders is still called what it was called.
"""

from __future__ import annotations

import contextlib
import mmap
import re
import shutil
import struct
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from ....engine.errors import BrokenModel
from ....engine.files.gltf.gltf_images import Head, check_pixels, of_base64, of_data
from . import blend_libraries, usd_names
from .inside_name import inside, leads_out

_ASCII_FBX = re.compile(rb'(?i)\b(?:relative)?filename: *"([^"\r\n]*)"|"(?:path|relpath|xrefurl)"[^\r\n]*"([^"\r\n]*)"')
_ASCII_IMAGE = re.compile(rb'(?i)\bcontent: *,?\s*"([A-Za-z0-9+/]{16,1398104})')
_FBX_MAGIC = b"Kaydara FBX Binary  \0\x1a\0"
_FBX_NAMES = frozenset(
    {b"filename", b"relativefilename", b"path", b"relpath", b"cachefilename", b"cacheabsolutefilename"}
)
_FBX_SIZES = {b"Y": 2, b"C": 1, b"I": 4, b"F": 4, b"D": 8, b"L": 8, b"B": 1}
_DEEP = 64


@contextlib.contextmanager
def without(source: Path) -> Iterator[Path]:
    """The file to import: itself where no name in it leads out, else a copy.

    Raises:
        BrokenModel, UnsafeModel: it cannot be looked through.
    """
    with tempfile.TemporaryDirectory() as folder:
        look = _LOOKS.get(_kind(source))
        yield look(source, Path(folder)) if look else source


def _kind(source: Path) -> str:
    """By what is in it, as importers judge it too."""
    with source.open("rb") as file:
        head = file.read(64)
    if head.startswith((b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b")):
        return "BLEND"
    if head.startswith(b"Kaydara FBX Binary") or b"FBX" in head.split(b"\n", 1)[0]:
        return "FBX"
    if head.startswith(b"PK"):
        return "USDZ"
    return ""  # what an OBJ names: obj_materials.py


def _fbx(source: Path, folder: Path) -> Path:
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        check_pixels(_fbx_images(content))  # Blender's importers decode them
        if content[: len(_FBX_MAGIC)] == _FBX_MAGIC:
            found = list(_fbx_paths(content))
        else:
            spans = (match.span(1) if match[1] is not None else match.span(2) for match in _ASCII_FBX.finditer(content))
            found = [(start, content[start:end]) for start, end in spans]
    return copied(source, folder, [(at, inside(name)) for at, name in found if leads_out(name)])


def has_keys(source: Path) -> bool:
    """Whether an FBX holds keyframes, binary or text."""
    with source.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return any(content.find(name) >= 0 for name in (b"\x07KeyTime", b"KeyTime:"))


def _fbx_paths(content: mmap.mmap) -> Iterator[tuple[int, bytes]]:
    """Where the strings stand that name files in a binary FBX, and what they are."""
    for name, start, count in _fbx_nodes(content):
        strings = list(_fbx_strings(content, start, count)) if name in _FBX_NAMES or name == b"p" else []
        if name in _FBX_NAMES or (strings and strings[0][1].lower() in _FBX_NAMES | {b"xrefurl"}):
            yield from strings


def _fbx_images(content: mmap.mmap) -> Iterator[Head]:
    """All images in a binary FBX, or one of text."""
    if content[: len(_FBX_MAGIC)] != _FBX_MAGIC:
        yield from (of_base64(found[1].decode()) for found in _ASCII_IMAGE.finditer(content))
        return
    for name, start, count in _fbx_nodes(content):
        if name == b"content" and count and content[start : start + 1] in (b"R", b"S"):
            (length,) = struct.unpack_from("<I", content, start + 1)
            yield of_data(content[start + 5 : start + 5 + length])


def _fbx_nodes(content: mmap.mmap) -> Iterator[tuple[bytes, int, int]]:
    """Of all records in a binary FBX the names, small, and where their properties begin, and how many those are."""
    (version,) = struct.unpack_from("<I", content, len(_FBX_MAGIC))
    head = "<QQQB" if version >= 7500 else "<IIIB"
    waiting = [(len(_FBX_MAGIC) + 4, len(content), 0)]
    try:
        while waiting:
            at, limit, depth = waiting.pop()
            end, count, length, name_length = struct.unpack_from(head, content, at)
            start = at + struct.calcsize(head) + name_length
            if not end:
                continue
            if end <= at or end > limit or depth > _DEEP:
                raise BrokenModel("The FBX file is damaged: a part of it ends before it begins.")
            waiting.append((end, limit, depth))
            yield content[start - name_length : start].lower(), start, count
            if start + length < end:
                waiting.append((start + length, end, depth + 1))
    except struct.error as error:
        if "requires a buffer" not in str(error):
            raise
    return


def _fbx_strings(content: mmap.mmap, at: int, count: int) -> Iterator[tuple[int, bytes]]:
    for _ in range(count):
        kind = content[at : at + 1]
        at += 1
        if kind in (b"S", b"R"):
            (length,) = struct.unpack_from("<I", content, at)
            if kind == b"S":
                yield at + 4, content[at + 4 : at + 4 + length]
            at += 4 + length
        elif kind in _FBX_SIZES:
            at += _FBX_SIZES[kind]
        else:
            return


def copied(source: Path, folder: Path, changes: list[tuple[int, bytes]]) -> Path:
    """A copy with other bytes at some places; the file itself where there are none."""
    if not changes:
        return source
    copy = folder / source.name
    shutil.copyfile(source, copy)
    with copy.open("r+b") as file:
        for at, content in changes:
            file.seek(at)
            file.write(content)
    return copy


_LOOKS: dict[str, Callable[[Path, Path], Path]] = {
    "FBX": _fbx, "BLEND": blend_libraries.without, "USDZ": usd_names.without,
}  # fmt: skip

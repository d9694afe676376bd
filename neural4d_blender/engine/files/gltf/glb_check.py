"""Checks a GLB file before any importer sees it, and writes it anew where an importer would stumble over trifles.

Pure Python, standard library only. A result is a stranger's file: Blender's importer believes the
counts and the paths written in it, so both are checked here first, reading the container's headers,
its JSON and the headers of its images. A file of 500 MB costs as little as one of 5 kB.
"""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from ...errors import BrokenModel, UnsafeModel
from .gltf_check import GltfFacts, check_gltf

#: The JSON of real models is kilobytes to a few megabytes; parsing costs about ten times this in memory.
MAX_JSON_BYTES: Final = 32 * 2**20

#: What to do where Blender cannot read something that a model needs.
OTHER_FORMAT: Final = "Choose another format or variant."
_MAGIC = b"glTF"
_HEADER = struct.Struct("<4sII")
_CHUNK = struct.Struct("<I4s")
_JSON = b"JSON"
_BIN = b"BIN\0"
_BOM = b"\xef\xbb\xbf"
_PIECE = 1 << 20


@dataclass(frozen=True)
class GlbFacts(GltfFacts):
    """What a GLB says about itself; all of it checked against the file's own sizes.

    Attributes:
        size_bytes: length of the whole file.
    """

    size_bytes: int


@dataclass(frozen=True)
class _Container:
    """Where in a file a GLB's JSON is and its binary chunk, which is 0 bytes long where there is none; what else there
    is nobody reads.

    Attributes:
        odd: the container says something else of itself than is there.
    """

    text: bytes
    offset: int
    length: int
    odd: bool


def check_glb(path: str | os.PathLike[str]) -> GlbFacts:
    """Check a GLB file's container and JSON, and the headers of its images.

    Args:
        path: the file; it is read, never changed.

    Returns:
        The facts written in it.

    Raises:
        UnsafeModel: it points at other files or claims absurd sizes, its images' among them.
        BrokenModel: it is missing, cut short, not a GLB, or contradicts itself.
    """
    with _opened(path) as (file, container):
        return _checked(file, container)[0]


def read_parts(path: Path) -> tuple[dict[str, Any], bytes]:
    """The JSON of a GLB, repaired, and the whole of its binary chunk (empty where it has none), in memory.

    Raises:
        BrokenModel, UnsafeModel: as :func:`check_glb`.
    """
    with _opened(path) as (file, container):
        document = _checked(file, container)[1]
        file.seek(container.offset)
        return document, file.read(container.length)


def write_repaired(path: Path, target: Path, change: Callable[[dict[str, Any]], bool] = lambda _: False) -> GlbFacts:
    """Check a GLB file, and write it to ``target`` as it should be, where it is not that already.

    Args:
        change: changes its JSON further, once that is checked; whether it did.

    Returns:
        Its facts; ``target`` is there where they say that it is repaired.

    Raises:
        BrokenModel, UnsafeModel: as :func:`check_glb`. OSError: ``target`` cannot be written.
    """
    with _opened(path) as (file, container):
        facts, document = _checked(file, container)
        if not change(document) and not facts.repaired:
            return facts
        text = json.dumps(document).encode()
        text += b" " * (-len(text) % 4)
        filled = container.length + -container.length % 4
        with target.open("wb") as repaired:
            repaired.write(_HEADER.pack(_MAGIC, 2, _HEADER.size + 2 * _CHUNK.size + len(text) + filled))
            repaired.write(_CHUNK.pack(len(text), _JSON) + text + _CHUNK.pack(filled, _BIN))
            file.seek(container.offset)
            for start in range(0, container.length, _PIECE):
                repaired.write(file.read(min(_PIECE, container.length - start)))
            repaired.write(bytes(filled - container.length))
        return replace(facts, repaired=True)


def parse_json(text: bytes) -> object:
    """The value of a glTF's JSON text.

    Raises:
        UnsafeModel: the text is longer than MAX_JSON_BYTES or nested too deeply.
        BrokenModel: it is not JSON as RFC 8259 has it (UTF-8, no NaN, no Infinity).
    """
    if len(text) > MAX_JSON_BYTES:
        raise UnsafeModel(f"The model's description is {len(text):,} bytes long; {MAX_JSON_BYTES:,} are accepted.")
    try:
        return json.loads(text.decode("utf-8-sig"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise UnsafeModel("The model's description is nested deeper than any real model's.") from error
    except ValueError as error:  # covers UnicodeDecodeError and JSONDecodeError
        raise BrokenModel(f"The model's description is not valid JSON: {error}.") from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


@contextmanager
def _opened(path: str | os.PathLike[str]) -> Iterator[tuple[BinaryIO, _Container]]:
    try:
        file = Path(path).open("rb")  # noqa: SIM115 (closed below)
    except (OSError, ValueError) as error:
        raise BrokenModel(f"The model file cannot be read: {getattr(error, 'strerror', '') or error}.") from error
    with file:
        yield file, _walk(file, os.fstat(file.fileno()).st_size)


def _checked(file: BinaryIO, container: _Container) -> tuple[GlbFacts, dict[str, Any]]:
    document = parse_json(container.text)

    def read(offset: int, length: int) -> bytes:
        file.seek(container.offset + offset)
        return file.read(length)

    facts = vars(check_gltf(document, binary_length=container.length, read=read))
    facts |= {"repaired": facts["repaired"] or container.odd, "size_bytes": os.fstat(file.fileno()).st_size}
    return GlbFacts(**facts), cast("dict[str, Any]", document)


def _walk(file: BinaryIO, size: int) -> _Container:
    """The two chunks that count, of a file that is `size` bytes long."""
    header = file.read(_HEADER.size)
    if len(header) < _HEADER.size:
        raise BrokenModel(f"The file is only {size} bytes long: that is no GLB model.")
    magic, version, declared = _HEADER.unpack(header)
    if magic != _MAGIC:
        raise BrokenModel("The file is not a GLB model: it begins with something else.")
    if version != 2:
        raise BrokenModel(f"The file is GLB version {version}; only version 2 can be read.")
    if declared > size:
        raise BrokenModel(f"The GLB is cut short: {size:,} of {declared:,} bytes are there.")
    kind, length = _chunk(file, size)
    if kind != _JSON:
        raise BrokenModel("The GLB is damaged: it does not begin with its JSON part.")
    if length > MAX_JSON_BYTES:
        raise UnsafeModel(f"The GLB's description is {length:,} bytes long; {MAX_JSON_BYTES:,} are accepted.")
    text = file.read(length)
    plain = text.removeprefix(_BOM)
    plain = plain.rstrip(b"\0 ") if b"\0" in plain[-8:] else plain
    behind = file.read(_CHUNK.size)
    file.seek(-len(behind), os.SEEK_CUR)
    length = _chunk(file, size)[1] if behind[4:] == _BIN else 0
    odd = declared != size or plain != text or 0 < len(behind) < _CHUNK.size
    return _Container(plain, file.tell(), length, odd)


def _chunk(file: BinaryIO, size: int) -> tuple[bytes, int]:
    """Kind and length of the chunk that begins here; the file stands behind its header then."""
    head = file.read(_CHUNK.size)
    if len(head) < _CHUNK.size:
        raise BrokenModel("The GLB is damaged: it does not begin with its JSON part.")
    length, kind = _CHUNK.unpack(head)
    if length > size - file.tell():
        raise BrokenModel(
            f"The GLB is damaged: a part of it claims {length:,} bytes where {size - file.tell():,} are left."
        )
    return kind, length

"""Checks a GLB file before any importer sees it.

Pure Python, standard library only. A result is a stranger's file: Blender's importer believes the
counts and the paths written in it, so both are checked here first, reading the container's headers
and its JSON but never its binary chunk. A file of 500 MB costs as little as one of 5 kB.
"""

from __future__ import annotations

import json
import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, cast

from ..errors import BrokenModel, UnsafeModel
from .gltf_check import GltfFacts, check_gltf

#: The JSON of real models is kilobytes to a few megabytes; parsing costs about ten times this in memory.
MAX_JSON_BYTES = 32 * 2**20
#: JSON, BIN and a few chunks of extensions; more is an attack on whoever walks them.
MAX_CHUNKS = 16

_MAGIC = b"glTF"
_HEADER = struct.Struct("<4sII")
_CHUNK = struct.Struct("<I4s")
_JSON = b"JSON"
_BIN = b"BIN\0"


@dataclass(frozen=True)
class GlbFacts(GltfFacts):
    """What a GLB says about itself; all of it checked against the file's own sizes.

    Attributes:
        size_bytes: length of the whole file.
    """

    size_bytes: int


@dataclass(frozen=True)
class _Chunk:
    kind: bytes
    offset: int
    length: int


def check_glb(path: str | os.PathLike[str]) -> GlbFacts:
    """Check a GLB file's container and JSON.

    Args:
        path: the file; it is read, never changed.

    Returns:
        The facts written in it.

    Raises:
        UnsafeModel: it points at other files or claims absurd sizes.
        BrokenModel: it is missing, cut short, not a GLB, or contradicts itself.
    """
    try:
        with Path(path).open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            chunks = _walk_chunks(file, size)
            document = _read_json(file, chunks[0])
    except OSError as error:
        raise BrokenModel(f"The model file cannot be read: {error.strerror or error}.") from error
    binary = chunks[1].length if len(chunks) > 1 and chunks[1].kind == _BIN else 0
    facts = check_gltf(document, binary_length=binary)
    return GlbFacts(**vars(facts), size_bytes=size)


def read_parts(path: Path) -> tuple[dict[str, Any], bytes]:
    """The JSON of a checked GLB and the whole of its binary chunk (empty where it has none), in memory.

    Raises:
        BrokenModel, UnsafeModel: as :func:`check_glb`.
    """
    check_glb(path)
    with path.open("rb") as file:
        chunks = _walk_chunks(file, os.fstat(file.fileno()).st_size)
        document = _read_json(file, chunks[0])
        binary = next((chunk for chunk in chunks if chunk.kind == _BIN), None)
        if binary is None:
            return cast("dict[str, Any]", document), b""
        file.seek(binary.offset)
        return cast("dict[str, Any]", document), file.read(binary.length)


def parse_json(text: bytes) -> object:
    """The value of a glTF's JSON text.

    Raises:
        UnsafeModel: the text is longer than MAX_JSON_BYTES or nested too deeply.
        BrokenModel: it is not JSON as RFC 8259 has it (UTF-8, no NaN, no Infinity).
    """
    if len(text) > MAX_JSON_BYTES:
        raise UnsafeModel(f"The model's description is {len(text):,} bytes long; {MAX_JSON_BYTES:,} are accepted.")
    try:
        return json.loads(text.decode("utf-8"), parse_constant=_refuse_constant)
    except RecursionError as error:
        raise UnsafeModel("The model's description is nested deeper than any real model's.") from error
    except ValueError as error:  # covers UnicodeDecodeError and JSONDecodeError
        raise BrokenModel(f"The model's description is not valid JSON: {error}.") from error


def _refuse_constant(name: str) -> object:
    raise ValueError(f"{name} is not a number")


def _walk_chunks(file: BinaryIO, size: int) -> list[_Chunk]:
    """The chunks of the container, JSON first. The file is `size` bytes long."""
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
    if declared < size:
        raise BrokenModel(f"The GLB says it is {declared:,} bytes long but has {size:,}.")

    chunks: list[_Chunk] = []
    offset = _HEADER.size
    while offset < size:
        file.seek(offset)
        head = file.read(_CHUNK.size)
        if len(head) < _CHUNK.size:
            raise BrokenModel(f"The GLB ends inside a chunk's header, {size - offset} bytes before its end.")
        length, kind = _CHUNK.unpack(head)
        offset += _CHUNK.size
        if offset + length > size:
            raise BrokenModel(f"A chunk of the GLB claims {length:,} bytes where {size - offset:,} are left.")
        if any(chunk.kind == kind for chunk in chunks) and kind in (_JSON, _BIN):
            raise BrokenModel(f"The GLB has two chunks of type {kind.decode('ascii').strip(chr(0))}.")
        chunks.append(_Chunk(kind, offset, length))
        if len(chunks) > MAX_CHUNKS:
            raise UnsafeModel(f"The GLB has more than {MAX_CHUNKS} chunks.")
        offset += length
    if not chunks or chunks[0].kind != _JSON:
        raise BrokenModel("The GLB does not begin with a JSON chunk.")
    return chunks


def _read_json(file: BinaryIO, chunk: _Chunk) -> object:
    if chunk.length > MAX_JSON_BYTES:
        raise UnsafeModel(f"The GLB's description is {chunk.length:,} bytes long; {MAX_JSON_BYTES:,} are accepted.")
    file.seek(chunk.offset)
    return parse_json(file.read(chunk.length))

"""GLB files for tests, whole and broken, put together by hand so that each byte is known."""

from __future__ import annotations

import json
import struct
from typing import Any

#: Three corners of a triangle, then the indices 0, 1, 2 and two bytes that fill up.
BINARY = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0) + struct.pack("<4H", 0, 1, 2, 0)


def triangle() -> dict[str, Any]:
    """The JSON of the smallest model there is; a new one at each call, to be spoiled at will."""
    return {
        "asset": {"version": "2.0"},
        "buffers": [{"byteLength": len(BINARY)}],
        "bufferViews": [{"buffer": 0, "byteLength": 36}, {"buffer": 0, "byteOffset": 36, "byteLength": 6}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3"},
            {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
        ],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}, "indices": 1}]}],
        "nodes": [{"mesh": 0}],
        "scenes": [{"nodes": [0]}],
    }


def chunk(kind: bytes, data: bytes, *, claims: int | None = None) -> bytes:
    """One chunk of a GLB; its header says `claims` bytes."""
    data += (b" " if kind == b"JSON" else b"\0") * (-len(data) % 4)
    return struct.pack("<I4s", len(data) if claims is None else claims, kind) + data


def container(*chunks: bytes, magic: bytes = b"glTF", version: int = 2, claims: int | None = None) -> bytes:
    """A GLB of those chunks; its header says `claims` bytes."""
    body = b"".join(chunks)
    return struct.pack("<4sII", magic, version, 12 + len(body) if claims is None else claims) + body


def glb(document: object, binary: bytes = BINARY) -> bytes:
    """A well-formed GLB around any JSON value."""
    return container(chunk(b"JSON", json.dumps(document).encode()), chunk(b"BIN\0", binary))

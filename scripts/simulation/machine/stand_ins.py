"""What services make, in the place of what draws and converts it: a triangle, a grey picture, at once.

May import scripts.simulator. Nobody looks at the models, and drawing one takes longer than all else of a job.
"""

from __future__ import annotations

import json
import struct
import zlib
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeVar

from scripts.simulator.files.model_maker import ModelSpec
from scripts.simulator.neural4d import images

_T = TypeVar("_T")


def _triangle() -> bytes:
    """A GLB file of one triangle."""
    points = struct.pack("<9f", 0, 0, 0, 1, 0, 0, 0, 1, 0)
    about = {
        "asset": {"version": "2.0"},
        "scene": 0,
        "scenes": [{"nodes": [0]}],
        "nodes": [{"mesh": 0}],
        "meshes": [{"primitives": [{"attributes": {"POSITION": 0}}]}],
        "accessors": [
            {"bufferView": 0, "componentType": 5126, "count": 3, "type": "VEC3", "min": [0, 0, 0], "max": [1, 1, 0]}
        ],
        "bufferViews": [{"buffer": 0, "byteLength": len(points)}],
        "buffers": [{"byteLength": len(points)}],
    }
    text = json.dumps(about).encode()
    text += b" " * (-len(text) % 4)
    chunks = struct.pack("<II", len(text), 0x4E4F534A) + text + struct.pack("<II", len(points), 0x004E4942) + points
    return struct.pack("<III", 0x46546C67, 2, 12 + len(chunks)) + chunks


GLB = _triangle()
OBJ = b"v 0 0 0\nv 1 0 0\nv 0 1 0\nf 1 2 3\n"
_LOOP = b"outer loop\nvertex 0 0 0\nvertex 1 0 0\nvertex 0 1 0\nendloop\n"
STL = b"solid one\nfacet normal 0 0 1\n" + _LOOP + b"endfacet\nendsolid\n"


def picture() -> bytes:
    """A grey PNG of 256 by 256 pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", 256, 256, 8, 0, 0, 0, 0)
    rows = zlib.compress((b"\0" + b"\x80" * 256) * 256)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


PICTURE = picture()


class Models:
    """In the place of the one that draws them."""

    async def run(self, work: Callable[[], _T]) -> _T:
        return work()

    async def glb(self, spec: ModelSpec) -> bytes:
        return GLB

    async def obj(self, spec: ModelSpec) -> bytes:
        return OBJ

    async def mesh(self, spec: ModelSpec, kind: str) -> bytes:
        return STL

    async def parts(self, spec: ModelSpec) -> list[str]:
        return ["body", "head"]

    async def preview(self, spec: ModelSpec) -> bytes:
        return PICTURE

    async def picture(self, spec: ModelSpec, size: tuple[int, int]) -> bytes:
        return PICTURE

    async def longest_side(self, spec: ModelSpec) -> float:
        return 1.0

    def make_ahead(self, spec: ModelSpec) -> None:
        """They are there already."""

    def close(self) -> None:
        """Nothing runs."""


images.cut_out = lru_cache(lambda *_: PICTURE)


class Converted:
    """A conversion that is done: what the service waits for before it is, is time."""

    def __init__(self, kind: str) -> None:
        self._kind = kind

    def done(self) -> bool:
        return True

    def cancel(self) -> None:
        """Too late."""

    def result(self) -> bytes:
        return STL if self._kind == "stl" else OBJ

    def __await__(self) -> Any:
        return self.result()
        yield


class Converter:
    """In the place of the one that has Blender do it."""

    def command(self, blender: str | None) -> list[str]:
        return []

    def begin(self, _command: Any, _glb: Any, kind: str, *_: Any) -> Converted:
        return Converted(kind)

    async def convert(self, _command: Any, _glb: Any, kind: str, *_: Any) -> bytes:
        return Converted(kind).result()

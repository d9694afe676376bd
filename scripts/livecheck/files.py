"""The picture that is sent, and a look at the model that comes back. Standard library and the engine only."""

from __future__ import annotations

import math
import struct
import urllib.parse
import zlib
from pathlib import Path
from typing import Any

from neural4d_blender.engine.errors import Neural4DError
from neural4d_blender.engine.files.gltf.glb_check import check_glb

_SIDE = 512
#: Beginnings of files, by format.
_BEGINNINGS = {
    b"glTF": "GLB",
    b"PK\x03\x04": "ZIP",
    b"Kaydara FBX": "FBX",
    b"BLENDER": "BLEND",
    b"\x28\xb5\x2f\xfd": "BLEND",
    b"ply": "PLY",
    b"solid": "STL",
}


def draw_picture(path: Path) -> Path:
    """Write a PNG of a red ball on white."""
    rows = bytearray()
    for y in range(_SIDE):
        rows.append(0)
        for x in range(_SIDE):
            distance = math.hypot(x - _SIDE / 2, y - _SIDE / 2) / (_SIDE * 0.35)
            light = max(0.25, 1.0 - math.hypot(x - _SIDE * 0.4, y - _SIDE * 0.4) / _SIDE)
            rows += bytes((int(220 * light), int(50 * light), int(40 * light)) if distance < 1 else (255, 255, 255))
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", _SIDE, _SIDE, 8, 2, 0, 0, 0)),
        (b"IDAT", zlib.compress(bytes(rows), 9)),
        (b"IEND", b""),
    ]
    body = b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in chunks
    )
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + body)
    return path


def format_of(path: Path) -> str:
    """What a file is by its content; empty where that is not known."""
    with path.open("rb") as file:
        head = file.read(4096)
    for beginning, format in _BEGINNINGS.items():
        if head.startswith(beginning):
            return format
    words = {line.split(b" ")[0] for line in head.splitlines()}
    return "OBJ" if {b"v", b"o", b"mtllib", b"g"} & words else ""


def look_at(path: Path, url: str, wanted: str) -> dict[str, Any]:
    """What came: bytes, format by its content, what its address says, facts of a GLB, and what is wrong with it."""
    claimed = urllib.parse.urlsplit(url).path.rpartition(".")[2].upper()
    claimed = claimed if 1 < len(claimed) <= 5 else wanted
    found: dict[str, Any] = {"bytes": path.stat().st_size, "format": format_of(path), "claimed": claimed, "wrong": []}
    if not found["format"]:
        found["wrong"].append(f"The file is of no known format, though it should be {claimed}.")
    elif found["format"] not in (claimed, "ZIP" if claimed in ("FBX", "OBJ") else claimed):
        found["wrong"].append(f"The file's address says {claimed}, and it is {found['format']} by its content.")
    if found["format"] == "GLB":
        try:
            facts = check_glb(path)
        except Neural4DError as error:
            found["wrong"].append(error.what)
        else:
            found |= {name: value for name, value in vars(facts).items() if isinstance(value, int | float)}
    return found

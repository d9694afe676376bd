"""Prepares a model of one triangle while a download is on its way: what Blender and Python load for their first model,
and make for it, is there then. Standard library only.
"""

from __future__ import annotations

import base64
import json
import struct
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

#: A picture of one white pixel.
_PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4//8/AAX+Av4N70a4AAAAAElFTkSuQmCC")
#: Places, normals, UV map and triangle.
_BINARY = struct.pack("<27f3H", *(0, 0, 0, 1, 0, 0, 0, 1, 0), *(0, 0, 1) * 3, *(0, 0, 1, 0, 0, 1), *(0,) * 3, 0, 1, 2)
_DOCUMENT: dict[str, Any] = {
    "asset": {"version": "2.0"},
    "buffers": [{"byteLength": len(_BINARY)}],
    "bufferViews": [
        {"buffer": 0, "byteOffset": start, "byteLength": length} for start, length in ((0, 108), (108, 6))
    ],
    "accessors": [
        *({"bufferView": 0, "byteOffset": start, "componentType": 5126, "count": 3, "type": kind}
          for start, kind in ((0, "VEC3"), (36, "VEC3"), (72, "VEC2"))),
        {"bufferView": 1, "componentType": 5123, "count": 3, "type": "SCALAR"},
    ],
    "images": [{"uri": f"data:image/png;base64,{base64.b64encode(_PNG).decode()}"}],
    "textures": [{"source": 0}],
    "materials": [{"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}],
    "meshes": [{"primitives": [
        {"attributes": {"POSITION": 0, "NORMAL": 1, "TEXCOORD_0": 2}, "indices": 3, "material": 0}
    ]}],
    "nodes": [{"mesh": 0}],
    "scenes": [{"nodes": [0]}],
}  # fmt: skip


def run(prepare: Callable[[Mapping[str, Any]], Mapping[str, Any]]) -> Mapping[str, Any]:
    """Have it prepared, and forgotten; returns the facts of it."""
    text = json.dumps(_DOCUMENT).encode()
    text += b" " * (-len(text) % 4)
    binary = _BINARY + bytes(-len(_BINARY) % 4)
    parts = struct.pack("<I4s", len(text), b"JSON") + text + struct.pack("<I4s", len(binary), b"BIN\0") + binary
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "model.glb")
        model.write_bytes(struct.pack("<4sII", b"glTF", 2, 12 + len(parts)) + parts)
        output = Path(folder, "model.blend")
        return prepare({"source": str(model), "format": "GLB", "output": str(output), "name": "model", "size_mm": 10})

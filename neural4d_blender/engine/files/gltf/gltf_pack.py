"""A .gltf with the files beside it as one GLB, which is checked then like any other. Standard library only.

Only files in its own folder are read; what is missing of the images is lost, and told as lost.
"""

from __future__ import annotations

import base64
import binascii
import json
import struct
import urllib.parse
from pathlib import Path
from typing import Any

from ...errors import BrokenModel, UnsafeModel
from ..archive import MAX_UNPACKED
from .glb_check import parse_json

_MIME = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".webp": "image/webp", ".ktx2": "image/ktx2"}
#: An image that is none: the check tells of it, and its materials have a plain colour.
_LOST = "data:image/png;base64,"


def pack(source: Path, target: Path) -> None:
    """Write the model as a GLB.

    Raises:
        BrokenModel: it is no glTF, or a file with its geometry is not there. UnsafeModel: absurdly large.
    """
    document = parse_json(source.read_bytes())
    if not isinstance(document, dict) or not isinstance(document.get("asset"), dict):
        raise BrokenModel("The .gltf file is no glTF.")
    content = _with_buffers(document, source.parent)
    _take_images(document, content, source.parent)
    content += bytes(-len(content) % 4)
    document.pop("buffers", None)
    if content:
        document["buffers"] = [{"byteLength": len(content)}]
    text = json.dumps(document).encode()
    text += b" " * (-len(text) % 4)
    with target.open("wb") as file:
        file.write(struct.pack("<4sII", b"glTF", 2, 12 + 8 + len(text) + (8 + len(content) if content else 0)))
        file.write(struct.pack("<I4s", len(text), b"JSON") + text)
        if content:
            file.write(struct.pack("<I4s", len(content), b"BIN\0") + content)


def _with_buffers(document: dict[str, Any], folder: Path) -> bytearray:
    """All buffers in one, which the document's views are of from now on."""
    content, begins = bytearray(), []
    for buffer in _objects(document, "buffers"):
        content += bytes(-len(content) % 4)
        begins.append(len(content))
        content += _buffer(buffer, folder)
        if len(content) > MAX_UNPACKED:
            raise UnsafeModel(f"The model's files are longer than {MAX_UNPACKED:,} bytes.")
    for view in _objects(document, "bufferViews"):
        kinds = view.get("extensions")
        for part in (view, *(kinds.values() if isinstance(kinds, dict) else ())):
            if isinstance(part, dict) and isinstance(number := part.get("buffer"), int) and 0 <= number < len(begins):
                part["buffer"], part["byteOffset"] = 0, part.get("byteOffset", 0) + begins[number]
    return content


def _take_images(document: dict[str, Any], content: bytearray, folder: Path) -> None:
    """Images that are files become parts of the content, with a view each."""
    for image in _objects(document, "images"):
        uri = image.get("uri")
        if not isinstance(uri, str) or uri.startswith("data:"):
            continue
        path = _inside(folder, uri)
        views = document.setdefault("bufferViews", [])
        if path is None or not isinstance(views, list):
            image["uri"] = _LOST
            continue
        content += bytes(-len(content) % 4)
        views.append({"buffer": 0, "byteOffset": len(content), "byteLength": path.stat().st_size})
        content += path.read_bytes()
        del image["uri"]
        image |= {"bufferView": len(views) - 1, "mimeType": _MIME.get(path.suffix.lower(), "image/png")}


def _objects(document: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = document.get(name)
    return [one for one in found if isinstance(one, dict)] if isinstance(found, list) else []


def _buffer(buffer: dict[str, Any], folder: Path) -> bytes:
    uri, length = buffer.get("uri"), buffer.get("byteLength")
    if uri is None:  # a fallback of meshopt's: nobody reads it
        return b""
    if not isinstance(uri, str) or not isinstance(length, int) or length < 0:
        raise BrokenModel("The .gltf file describes its data wrongly.")
    if uri.startswith("data:"):
        try:
            return base64.b64decode(uri.partition(",")[2], validate=True)[:length]
        except (ValueError, binascii.Error) as error:
            raise BrokenModel("The data in the .gltf file is damaged.") from error
    path = _inside(folder, uri)
    if path is None:
        name = urllib.parse.unquote(uri).replace("\\", "/").rpartition("/")[2]
        raise BrokenModel(
            f"The .gltf file names {name[:80]}, which is not beside it.", "Keep a .gltf in the folder that it came in."
        )
    content = path.read_bytes()
    if len(content) < length:
        raise BrokenModel(f"{path.name} is cut short: {len(content):,} of {length:,} bytes are there.")
    return content[:length]


def _inside(folder: Path, uri: str) -> Path | None:
    """The file that an address names, where it is in the folder."""
    try:
        path = (folder / urllib.parse.unquote(uri).replace("\\", "/")).resolve()
        return path if path.is_relative_to(folder.resolve()) and path.is_file() else None
    except (OSError, ValueError):
        return None

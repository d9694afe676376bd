"""The file beside a delivered one that says where it came from (``bird.glb.json``), and the same in a GLB of our own.

Standard library only. What a service has made stays as it is, byte for byte: it has the file beside it alone.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Mapping
from pathlib import Path
from typing import Any

#: The name in glTF's ``asset.extras``, and so in a file of whatever program wrote it anew.
EXTRAS = "neural4d"
_HEADER, _CHUNK = struct.Struct("<4sII"), struct.Struct("<I4s")


def sidecar_of(path: Path) -> Path:
    """Where it is, of a file or of a folder that stands for one."""
    return path.with_name(f"{path.name}.json")


def write_sidecar(path: Path, record: Mapping[str, Any], name: str = "", to: Path | None = None) -> Path:
    """Write it and return it; OSError.

    Args:
        path: what it is about, which is there whole. record: see :func:`.provenance.record_of`.
        name: what that is going to be called, where it has another name yet. to: the file, where that is elsewhere.
    """
    target = to or sidecar_of(path)
    files = sorted(one for one in path.rglob("*") if one.is_file()) if path.is_dir() else [path]
    sums = [
        {"name": (name or path.name) if one == path else one.relative_to(path).as_posix(), **_sums(one)}
        for one in files
    ]
    target.write_text(json.dumps({**record, "files": sums}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return target


def embed(glb: Path, record: Mapping[str, Any]) -> None:
    """Put the record into a GLB that was just written here, as ``asset.extras``; ValueError where it is none."""
    content = glb.read_bytes()
    try:
        magic, version, _ = _HEADER.unpack_from(content)
        length, kind = _CHUNK.unpack_from(content, _HEADER.size)
    except struct.error as error:
        raise ValueError("cut short") from error
    begins = _HEADER.size + _CHUNK.size
    if (magic, version, kind) != (b"glTF", 2, b"JSON"):
        raise ValueError("no GLB")
    document = json.loads(content[begins : begins + length])
    asset = document["asset"]
    asset["extras"] = {**(asset.get("extras") or {}), EXTRAS: dict(record)}
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    rest = content[begins + length :]
    head = _HEADER.pack(magic, version, begins + len(text) + len(rest)) + _CHUNK.pack(len(text), kind)
    glb.write_bytes(head + text + rest)


def _sums(file: Path) -> dict[str, Any]:
    with file.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()
        return {"sha256": digest, "bytes": stream.tell()}

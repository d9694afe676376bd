"""Is a file what it is said to be? Looks at the first bytes, so that an importer never gets an error page.

Standard library and `engine` only. Blender's OBJ and STL importers report success for almost any text.
"""

from __future__ import annotations

import re
from pathlib import Path

from ...engine.errors import BrokenModel
from ...engine.files.file_type import looks_like_text

_HEAD_BYTES = 1024
_BOM = b"\xef\xbb\xbf"
_STL_HEADER = 84  # 80 bytes of comment, then the number of triangles
_STL_TRIANGLE = 50
_PLY_HEADER = 1 << 16


def check_signature(source: Path, model_format: str) -> None:
    """Raises BrokenModel where the file is missing, empty, or plainly not of that format."""
    try:
        size = source.stat().st_size
        with source.open("rb") as file:
            head = file.read(_HEAD_BYTES)
    except OSError as error:
        raise BrokenModel(f"The model file cannot be read: {error.strerror or error}.") from error
    if not head:
        raise BrokenModel("The model file is empty.")
    if not _matches(head, size, model_format):
        raise BrokenModel(f"The file is not a {model_format} model: it looks like {_looks_like(head)}.")
    if model_format == "PLY":
        _check_counts(source, size)


def _check_counts(source: Path, size: int) -> None:
    """A PLY says how much there is of what, and the importer makes room for that before it reads any of it."""
    with source.open("rb") as file:
        header, found, _ = file.read(_PLY_HEADER).partition(b"end_header")
    if not found:
        most = f"{_PLY_HEADER:,}"
        raise BrokenModel(f"The PLY file has no end of its header in {most} bytes.")
    for name, count in re.findall(rb"(?m)^\s*element\s+(\w+)\s+(\S+)", header):
        if not count.isdigit() or int(count) > size:
            raise BrokenModel(
                f"The PLY file says that {count[:20].decode('ascii', 'replace')} of {name[:20].decode()} are in it, "
                f"and is {size:,} bytes long."
            )


def _matches(head: bytes, size: int, model_format: str) -> bool:
    match model_format:
        case "GLB":
            return head.startswith(b"glTF")
        case "BLEND":
            return head.startswith((b"BLENDER", b"\x28\xb5\x2f\xfd", b"\x1f\x8b"))  # plain, Zstandard, gzip
        case "FBX":
            return head.startswith(b"Kaydara FBX Binary") or b"FBX" in head.split(b"\n", 1)[0]
        case "USDZ":
            return head.startswith(b"PK\x03\x04")
        case "PLY":
            return head.startswith(b"ply")
        case "STL":
            return head.removeprefix(_BOM).lstrip().lower().startswith(b"solid") or _is_binary_stl(head, size)
        case "OBJ":
            return looks_like_text(head) and not head.removeprefix(_BOM).lstrip().startswith((b"<", b"{"))
    return True


def _is_binary_stl(head: bytes, size: int) -> bool:
    if len(head) < _STL_HEADER:
        return False
    triangles = int.from_bytes(head[_STL_HEADER - 4 : _STL_HEADER], "little")
    return size >= _STL_HEADER + _STL_TRIANGLE * triangles


def _looks_like(head: bytes) -> str:
    text = head.lstrip().lower()
    if text.startswith((b"<!doctype html", b"<html")):
        return "a web page"
    if text.startswith(b"<"):
        return "an XML file, perhaps an error message"
    if text.startswith(b"{"):
        return "a JSON file, perhaps an error message"
    if head.startswith(b"PK\x03\x04"):
        return "a ZIP archive"
    for magic, name in ((b"glTF", "GLB"), (b"BLENDER", "a .blend file"), (b"Kaydara", "FBX")):
        if head.startswith(magic):
            return name
    return "something else"

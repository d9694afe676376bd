"""What a model file is, by its own first bytes: what an address is called, or was asked for, is no proof.

Standard library only.
"""

from __future__ import annotations

import lzma
import struct
import zipfile
import zlib
from pathlib import Path, PurePosixPath

from ..model.allowed_values import FORMATS, MORE_FORMATS

#: Bytes that tell; a text format shows itself in its first lines.
_HEAD = 4096
_STARTS = (
    (b"glTF", "GLB"),
    (b"BLENDER", "BLEND"),
    (b"\x28\xb5\x2f\xfd", "BLEND"),  # a .blend that Blender compressed
    (b"\x1f\x8b", "BLEND"),  # and one of before 3.0
    (b"Kaydara FBX Binary", "FBX"),
    (b"; FBX", "FBX"),
    (b"ply", "PLY"),
    (b"PXR-USDC", "USDZ"),
)
#: What reading a damaged archive raises beside OSError, whatever it is packed with.
ARCHIVE_DAMAGE = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, NotImplementedError, RuntimeError, EOFError, ValueError),
    *(struct.error, OverflowError, MemoryError),
)
_LAYERS = ("USD", "USDA", "USDC")
_OBJ = (b"v ", b"vn ", b"vt ", b"f ", b"o ", b"g ", b"mtllib ", b"usemtl ", b"s ")


def file_type(path: Path, wanted: str = "") -> str:
    """GLB, FBX, OBJ, STL, BLEND, USDZ, PLY or (in an archive) GLTF; empty where the file does not show it.

    An archive is what it holds: services send formats of several files as a .zip. Of several it is what is wanted.
    """
    with path.open("rb") as file:
        head = file.read(_HEAD)
    for start, kind in _STARTS:
        if head.startswith(start):
            return kind
    if head.startswith(b"PK\x03\x04"):
        return _of_archive(path, wanted)
    if _is_binary_stl(head, path.stat().st_size):
        return "STL"
    head = _in_utf_8(head)
    lines = [line.strip() for line in head.splitlines()]
    first = next((line.lower() for line in lines if line), b"")
    if first.startswith(b"solid") and b"facet" in head.lower():
        return "STL"
    return "OBJ" if any(line.startswith(_OBJ) for line in lines if not line.startswith(b"#")) else ""


def format_by_ending(name: str) -> str:
    """The format that the name of a model file says, which is no proof; empty where it says none."""
    ending = PurePosixPath(name).suffix[1:].upper()
    if ending in _LAYERS:
        return "USDZ"
    return "GLB" if ending == "ZIP" else ending if ending in FORMATS + MORE_FORMATS else ""


def text_encoding(path: Path) -> str:
    """How a text is encoded that importers do not read as it is, by Python's name; empty for UTF-8 and what is near."""
    with path.open("rb") as file:
        return _encoding(file.read(_HEAD))


def has_capitals(path: Path) -> bool:
    """Whether an STL in words has them in capitals, which some importers do not know."""
    with path.open("rb") as file:
        head = _in_utf_8(file.read(_HEAD))
    return head.lstrip().lower().startswith(b"solid") and b"FACET" in head


def binary_stl_length(path: Path) -> int:
    """Where a binary STL ends that has more bytes behind it; 0 for any other file."""
    with path.open("rb") as file:
        head = file.read(_HEAD)
    end = 84 + 50 * int.from_bytes(head[80:84], "little")
    return end if 84 < end < path.stat().st_size and b"\0" in _in_utf_8(head) else 0


def looks_like_text(head: bytes) -> bool:
    """Whether the first bytes of a file are some text's."""
    return b"\0" not in _in_utf_8(head)


def _encoding(head: bytes) -> str:
    if head.startswith(b"\xef\xbb\xbf"):
        return "utf-8-sig"
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return "utf-16"
    zeros = head[0:32:2].count(0), head[1:32:2].count(0)  # of letters and figures, each second byte is one
    return {(16, 0): "utf-16-be", (0, 16): "utf-16-le"}.get(zeros, "")


def _in_utf_8(head: bytes) -> bytes:
    encoding = _encoding(head)
    return head[: len(head) // 2 * 2].decode(encoding, "replace").encode() if encoding else head


def _is_binary_stl(head: bytes, size: int) -> bool:
    """80 bytes of anything, the number of triangles, and 50 bytes for each."""
    return len(head) >= 84 and size == 84 + 50 * int.from_bytes(head[80:84], "little")


def _of_archive(path: Path, wanted: str) -> str:
    try:
        with zipfile.ZipFile(path) as archive:
            endings = [PurePosixPath(name).suffix[1:].upper() for name in archive.namelist()]
    except (OSError, *ARCHIVE_DAMAGE):
        return ""
    if any(ending in _LAYERS for ending in endings[:1]):
        return "USDZ"
    found = next((kind for kind in (wanted, *FORMATS, *MORE_FORMATS) if kind in endings), "")
    return found or ("USDZ" if any(ending in _LAYERS for ending in endings) else "")

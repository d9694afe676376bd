"""Reads what a picture file is from its header: format and size, without decoding it.

Standard library only.
"""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path

from ...errors import InvalidInput

#: Endings are not believed; these are what the services know.
MIME_TYPES = {"PNG": "image/png", "JPEG": "image/jpeg", "WEBP": "image/webp"}
_JPEG_SIZES = {0xC0, 0xC1, 0xC2, 0xC3, 0xC5, 0xC6, 0xC7, 0xC9, 0xCA, 0xCB, 0xCD, 0xCE, 0xCF}
_WIDTH, _HEIGHT, _SHORT = 256, 257, 3  # tags and a type of TIFF
_HEAD = 1 << 20  # a JPEG's size may stand behind a large thumbnail


@dataclass(frozen=True)
class ImageFacts:
    """A picture file: its format ("PNG", "JPEG", "WEBP"), size in pixels, and length in bytes."""

    format: str
    width: int
    height: int
    size_bytes: int


def read_image_facts(path: str | os.PathLike[str]) -> ImageFacts:
    """Read a picture's header.

    Raises:
        InvalidInput: the file cannot be read, or is not a whole PNG, JPEG or WebP header.
    """
    try:
        size_bytes = Path(path).stat().st_size
        with Path(path).open("rb") as file:
            head = file.read(_HEAD)
    except OSError as error:
        raise InvalidInput(f"The image {path} cannot be read: {error.strerror or error}.") from error
    found = size_in(head)
    if found is None or found[0] not in MIME_TYPES:
        raise InvalidInput(f"{Path(path).name} is not a PNG, JPEG or WebP picture, or it is damaged.")
    return ImageFacts(*found, size_bytes)


def size_in(head: bytes) -> tuple[str, int, int] | None:
    """Format ("BMP", "TIFF" as well), width and height that a picture's first bytes tell; None where they tell none."""
    try:
        return _png(head) or _jpeg(head) or _webp(head) or _bmp(head) or _tiff(head)
    except (struct.error, IndexError):
        return None


def _png(head: bytes) -> tuple[str, int, int] | None:
    if head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR":
        return None
    return "PNG", *struct.unpack(">II", head[16:24])


def _jpeg(head: bytes) -> tuple[str, int, int] | None:
    if head[:2] != b"\xff\xd8":
        return None
    at = 2
    while at < len(head):
        if head[at] != 0xFF:
            return None
        marker = head[at + 1]
        if marker == 0xFF:  # fill byte
            at += 1
            continue
        if marker in _JPEG_SIZES:
            height, width = struct.unpack(">HH", head[at + 5 : at + 9])
            return "JPEG", width, height
        at += 2 + (0 if marker == 0x01 or 0xD0 <= marker <= 0xD7 else struct.unpack(">H", head[at + 2 : at + 4])[0])
    return None


def _webp(head: bytes) -> tuple[str, int, int] | None:
    if head[:4] != b"RIFF" or head[8:12] != b"WEBP":
        return None
    kind = head[12:16]
    if kind == b"VP8X":
        return "WEBP", int.from_bytes(head[24:27], "little") + 1, int.from_bytes(head[27:30], "little") + 1
    if kind == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return "WEBP", (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1
    if kind == b"VP8 ":
        width, height = struct.unpack("<HH", head[26:30])
        return "WEBP", width & 0x3FFF, height & 0x3FFF
    return None


def _bmp(head: bytes) -> tuple[str, int, int] | None:
    if head[:2] != b"BM" or len(head) < 26:
        return None
    width, height = struct.unpack("<ii", head[18:26])
    return "BMP", abs(width), abs(height)


def _tiff(head: bytes) -> tuple[str, int, int] | None:
    """Of its first picture, whose directory may stand anywhere: entries of 12 bytes, each a tag, a type and a value."""
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(head[:4])
    if order is None:
        return None
    (at,) = struct.unpack_from(f"{order}I", head, 4)
    (count,) = struct.unpack_from(f"{order}H", head, at)
    found: dict[int, int] = {}
    for entry in range(at + 2, at + 2 + 12 * count, 12):
        tag, kind = struct.unpack_from(f"{order}HH", head, entry)
        if tag in (_WIDTH, _HEIGHT):
            (found[tag],) = struct.unpack_from(f"{order}{'H' if kind == _SHORT else 'I'}", head, entry + 8)
    return ("TIFF", found[_WIDTH], found[_HEIGHT]) if len(found) == 2 else None

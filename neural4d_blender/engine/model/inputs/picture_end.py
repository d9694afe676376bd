"""Reads a picture file to its end, to see that nothing of it is missing, without decoding it.

Of the formats that something may be missing of without anybody saying so: services take what they get of it, and so
does Blender of these. All other formats Blender refuses by itself when it reads them. Standard library only.
"""

from __future__ import annotations

import os
import re
import struct
import zlib
from pathlib import Path

from ...errors import InvalidInput

#: Longer than any service takes, many times: such a file is not read for this alone.
_LONGEST = 1 << 28
#: The next marker in a JPEG's compressed data, in which 0xFF is followed by 0, or by the number of a part.
_MARKER = re.compile(rb"\xff[\x01-\xcf\xd8-\xfe]")
_END_OF_IMAGE = 0xD9
#: In a TIFF's directory: where its strips or tiles are, and how long they are.
_OFFSETS, _LENGTHS = (273, 324), (279, 325)


def check_whole(path: str | os.PathLike[str]) -> None:
    """Look for the end of a PNG, JPEG, WebP, TIFF or SGI picture.

    Raises:
        InvalidInput: it is not there, as of a download that broke off; or the file is damaged, or cannot be read.
    """
    try:
        if Path(path).stat().st_size > _LONGEST:
            return
        content = Path(path).read_bytes()
    except OSError as error:
        raise InvalidInput(f"The image {path} cannot be read: {error.strerror or error}.") from error
    look = next((look for begins, look in _FORMATS.items() if content.startswith(begins)), None)
    try:
        whole = look is None or look(content)
    except (struct.error, IndexError):  # it ends in the middle of what tells where the rest is
        whole = False
    if not whole:
        raise InvalidInput(
            f"The image {Path(path).name} is cut short or damaged: not all of it is there.",
            "Copy, save or download it once more.",
        )


def _png(content: bytes) -> bool:
    at, kind = 8, b""
    while kind != b"IEND":
        length, kind = struct.unpack_from(">I4s", content, at)
        (checksum,) = struct.unpack_from(">I", content, at + 8 + length)
        needed = kind[:1].isupper()  # a chunk that is not needed is passed over, whatever has become of it
        if needed and checksum != zlib.crc32(content[at + 4 : at + 8 + length]):
            return False
        at += 12 + length
    return True


def _jpeg(content: bytes) -> bool:
    at, marker = 2, 0
    while marker != _END_OF_IMAGE:
        found = _MARKER.search(content, at)
        if found is None:
            return False
        at, marker = found.end(), content[found.end() - 1]
        if marker not in (0x01, _END_OF_IMAGE):  # what follows has a length, and may hold a whole picture: a thumbnail
            at += struct.unpack_from(">H", content, at)[0]
    return True


def _webp(content: bytes) -> bool:
    end = 8 + struct.unpack_from("<I", content, 4)[0]
    at = 12
    while at < end:
        at += 8 + struct.unpack_from("<I", content, at + 4)[0]
        if at > len(content):
            return False
        at += at % 2
    return True


def _tiff(content: bytes) -> bool:
    order = "<" if content[:2] == b"II" else ">"
    (at,) = struct.unpack_from(f"{order}I", content, 4)
    entries: dict[int, tuple[int, ...]] = {}
    for number in range(struct.unpack_from(f"{order}H", content, at)[0]):
        place = at + 2 + 12 * number
        tag, kind, count = struct.unpack_from(f"{order}HHI", content, place)
        if tag in _OFFSETS + _LENGTHS:
            form = f"{order}{count}{'H' if kind == 3 else 'I'}"
            inside = struct.calcsize(form) <= 4
            values = place + 8 if inside else struct.unpack_from(f"{order}I", content, place + 8)[0]
            entries[tag] = struct.unpack_from(form, content, values)
    parts = [pair for names in zip(_OFFSETS, _LENGTHS, strict=True) if set(names) <= entries.keys()
             for pair in zip(*(entries[name] for name in names), strict=False)]  # fmt: skip
    return all(offset + length <= len(content) for offset, length in parts)


def _sgi(content: bytes) -> bool:
    packed, depth, dimensions, *sides = struct.unpack_from(">xxBBHHHH", content)
    width, height, channels = sides[0], sides[1] if dimensions > 1 else 1, sides[2] if dimensions > 2 else 1
    if not packed:
        return bool(len(content) >= 512 + width * height * channels * depth)
    rows = height * channels
    table = struct.unpack_from(f">{2 * rows}I", content, 512)
    return all(table[row] + table[rows + row] <= len(content) for row in range(rows))


_FORMATS = {
    b"\x89PNG\r\n\x1a\n": _png,
    b"\xff\xd8": _jpeg,
    b"RIFF": _webp,
    b"II*\0": _tiff,
    b"MM\0*": _tiff,
    b"\x01\xda": _sgi,
}

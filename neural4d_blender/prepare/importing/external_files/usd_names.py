"""The names of files in a .usdz that lead out of it, in both of USD's formats. Standard library only.

In text they stand between @. In the binary format (a "crate") all names, prims' and files' alike, are in one table,
compressed with LZ4; a table that had to be changed is put at the end of the layer, where its directory finds it.
"""

from __future__ import annotations

import re
import struct
import zipfile
from pathlib import Path

from ....engine.errors import BrokenModel
from ....engine.files.file_type import ARCHIVE_DAMAGE
from ....engine.files.gltf.gltf_images import check_pixels, of_data
from .inside_name import inside, leads_out

_ASSET = re.compile(rb"@@@(.+?)@@@|@([^@\n]+)@", re.S)
_CRATE = b"PXR-USDC"
_ALIGNED = 64  # where each file of a package has to begin
_MOST_NAMES = 1 << 28


def without(source: Path, folder: Path) -> Path:
    """The file itself where no name in it leads out, else a copy.

    Raises:
        BrokenModel: a part of it cannot be read. UnsafeModel: its images have too many pixels.
    """
    try:
        with zipfile.ZipFile(source) as package:
            # Before Python 3.12, is_dir() fails where there is no name.
            named = (info for info in package.infolist() if info.filename)
            members = {info.filename: package.read(info) for info in named if not info.is_dir()}
    except (OSError, *ARCHIVE_DAMAGE) as error:
        raise BrokenModel(f"The USDZ file is damaged: {error}.") from error
    check_pixels(of_data(content) for content in members.values() if not _is_layer(content))
    changed = {name: _layer(content) for name, content in members.items() if _is_layer(content)}
    if all(changed[name] == members[name] for name in changed):
        return source
    copy = folder / source.name
    with zipfile.ZipFile(copy, "w", zipfile.ZIP_STORED) as package:
        for name, content in (members | changed).items():
            info = zipfile.ZipInfo(name)
            assert package.fp is not None  # noqa: S101 (it is open)
            room = -(package.fp.tell() + 30 + len(name.encode()) + 4) % _ALIGNED
            info.extra = struct.pack("<HH", 0x1986, room) + b"\0" * room
            package.writestr(info, content)
    return copy


def _is_layer(content: bytes) -> bool:
    return content.startswith((_CRATE, b"#usda"))


def _layer(content: bytes) -> bytes:
    if content.startswith(_CRATE):
        try:
            return _crate(content)
        except (struct.error, IndexError, ValueError) as error:
            raise BrokenModel("The USDZ file is damaged: its table of names cannot be read.") from error
    return _ASSET.sub(_in_text, content)


def _in_text(found: re.Match[bytes]) -> bytes:
    name = found[1] or found[2]
    return found[0].replace(name, inside(name))


def _crate(content: bytes) -> bytes:
    """The layer with a table of names in which none leads out."""
    version = tuple(content[8:11])
    (directory,) = struct.unpack_from("<q", content, 16)
    (sections,) = struct.unpack_from("<Q", content, directory)
    for number in range(sections):
        entry = directory + 8 + 32 * number
        if content[entry : entry + 16].rstrip(b"\0") != b"TOKENS":
            continue
        start, _ = struct.unpack_from("<qq", content, entry + 16)
        packed = version >= (0, 4, 0)
        head = struct.unpack_from("<QQQ" if packed else "<QQ", content, start)
        begin = start + 8 * len(head)
        if head[1] > _MOST_NAMES:
            raise ValueError("too many names")
        table = _unpacked(content[begin : begin + head[2]]) if packed else content[begin : begin + head[1]]
        names = table.split(b"\0")
        if not any(leads_out(name) for name in names):
            return content
        table = b"\0".join(inside(name) for name in names)
        stored = _stored(table) if packed else table
        section = struct.pack(f"<{len(head)}Q", head[0], len(table), *([len(stored)] if packed else [])) + stored
        place = struct.pack("<qq", len(content), len(section))
        return content[: entry + 16] + place + content[entry + 32 :] + section
    return content


def _unpacked(data: bytes) -> bytes:
    """USD's own frame around LZ4: how many blocks, where 0 means one without a length of its own."""
    if not data[0]:
        return _lz4(data[1:])
    found, at = b"", 1
    for _ in range(data[0]):
        (length,) = struct.unpack_from("<i", data, at)
        found += _lz4(data[at + 4 : at + 4 + length])
        at += 4 + length
    return found


def _lz4(data: bytes) -> bytes:
    """One block of LZ4: by turns so many bytes as they are, and so many of what is there already."""
    out, at = bytearray(), 0
    while at < len(data):
        token = data[at]
        at, plain = _length(data, at + 1, token >> 4)
        out += data[at : at + plain]
        at += plain
        if at >= len(data):
            break
        back = data[at] | data[at + 1] << 8
        at, again = _length(data, at + 2, token & 15)
        if not 0 < back <= len(out) or len(out) > _MOST_NAMES:
            raise ValueError("no LZ4")
        left = again + 4
        while left > 0:  # it may reach into what it makes
            piece = out[len(out) - back :][:left]
            out += piece
            left -= len(piece)
    return bytes(out)


def _length(data: bytes, at: int, length: int) -> tuple[int, int]:
    if length == 15:
        while True:
            length += data[at]
            at += 1
            if data[at - 1] != 255:
                break
    return at, length


def _stored(data: bytes) -> bytes:
    """As one block of LZ4 that is all plain bytes."""
    length = len(data)
    head = bytes([min(length, 15) << 4])
    if length >= 15:
        head += b"\xff" * ((length - 15) // 255) + bytes([(length - 15) % 255])
    return b"\0" + head + data

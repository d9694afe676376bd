"""What the first blocks of a .blend say: which Blender wrote it, and what was open then. May import `engine`."""

from __future__ import annotations

import contextlib
import gzip
import importlib
import struct
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ...engine.blenders.shared_names import version_in

_ZSTANDARD, _GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b"
#: So many bytes are looked through for the scene that was open: it stands before all big things.
_LOOKED_THROUGH = 256 * 2**20


def version(path: Path) -> tuple[int, int]:
    """(5, 2), as its header says; zeros where that cannot be read."""
    try:
        with unpacked(path) as file:
            return version_in(file.read(32))
    except (ImportError, OSError, EOFError, zlib.error):
        return 0, 0
    except Exception as error:  # what that module raises derives from nothing more
        if type(error).__module__.startswith("zstandard"):
            return 0, 0
        raise


def open_scene(blend: Path) -> tuple[str, str]:
    """The names of the scene and the view layer that a .blend was saved with, as its blocks say; empty where it is
    not to be found out."""
    with contextlib.suppress(Exception), unpacked(blend) as file:  # Blender says better what is wrong with it
        return _open_scene(file)
    return "", ""


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Any]:
    """The bytes of a .blend, compressed or not, as a file to read from.

    Raises:
        ImportError: this Python cannot read how it is compressed. OSError: it cannot be read. Who reads on gets what
            the modules of the compressions raise.
    """
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        if magic == _ZSTANDARD:
            zstandard: Any = importlib.import_module("zstandard")  # comes with most builds of Blender
            yield zstandard.ZstdDecompressor().stream_reader(file, read_across_frames=True)
        elif magic.startswith(_GZIP):
            yield gzip.GzipFile(fileobj=file)
        else:
            yield file


def _open_scene(file: Any) -> tuple[str, str]:
    """Walks the blocks: the GLOB block holds the addresses, a scene's block its name, and so does a view layer's."""
    magic = file.read(12)
    large = magic[7:9].isdigit()  # since 5.0: BLENDER17-01v0500
    if large:
        file.read(int(magic[7:9]) - 12)
    head = struct.Struct("<4sIQqq") if large else struct.Struct("<4siQii")
    scene = layer = 0
    scene_name, read = "", 0
    while read < _LOOKED_THROUGH:
        block = file.read(head.size)
        if large:
            code, _, address, length, _ = head.unpack(block)
        else:
            code, length, address, _, _ = head.unpack(block)
        code = code.rstrip(b"\0")
        if code == b"GLOB":
            scene, layer = struct.unpack_from("<QQ", file.read(length), 24)
        elif code == b"SC" and address == scene:
            data = file.read(length)
            start = data.index(b"SC", 24)
            scene_name = data[start + 2 : data.index(b"\0", start)].decode("utf-8", "replace")
        elif code == b"DATA" and scene_name and address == layer:
            data = file.read(length)
            return scene_name, data[16 : data.index(b"\0", 16)].decode("utf-8", "replace")
        elif scene_name and code != b"DATA":
            return scene_name, ""
        else:
            _skip(file, length)
        read += length
    return scene_name, ""


def _skip(file: Any, length: int) -> None:
    while length > 0:
        length -= len(file.read(min(length, 2**20))) or length

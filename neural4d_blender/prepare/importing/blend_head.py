"""Which Blender wrote a .blend, compressed or not. May import `engine`."""

from __future__ import annotations

import gzip
import importlib
import zlib
from pathlib import Path
from typing import Any

from ...engine.blenders.shared_names import version_in

_ZSTANDARD, _GZIP = b"\x28\xb5\x2f\xfd", b"\x1f\x8b"


def version(path: Path) -> tuple[int, int]:
    """(5, 2), as its header says; zeros where that cannot be read."""
    with path.open("rb") as file:
        magic = file.read(4)
        file.seek(0)
        unpacked: Any = file
        try:
            if magic == _ZSTANDARD:
                zstandard: Any = importlib.import_module("zstandard")  # comes with most builds of Blender
                unpacked = zstandard.ZstdDecompressor().stream_reader(file)
            elif magic.startswith(_GZIP):
                unpacked = gzip.GzipFile(fileobj=file)
            return version_in(unpacked.read(32))
        except (ImportError, OSError, EOFError, zlib.error):
            return 0, 0
        except Exception as error:  # what that module raises derives from nothing more
            if type(error).__module__.startswith("zstandard"):
                return 0, 0
            raise

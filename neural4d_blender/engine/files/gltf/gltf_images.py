"""Looks at the headers of a glTF's images: how many pixels they have in all, and which are none that glTF has.

Pure Python, standard library only. A picture of a few kilobytes can claim gigabytes of pixels.
"""

from __future__ import annotations

import base64
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from ...errors import UnsafeModel
from ...model.inputs.image_header import size_in

#: In all images of a model: thirty of 4096 x 4096, or 2 GiB in memory.
MAX_PIXELS: Final = 2**29
#: Bytes of an image that its size is looked for in, behind a JPEG's colour profile and thumbnail.
HEAD: Final = 1 << 20
_ENDINGS: Final = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp"})


def check_pixels(heads: Iterable[bytes]) -> list[bool]:
    """Of each image, by its first bytes, whether it can be read.

    Raises:
        UnsafeModel: they have too many pixels in all.
    """
    sizes = [size_in(head) for head in heads]
    pixels = sum(size[1] * size[2] for size in sizes if size)
    if pixels > MAX_PIXELS:
        raise UnsafeModel(
            f"The model's images claim {pixels:,} pixels; {MAX_PIXELS:,} are accepted.",
            "Place another variant, or keep the file and import it yourself.",
        )
    return [size is not None for size in sizes]


def check_folder(folder: Path) -> None:
    """check_pixels for the images in a folder: what came out of an archive."""
    paths = (path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS and path.is_file())
    check_pixels(_head(path) for path in paths)


def head_of_data(uri: str) -> bytes:
    """The first bytes of a base64 data: URI; empty where that is damaged."""
    text = uri.partition(";base64,")[2][: HEAD * 4 // 3 // 4 * 4]
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        return b""


def _head(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(HEAD)

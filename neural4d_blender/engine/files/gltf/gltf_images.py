"""Looks at the headers of a glTF's images: how many pixels they have in all, and which are none that glTF has.

Pure Python, standard library only. A picture of a few kilobytes can claim gigabytes of pixels.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Final

from ...errors import UnsafeModel
from ...model.inputs.image_header import size_in

#: In all images of a model: thirty of 4096 x 4096, or 2 GiB in memory.
MAX_PIXELS: Final = 2**29
#: Bytes of an image that its size is looked for in, one after the other; more than the first where it stands behind
#: colour profile, thumbnail and whatever else a program has put there (JPEG), or behind the pixels (TIFF).
_LOOKS: Final = (1 << 16, 1 << 20, 1 << 26)
_LATE: Final = (b"\xff\xd8", b"II*\0", b"MM\0*")

#: Gives the first bytes of an image, at most so many.
Head = Callable[[int], bytes]


def check_pixels(heads: Iterable[Head]) -> list[bool]:
    """Of each image, by its first bytes, whether it can be read.

    Raises:
        UnsafeModel: they have too many pixels in all.
    """
    sizes = [_size(head) for head in heads]
    pixels = sum(size[1] * size[2] for size in sizes if size)
    if pixels > MAX_PIXELS:
        raise UnsafeModel(
            f"The model's images claim {pixels:,} pixels; {MAX_PIXELS:,} are accepted.",
            "Place another variant, or keep the file and import it yourself.",
        )
    return [size is not None for size in sizes]


def check_folder(folder: Path) -> None:
    """check_pixels for the images in a folder, whatever they are called: what came out of an archive."""
    check_pixels(partial(_head, path) for path in folder.rglob("*") if path.is_file())


def of_data(content: bytes) -> Head:
    """The same of an image in memory."""
    return lambda count: content[:count]


def of_base64(text: str, offset: int = 0, length: int = _LOOKS[-1]) -> Head:
    """Of one in base64, or a part of it; of none where that is damaged."""
    text = "".join(text.split())[offset // 3 * 4 :]  # white space says nothing, and is in the way of counting

    def head(count: int) -> bytes:
        start = text[: (count // 3 + 1) * 4]
        try:
            return base64.b64decode(start + "=" * (-len(start) % 4))[offset % 3 :][: min(count, length)]
        except ValueError:
            return b""

    return head


def _size(head: Head) -> tuple[str, int, int] | None:
    for count in _LOOKS:
        start = head(count)
        if (found := size_in(start)) or len(start) < count or not start.startswith(_LATE):
            return found
    return None


def _head(path: Path, count: int) -> bytes:
    with path.open("rb") as file:
        return file.read(count)

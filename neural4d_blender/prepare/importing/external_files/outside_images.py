"""Images and fonts of the model are in its file or in the folder that it was unpacked to; all else is left out.

May import bpy. No path is opened before this has looked at it: an image loads when something asks for its pixels.
"""

from __future__ import annotations

import os
from pathlib import Path

import bpy

from ...open_file import own
from .named_files import NamedFiles

#: Where Blender's own font is.
_BUILTIN = "<builtin>"
#: In the path of an image of several tiles, in place of a tile's number.
TILE = "<UDIM>"


def leave_out_strange(files: NamedFiles, warnings: list[str]) -> None:
    """Remove images and fonts from elsewhere; the nodes that show such an image stay, without one.

    An image whose path leads elsewhere, but whose name is that of a file of the download, is taken to mean that one.
    """
    doomed: set[bpy.types.Image] = set()
    for image in own("images"):
        if image.source not in ("FILE", "TILED"):  # films and sequences read on while they play
            if image.source != "GENERATED":
                warnings.append(f"The image {image.name!r} is a film or a sequence of images and was left out.")
                doomed.add(image)
        elif not image.packed_files and locate(image, files) is None:
            where = "lies outside the model's folder" if _is_elsewhere(image) else "is missing"
            warnings.append(f"The image {image.name!r} {where} and was left out.")
            doomed.add(image)
    bpy.data.batch_remove(doomed)
    fonts = [font for font in own("fonts") if font.filepath != _BUILTIN and font.packed_file is None]
    bpy.data.batch_remove([font for font in fonts if not files.holds(_path(font.filepath))])


def locate(image: bpy.types.Image, files: NamedFiles) -> Path | None:
    """The image's file among those of the model, which is then what the image shows."""
    shown = bpy.path.abspath(image.filepath_raw)
    first = str(image.tiles[0].number) if image.source == "TILED" and image.tiles else TILE
    path = Path(shown.replace(TILE, first))
    found = path if files.holds(path) else files.find(str(path))
    if found is not None and found != path:
        head, number, tail = found.name.rpartition(first)
        if image.type == "UV_TEST":  # what importers make for a file that is not there; it would never be read
            image.source = "GENERATED"
            image.source = "FILE"
        image.filepath_raw = str(found.with_name(f"{head}{TILE}{tail}") if number else found)
        image.reload()
    return found


def _is_elsewhere(image: bpy.types.Image) -> bool:
    """There is such a file, but not among the model's. A server is not asked whether it has one."""
    path = bpy.path.abspath(image.filepath_raw)
    if path.startswith(("//", "\\\\")):
        return False
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def _path(text: str) -> Path:
    return Path(os.path.abspath(bpy.path.abspath(text)))

"""Images and fonts of the model are in its file or in the folder that it was unpacked to; all else is left out.

May import bpy. No path is opened before this has looked at it: an image loads when something asks for its pixels.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import bpy

from ..open_file import own
from .named_files import NamedFiles

#: Where Blender's own font is.
_BUILTIN = "<builtin>"
#: Of images: files, what Blender makes itself, and tiles. Films and sequences read on while they play.
_SOURCES = ("FILE", "GENERATED", "TILED")


def leave_out_strange(files: NamedFiles, trees: Iterable[bpy.types.NodeTree], warnings: list[str]) -> None:
    """Remove images and fonts from elsewhere, and the nodes that show such an image: what they lead to keeps its own.

    An image whose path leads elsewhere, but whose name is that of a file of the download, is taken to mean that one.
    """
    doomed: set[bpy.types.Image] = set()
    for image in own("images"):
        if _is_ours(image, files):
            continue
        meant = files.find(image.filepath_raw) if image.source == "FILE" else None
        if meant:
            image.filepath_raw = str(meant)
        else:
            warnings.append(f"The image {image.name!r} lies outside the model's folder and was left out.")
            doomed.add(image)
    for tree in trees:
        for node in [node for node in tree.nodes if getattr(node, "image", None) in doomed]:
            tree.nodes.remove(node)
    bpy.data.batch_remove(doomed)
    fonts = [font for font in own("fonts") if font.filepath != _BUILTIN and font.packed_file is None]
    bpy.data.batch_remove([font for font in fonts if not files.holds(_path(font.filepath))])


def _is_ours(image: bpy.types.Image, files: NamedFiles) -> bool:
    """It is in the model's file or, whether or not it is there, in the folder; asks the disk about nothing else."""
    if image.source not in _SOURCES:
        return False
    if image.packed_files or image.source == "GENERATED":
        return True
    path = _path(image.filepath_raw)
    missing = path.is_relative_to(files.root) and not path.exists()
    return image.source == "FILE" and (missing or files.holds(path))


def _path(text: str) -> Path:
    return Path(os.path.abspath(bpy.path.abspath(text)))

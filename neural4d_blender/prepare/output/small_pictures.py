"""Draws strangers' pictures small, so that nobody else has to open them. May import bpy and `engine`."""

from __future__ import annotations

import traceback
from collections.abc import Sequence
from pathlib import Path

import bpy

from ...engine.model.quality.facts import Facts
from ...engine.system import SYSTEM

#: Pixels of the longer side.
LONGEST = 256


def draw(pictures: Sequence[Sequence[str]]) -> Facts:
    """Write each as a PNG; one that cannot be read is left out.

    Args:
        pictures: path and new path of each.
    """
    for source, target in pictures:
        try:
            _draw(source, Path(target))
        except (OSError, RuntimeError):  # what a picture lacks is its own affair
            traceback.print_exc()
    return {"ok": True}


def _draw(source: str, target: Path) -> None:
    image = bpy.data.images.load(source)
    try:
        width, height = image.size
        if not (width and height):
            raise RuntimeError(f"{source} cannot be read as a picture")
        share = min(1.0, LONGEST / max(width, height))
        image.scale(max(1, round(width * share)), max(1, round(height * share)))
        unfinished = target.with_name(f"{target.name}.part")
        image.filepath_raw, image.file_format = str(unfinished), "PNG"
        image.save()
        SYSTEM.replace(unfinished, target)
    finally:
        bpy.data.images.remove(image)

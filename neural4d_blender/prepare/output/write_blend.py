"""Writes the finished model as a .blend that holds nothing else. May import bpy and `engine`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import bpy

from ...engine.errors import PreparerFailed
from ...engine.system import SYSTEM


def write(output: Path, objects: Iterable[bpy.types.Object], *, images_on_disk: bool = False) -> None:
    """Write the objects and what they use, uncompressed (a compressed file takes longer to append), atomically.

    Raises:
        PreparerFailed: the file cannot be written.
    """
    unfinished = output.with_name(output.name + ".part")
    # Of images on disk: Blender turns a path that is relative to this file into one that is so to the user's.
    remap = "RELATIVE" if images_on_disk else "NONE"
    try:
        bpy.data.libraries.write(str(unfinished), set(objects), fake_user=False, compress=False, path_remap=remap)
        SYSTEM.replace(unfinished, output)
    except (OSError, RuntimeError) as error:
        SYSTEM.discard(unfinished)
        raise PreparerFailed(
            f"The prepared model cannot be written to {output.parent}: {error}.",
            "Make room or choose another folder for files in the preferences, then press Retry.",
        ) from error

"""Pictures from disk as icons: those to choose from, previews of models. There are none in background."""

from __future__ import annotations

import os
from typing import Any

import bpy

#: A bpy.utils.previews.ImagePreviewCollection as soon as there is a picture.
_loaded: Any = None


def icon(path: str) -> int:
    """The icon of the picture at that path; 0 where there is none to show. Read again only when it has changed."""
    global _loaded
    if not path or bpy.app.background:
        return 0
    try:
        name = f"{path} {os.stat(path).st_mtime_ns}"  # a job that is sent anew writes its pictures anew
    except OSError:
        return 0
    if _loaded is None:
        from bpy.utils import previews  # Blender's start does without

        _loaded = previews.new()
    if name not in _loaded:
        _loaded.load(name, path, "IMAGE")
    return int(_loaded[name].icon_id)


def unregister() -> None:
    """Let go of all pictures."""
    global _loaded
    if _loaded is not None:
        _loaded.close()
        _loaded = None

"""Pictures from disk as icons: cut-outs to choose from, previews of models. There are none in background."""

from __future__ import annotations

import bpy
import bpy.utils.previews

_loaded: bpy.utils.previews.ImagePreviewCollection | None = None


def icon(path: str) -> int:
    """The icon of the picture at that path; 0 where there is none to show. Read from disk once."""
    global _loaded
    if not path or bpy.app.background:
        return 0
    if _loaded is None:
        _loaded = bpy.utils.previews.new()
    if path not in _loaded:
        _loaded.load(path, path, "IMAGE")
    return int(_loaded[path].icon_id)


def unregister() -> None:
    """Let go of all pictures."""
    global _loaded
    if _loaded is not None:
        bpy.utils.previews.remove(_loaded)
        _loaded = None

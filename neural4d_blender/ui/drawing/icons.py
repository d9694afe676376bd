"""Pictures from disk as icons: those to choose from, previews of models. There are none in background."""

from __future__ import annotations

import os
from functools import lru_cache

import bpy

from ...scene.session import session


def icon(path: str) -> int:
    """The icon of the picture at that path; 0 where there is none to show. Read again only when it has changed."""
    if not path or bpy.app.background:
        return 0
    try:
        name = f"{path} {os.stat(path).st_mtime_ns}"  # a job that is sent anew writes its pictures anew
    except OSError:
        return 0
    registered = session.registered
    if registered.previews is None:
        from bpy.utils import previews  # Blender's start does without

        registered.previews = previews.new()
    if name not in registered.previews:
        registered.previews.load(name, path, "IMAGE")
    return int(registered.previews[name].icon_id)


@lru_cache(maxsize=8)
def own(name: str) -> int:
    """One of Blender's own, by its name, for where it is to be large."""
    return int(bpy.types.UILayout.bl_rna.functions["prop"].parameters["icon"].enum_items[name].value)


def unregister() -> None:
    """Let go of all pictures."""
    if session.registered.previews is not None:
        session.registered.previews.close()
        session.registered.previews = None

"""Pictures from disk as icons: those to choose from, previews of models. There are none in background.

What a service has made is a stranger's file: the engine has a background Blender draw it small, and that is shown.
"""

from __future__ import annotations

import os
from functools import lru_cache
from typing import TYPE_CHECKING

import bpy

from ...engine.protocol import Neural4DError
from ...scene.session import session
from ...scene.shared_engine import bridge
from ...scene.timer_and_file_handlers import redraw, start

if TYPE_CHECKING:
    from ...client.jobs.replies import Answer


def icon(path: str) -> int:
    """The icon of the picture at that path; 0 where there is none to show. Read again only when it has changed."""
    name = "" if bpy.app.background else _name(path)
    if not name:
        return 0
    registered = session.registered
    if registered.previews is None:
        from bpy.utils import previews  # Blender's start does without

        registered.previews = previews.new()
    if name not in registered.previews:
        registered.previews.load(name, path, "IMAGE")
    return int(registered.previews[name].icon_id)


def of_job(path: str) -> int:
    """The icon of a job's picture; 0 until it has been drawn small, which is asked for."""
    name = "" if bpy.app.background else _name(path)
    if name and name not in session.shown.small:
        session.shown.small[name] = ""
        session.asked.pictures[name] = path
        if not bpy.app.timers.is_registered(_ask):  # once for all that are drawn now
            bpy.app.timers.register(_ask, first_interval=0.0)
    return icon(session.shown.small.get(name, ""))


def _name(path: str) -> str:
    """Of the file as it is now: a job that is sent anew writes its pictures anew. Empty where there is none."""
    try:
        return f"{path} {os.stat(path).st_mtime_ns}" if path else ""
    except OSError:
        return ""


def _ask() -> None:
    wanted, session.asked.pictures = session.asked.pictures, {}
    try:
        bridge.send("draw_pictures", _take, provider="", pictures=wanted)
    except Neural4DError:
        return  # it says so elsewhere
    start()


def _take(answer: Answer) -> None:
    session.shown.small |= answer.pictures
    redraw()


@lru_cache(maxsize=8)
def own(name: str) -> int:
    """One of Blender's own, by its name, for where it is to be large."""
    return int(bpy.types.UILayout.bl_rna.functions["prop"].parameters["icon"].enum_items[name].value)


def unregister() -> None:
    """Let go of all pictures."""
    if session.registered.previews is not None:
        session.registered.previews.close()
        session.registered.previews = None

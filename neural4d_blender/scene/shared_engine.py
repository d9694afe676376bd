"""The one engine of this Blender."""

from __future__ import annotations

import atexit
from typing import TYPE_CHECKING, Any

import bpy

from . import user_settings

if TYPE_CHECKING:
    from ..client.engine_client import Bridge


class _Unbuilt:
    """Becomes the bridge when it is first used: enabling the extension is a part of Blender's start and does not."""

    def __getattr__(self, name: str) -> Any:
        return getattr(_built(self), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(_built(self), name, value)

    def stop(self) -> None:
        """There is nothing to stop yet."""


def is_built() -> bool:
    """The bridge has been used: there may be jobs."""
    return not isinstance(bridge, _Unbuilt)


def _built(unbuilt: Any) -> Bridge:
    """The same object as a bridge: whoever has imported it has the bridge."""
    from ..client.engine_client import Bridge

    object.__setattr__(unbuilt, "__class__", Bridge)
    unbuilt.__init__(user_settings)
    unbuilt.adopting = not bpy.app.background  # a window shows what goes on; a script has to ask for it
    if not bpy.app.background:
        unbuilt.notices.tell = None  # the panel does, until the user closes it
    atexit.register(unbuilt.stop)
    return unbuilt


bridge: Bridge = _Unbuilt()  # type: ignore[assignment]

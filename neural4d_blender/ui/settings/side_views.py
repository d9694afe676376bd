"""Further pictures of the same thing, from its sides: their fields in the panel, for services that take such.

May be loaded when Blender starts: imports declarations and nothing that draws.
"""

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import StringProperty

from ...engine.protocol import Declaration, declarations
from ...scene.user_settings import located
from ..drawing.languages import tr

#: The sides that any service takes, besides the front.
SIDES = tuple(dict.fromkeys(side for service in declarations() for side in service.views))


def properties() -> dict[str, object]:
    """A field for each side, for the annotations of the settings."""
    return {_name(side): _field(side) for side in SIDES}


def _field(side: str) -> Any:
    about = f"A picture of the same thing from this side ({side}); may stay empty"
    return StringProperty(name=side.title(), description=about, subtype="FILE_PATH")


def _name(side: str) -> str:
    return f"view_{side}"


def values(chosen: Any, service: Declaration) -> dict[str, str]:
    """The views that are chosen, as ``generate`` takes them: paths by side."""
    if not chosen.use_views:
        return {}
    paths = {side: getattr(chosen, _name(side)) for side in service.views}
    return {side: path for side, path in paths.items() if path}


def take(chosen: Any, service: Declaration, given: Mapping[str, str]) -> None:
    """Set the fields to these paths by side, all others to none."""
    for side in service.views:
        setattr(chosen, _name(side), given.get(side, ""))


def missing(chosen: Any, service: Declaration) -> str:
    """Why the views cannot be sent, for a button that is grey; empty where they can."""
    for side, path in values(chosen, service).items():
        if not located(path).is_file():
            return tr("The image file of the {side} does not exist").format(side=tr(side.title()))
    return ""


def draw(layout: bpy.types.UILayout, chosen: Any, service: Declaration) -> None:
    """The fields of the sides that the service takes."""
    for side in service.views:
        row = layout.split(factor=0.2)
        row.label(text=side.title())
        row.prop(chosen, _name(side), text="")

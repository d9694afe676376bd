"""The images that a picture which is made first goes by: the list's entries, and what ``generate`` is given of it.

May be loaded when Blender starts; the list's buttons are in ``reference_operators``.
"""

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, PointerProperty, StringProperty

from ...scene.user_settings import located
from ..drawing.languages import tr


class NEURAL4D_PG_reference(bpy.types.PropertyGroup):
    """A reference image: a file, or an image of this blend file."""

    is_file: BoolProperty(name="File", default=True)
    path: StringProperty(name="Reference", description="An image that the pictures go by", subtype="FILE_PATH")
    image: PointerProperty(name="Reference", description="An image that the pictures go by", type=bpy.types.Image)


def values(chosen: Any, most: int) -> list[Any]:
    """Paths and images, as ``generate`` takes them; no more than the service does, and none that is empty."""
    given = [one.path if one.is_file else one.image for one in chosen.references]
    return [one for one in given if one][:most]


def missing(chosen: Any, most: int) -> str:
    """Why the references cannot be sent, for a button that is grey; empty where they can."""
    for one in values(chosen, most):
        if isinstance(one, str) and not located(one).is_file():
            return tr("The reference image {name} does not exist").format(name=Path(one).name)
    return ""


CLASSES = (NEURAL4D_PG_reference,)

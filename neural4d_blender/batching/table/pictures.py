"""What a model is made of, as somebody gives it: the front and the sides of the same thing.

Standard library and the engine's ``protocol`` only. The command line, tables and the Python API have it in common.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TypeVar

from ...engine.protocol import InvalidInput

#: The view that is the image itself.
FRONT = "front"
Picture = TypeVar("Picture")


def front_and_sides(
    images: Sequence[Picture], views: Mapping[str, Picture | None] | None
) -> tuple[list[Picture], dict[str, Picture]]:
    """The images, of which a view of the front is one, and the other views by side.

    Raises:
        InvalidInput: there is a front among the views, and an image too; or the views are no mapping.
    """
    if views is not None and not isinstance(views, Mapping):
        raise InvalidInput(f"Views are given by their sides, as in {{'left': 'left.png'}}, not as {views!r}.")
    sides = {side: picture for side, picture in (views or {}).items() if picture is not None}
    front = sides.pop(FRONT, None)
    if front is None:
        return list(images), sides
    if images:
        raise InvalidInput("The front is given twice: as the image and among the views.", "Leave one of them out.")
    return [front], sides

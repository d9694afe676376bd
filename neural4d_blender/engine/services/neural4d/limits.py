"""What cannot go together in a request, before anything is sent. Standard library only."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...errors import InvalidInput, UnsupportedFeature
from . import options_and_limits

if TYPE_CHECKING:
    from ...model.request import Request

#: Sent with the request for a model where they differ from what the service does by itself.
OF_MODELS = ("mesh_quality", "faceNum", "onlyGenerateMesh")
OF_IMAGES = (*OF_MODELS, "enableImageEnhancement")
DEFAULTS = {option.key: option.default for option in options_and_limits.OPTIONS}


def check(request: Request) -> None:
    """Chibi is made of images, one model each; otherwise one image makes up to four models."""
    style = request.options.get("style", "")
    if style and not request.images:
        raise InvalidInput("A chibi style needs an image.", "Choose an image, or leave the style empty.")
    if style and request.variants > 1:
        raise UnsupportedFeature("Neural4D makes one chibi of each image, not several variants.")
    if not style and len(request.images) > 1:
        raise UnsupportedFeature("Neural4D takes several images at once only for chibi: set the option style.")
    unmeant = [key for key in OF_IMAGES if request.options.get(key, DEFAULTS[key]) != DEFAULTS[key]]
    unmeant += ["pbr=False"] * (request.pbr is False) + ["choose_cutout"] * request.choose_cutout
    if style and unmeant:
        raise UnsupportedFeature(f"Neural4D makes a chibi without {' and '.join(unmeant)}.", "Leave that out.")
    quality = str(request.options.get("mesh_quality", options_and_limits.QUALITY))
    faces = int(request.options.get("faceNum", 0))
    least, most = options_and_limits.FACES[quality]
    if faces and not least <= faces <= most:
        raise InvalidInput(f"The faceNum is {least:,} to {most:,} with the mesh_quality {quality}, not {faces:,}.")

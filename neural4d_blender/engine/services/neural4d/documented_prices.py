"""What requests are documented to cost. Standard library only."""

from __future__ import annotations

from ...model.declaration import Quote
from ...model.request import Request
from . import options_and_limits

#: Points a model, as today's answers have told them. Of a picture and a chibi as documented.
_MODEL, _PICTURE, _CHIBI = 30, 13, 30
#: Points an operation of any number of models, by the document of 1.2.
_TEXT_ONCE, _IMAGE_ONCE = 60, 80
#: convertToFormat's documented price.
CONVERSION = Quote("conversion", 10)


def quotes(request: Request) -> list[Quote]:
    """Documented points; measured prices are kept under the operation, its number of models and their kind."""
    count = request.variants
    quality = request.options.get("mesh_quality") or options_and_limits.QUALITY
    kind = "" if quality == options_and_limits.QUALITY else f" {quality}"
    kind += " mesh only" if request.options.get("onlyGenerateMesh") else ""
    if request.options.get("style"):
        first = Quote(f"chibi x{len(request.images)}", _CHIBI * len(request.images))
    elif request.images or request.picture_first:
        first = Quote(f"image x{count}{kind}", _MODEL * count, max(_MODEL * count, _IMAGE_ONCE))
    else:
        first = Quote(f"text x{count}{kind}", _MODEL * count, max(_MODEL * count, _TEXT_ONCE))
    imported = 0 if request.format == "GLB" else 1
    if request.place_all:
        imported *= max(request.variants, len(request.images))
    key = request.options.get("modelKey", "image-2")
    pictures = [Quote(f"picture x{request.pictures} {key}", _PICTURE * request.pictures)]
    return [*(pictures if request.picture_first else []), first, *[CONVERSION] * imported]

"""What two requests have in common where a service is asked for the same: told by a hash, pictures by what is in them.

Standard library and the model only.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from ..errors import InvalidInput
from ..model.inputs.web_addresses import is_web_address
from ..model.request import Request

#: What of a request the service is asked for, beside its pictures; all else is done with the model afterwards.
_ASKED = ("prompt", "picture_first", "pictures", "variants", "pbr", "format", "choose_cutout", "options")


def identity(provider: str, request: Request, native: str) -> str:
    """Equal for equal prompts, pictures, services and options.

    Args:
        native: the format that the service makes by itself: another one is made in the size that is wanted.

    Raises:
        InvalidInput: a picture cannot be read.
    """
    asked: dict[str, Any] = {name: getattr(request, name) for name in _ASKED}
    if request.format != native:
        asked |= {"size_mm": request.size_mm, "axis": request.axis}
    return hashed([provider, {**asked, **pictures(request)}])


def pictures(request: Request) -> dict[str, Any]:
    """The pictures of a request, by what is in them."""
    return {
        "images": [_content(one) for one in request.images],
        "views": {side: _content(one) for side, one in request.views.items()},
        "references": [_content(one) for one in request.references],
    }


def hashed(values: Any) -> str:
    """SHA-256 of what is JSON-able."""
    return hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()


def _content(picture: str) -> str:
    if is_web_address(picture):
        return picture
    try:
        return hashlib.sha256(Path(picture).read_bytes()).hexdigest()
    except OSError as error:
        raise InvalidInput(f"{Path(picture).name} cannot be read: {error.strerror or error}.") from error

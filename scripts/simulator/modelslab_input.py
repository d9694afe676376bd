"""What ModelsLab's document and the notes beside it ask of an order, checked to the letter.

May import what the stand-in is built on.
"""

from __future__ import annotations

from typing import Any

from . import asked
from .asked import Refusal


def checked(body: dict[str, Any]) -> dict[str, Any]:
    """The options of an order, each with a value.

    Raises:
        Refusal: something is missing or outside its range.
    """
    url = asked.web_address(asked.text(body, "init_image" if "init_image" in body else "image"), "init_image")
    ratio = body.get("foreground_ratio", 0.85)
    if not asked.is_number(ratio) or not 0 < ratio <= 1:
        raise Refusal("'foreground_ratio' must be a number above 0 and up to 1.")
    for name in ("webhook", "track_id"):
        if not isinstance(body.get(name), str | None):
            raise Refusal(f"'{name}' must be a string or null.")
    if body.get("webhook") is not None:
        asked.web_address(body["webhook"], "webhook")
    return {
        "init_image": url,
        "foreground_ratio": ratio,
        "remove_bg": asked.truth(body, "remove_bg", False),
        "resolution": _limited(body, "resolution", 256, 512),
        "chunk_size": _limited(body, "chunk_size", 8192, 12000),
        "track_id": body.get("track_id"),
    }


def _limited(body: dict[str, Any], name: str, default: int, largest: int) -> int:
    value = asked.whole_number({name: default, **body}, name)
    if not 1 <= value <= largest:
        raise Refusal(f"'{name}' must be from 1 to {largest}.")
    return value

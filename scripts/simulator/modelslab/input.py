"""What ModelsLab's document and the notes beside it ask of an order, checked to the letter.

May import what the stand-in is built on.
"""

from __future__ import annotations

from typing import Any

from ..http import request_checks
from ..http.request_checks import Refusal


def checked(body: dict[str, Any]) -> dict[str, Any]:
    """The options of an order, each with a value.

    Raises:
        Refusal: something is missing or outside its range.
    """
    url = request_checks.web_address(
        request_checks.text(body, "init_image" if "init_image" in body else "image"), "init_image"
    )
    check_callback(body)
    return {
        "image": url,
        "foreground_ratio": ratio_of(body),
        "remove_bg": request_checks.truth(body, "remove_bg", False),
        "resolution": limited(body, "resolution", 256, 512),
        "chunk_size": limited(body, "chunk_size", 8192, 12000),
        "track_id": body.get("track_id"),
    }


def ratio_of(body: dict[str, Any]) -> float:
    """The foreground_ratio, or its default."""
    ratio = body.get("foreground_ratio", 0.85)
    if not request_checks.is_number(ratio) or not 0 < ratio <= 1:
        raise Refusal("'foreground_ratio' must be a number above 0 and up to 1.")
    return float(ratio)


def check_callback(body: dict[str, Any]) -> None:
    """`webhook` and `track_id`, where there are any."""
    for name in ("webhook", "track_id"):
        if not isinstance(body.get(name), str | None):
            raise Refusal(f"'{name}' must be a string or null.")
    if body.get("webhook") is not None:
        request_checks.web_address(body["webhook"], "webhook")


def limited(body: dict[str, Any], name: str, default: int, largest: int) -> int:
    """A whole number from 1 on, or its default."""
    value = request_checks.whole_number({name: default, **body}, name)
    if not 1 <= value <= largest:
        raise Refusal(f"'{name}' must be from 1 to {largest}.")
    return value

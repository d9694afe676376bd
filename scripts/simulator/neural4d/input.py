"""What Neural4D's document asks of a request, checked to the letter.

May import Pillow by way of `images`. Where the document is silent the strictest reading is taken.
"""

from __future__ import annotations

import re
from typing import Any

from ..files.uploaded_images import IMAGE_TYPES
from ..http.request_checks import Refusal, image, whole_number
from ..state import Upload

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
MODEL_TYPES = ("fbx", "glb", "obj", "stl", "blend", "usdz")
DEFAULT_COUNT = 4
DEFAULT_SIZE_MM = 2

#: mattingImage: "256x256px ~ 6048x8064px", "<10MB".
MATTING_LIMITS = {"smallest": (256, 256), "largest": (6048, 8064), "below_bytes": 10_000_000}


def model_count(body: dict[str, Any]) -> int:
    """`modelCount`: 1 to 4, because the answer holds 'four UUIDs' at the most."""
    if "modelCount" not in body:
        return DEFAULT_COUNT
    count = whole_number(body, "modelCount")
    if not 1 <= count <= DEFAULT_COUNT:
        raise Refusal(f"'modelCount' must be an int from 1 to {DEFAULT_COUNT}.")
    return count


def wants_pbr(body: dict[str, Any]) -> bool:
    """`disablePbr`: 0 (the default) enables PBR, 1 disables it."""
    if "disablePbr" not in body:
        return True
    value = whole_number(body, "disablePbr")
    if value not in (0, 1):
        raise Refusal("'disablePbr' must be 0 or 1.")
    return value == 0


def own_uuids(body: dict[str, Any], count: int) -> list[str] | None:
    """`uuids` of the client's choosing (shown in the text sample only), as many as there will be models."""
    if "uuids" not in body:
        return None
    uuids = body["uuids"]
    if not isinstance(uuids, list) or not all(isinstance(item, str) and UUID.match(item) for item in uuids):
        raise Refusal("'uuids' must be an array of UUID strings.")
    if len(uuids) != count:
        raise Refusal(f"'uuids' holds {len(uuids)} UUIDs for {count} models.")
    if len(set(uuids)) != count:
        raise Refusal("'uuids' must not repeat a UUID.")
    return uuids


def matting_image(upload: Upload) -> None:
    """JPG, JPEG, PNG or WEBP within the document's limits."""
    image(upload.data, IMAGE_TYPES, **MATTING_LIMITS)


def plain_image(upload: Upload) -> None:
    """JPG, JPEG or PNG; the document names no other limit."""
    image(upload.data, ("JPEG", "PNG"))

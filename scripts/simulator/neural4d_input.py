"""What Neural4D's document asks of a request, checked to the letter.

May import Pillow by way of `images`. Where the document is silent the strictest reading is taken.
"""

from __future__ import annotations

import re
from typing import Any

from .images import IMAGE_TYPES, ImageRefused, check_image
from .world import Call, Upload

UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", re.IGNORECASE)
MODEL_TYPES = ("fbx", "glb", "obj", "stl", "blend", "usdz")
DEFAULT_COUNT = 4
DEFAULT_SIZE_MM = 2

#: mattingImage: "256x256px ~ 6048x8064px", "<10MB".
MATTING_LIMITS = {"smallest": (256, 256), "largest": (6048, 8064), "below_bytes": 10_000_000}


class Refusal(Exception):
    """The request is refused: nothing was done, nothing was charged."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


def json_object(call: Call) -> dict[str, Any]:
    """The request body of an endpoint that takes JSON."""
    if call.content_type != "application/json":
        raise Refusal("Content-Type must be application/json.")
    try:
        body = call.json()
    except ValueError:
        raise Refusal("The request body is not valid JSON.") from None
    if not isinstance(body, dict):
        raise Refusal("The request body must be a JSON object.")
    return body


def text(body: dict[str, Any], name: str) -> str:
    """A required string."""
    value = body.get(name)
    if value is None:
        raise Refusal(f"'{name}' is required.")
    if not isinstance(value, str):
        raise Refusal(f"'{name}' must be a string.")
    if not value.strip():
        raise Refusal(f"'{name}' must not be empty.")
    return value


def whole_number(body: dict[str, Any], name: str) -> int:
    """A required number without a fraction (JSON's true and false are none)."""
    if name not in body:
        raise Refusal(f"'{name}' is required.")
    value = body[name]
    if not isinstance(value, int) or isinstance(value, bool):
        raise Refusal(f"'{name}' must be an int.")
    return value


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


def form(call: Call) -> list[tuple[str, str | Upload]]:
    """The parts of an endpoint that takes a form."""
    if call.content_type != "multipart/form-data":
        raise Refusal("Content-Type must be multipart/form-data.")
    if call.form is None:
        raise Refusal("The request body is not valid multipart/form-data.")
    return call.form


def files(parts: list[tuple[str, str | Upload]], name: str) -> list[Upload]:
    """The required files under one name; at least one."""
    values = [value for part, value in parts if part == name]
    if not values:
        raise Refusal(f"'{name}' is required.")
    found = [value for value in values if isinstance(value, Upload)]
    if len(found) != len(values):
        raise Refusal(f"'{name}' must be a file.")
    return found


def one_file(parts: list[tuple[str, str | Upload]], name: str) -> Upload:
    found = files(parts, name)
    if len(found) > 1:
        raise Refusal(f"'{name}' must be one file.")
    return found[0]


def form_text(parts: list[tuple[str, str | Upload]], name: str) -> str:
    """A required string of a form."""
    for part, value in parts:
        if part == name and isinstance(value, str) and value.strip():
            return value
    raise Refusal(f"'{name}' is required.")


def matting_image(upload: Upload) -> None:
    """JPG, JPEG, PNG or WEBP within the document's limits."""
    _image(upload, IMAGE_TYPES, **MATTING_LIMITS)


def plain_image(upload: Upload) -> None:
    """JPG, JPEG or PNG; the document names no other limit."""
    _image(upload, ("JPEG", "PNG"))


def _image(upload: Upload, types: tuple[str, ...], **limits: Any) -> None:
    try:
        check_image(upload.data, types, **limits)
    except ImageRefused as refused:
        raise Refusal(str(refused)) from None

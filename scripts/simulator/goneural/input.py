"""What GoNeural's document asks of a new task, checked to the letter.

May import Pillow by way of `asked`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..files.uploaded_images import IMAGE_TYPES
from ..http import request_checks
from ..http.request_checks import Refusal
from ..state import Call, Upload

VERSION = "premium-v1"
#: The kinds of task, as in their paths.
IMAGE, TEXT = "image-to-3d", "text-to-3d"
BOTH = "Either 'image' or 'asset_id' is required, but not both."
_UUID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
_WHOLE = re.compile(r"-?\d{1,19}")


@dataclass
class Order:
    """A checked request; `shown` is the task's `input`: everything as text."""

    kind: str = IMAGE
    prompt: str = ""
    image: bytes | None = None
    asset_id: str | None = None
    seed: int | None = None
    face_limit: int | None = None
    pbr: bool = False
    shown: dict[str, str] = field(default_factory=dict)


def order(call: Call, assets: Sequence[str]) -> Order:
    """A form with an image, or JSON with the ID of one of the assets.

    Raises:
        Refusal: neither, both, or an option outside its range.
    """
    if call.content_type == "multipart/form-data":
        parts = request_checks.form(call)
        body = _typed({name: value for name, value in parts if isinstance(value, str)})
        if "asset_id" in body or not any(name == "image" for name, _ in parts):
            raise Refusal(BOTH)
        upload = request_checks.one_file(parts, "image")
        request_checks.image(upload.data, IMAGE_TYPES)
        wanted = Order(image=upload.data, shown={"image": _name(upload)})
    else:
        body = request_checks.json_object(call)
        if (body.get("image") is None) == (body.get("asset_id") is None):
            raise Refusal(BOTH)
        if body.get("image") is not None:
            raise Refusal("'image' must be uploaded as multipart/form-data.")
        asset = request_checks.text(body, "asset_id")
        if _UUID.fullmatch(asset) is None:
            raise Refusal("'asset_id' must be a UUID.")
        if asset not in assets:
            raise Refusal(f"Asset {asset} not found.", 404)
        wanted = Order(asset_id=asset, shown={"asset_id": asset})
    _options(wanted, body)
    return wanted


def text_order(call: Call) -> Order:
    """JSON with a prompt.

    Raises:
        Refusal: no prompt, or an option outside its range.
    """
    body = request_checks.json_object(call)
    wanted = Order(kind=TEXT, prompt=request_checks.text(body, "prompt"))
    wanted.shown = {"prompt": wanted.prompt}
    if body.get("negativePrompt") is not None:
        if not isinstance(body["negativePrompt"], str):
            raise Refusal("'negativePrompt' must be a string.")
        wanted.shown["negativePrompt"] = body["negativePrompt"]
    _options(wanted, body)
    return wanted


def _options(wanted: Order, body: dict[str, Any]) -> None:
    request_checks.choice({"version": VERSION, **body}, "version", (VERSION,))
    wanted.seed = request_checks.whole_number(body, "seed") if body.get("seed") is not None else None
    wanted.pbr = request_checks.truth(body, "pbr", False)
    if "faceLimit" in body:
        wanted.face_limit = request_checks.whole_number(body, "faceLimit")
        if wanted.face_limit < 1:
            raise Refusal("'faceLimit' must be greater than 0.")
    for name in ("seed", "version", "faceLimit", "pbr"):
        if body.get(name) is not None:
            wanted.shown[name] = str(body[name]).lower()


def _typed(fields: dict[str, str]) -> dict[str, Any]:
    """Form fields as what JSON would hold; what cannot be read stays text and is refused as such."""
    typed: dict[str, Any] = dict(fields)
    for name in ("seed", "faceLimit"):
        if _WHOLE.fullmatch(fields.get(name, "")):
            typed[name] = int(fields[name])
    if fields.get("pbr") in ("true", "false"):
        typed["pbr"] = fields["pbr"] == "true"
    return typed


def _name(upload: Upload) -> str:
    return upload.name[:100]

"""What today's ModelsLab asks of an order, by its document of v6 and its page for enterprise keys.

May import what the stand-in is built on. Where they are silent: resolution and chunk_size are at least 1, and
ss_guidance_strength, guidance_scale and num_inference_steps have no limit but their type; a picture is not
fetched (its name decides the shape); fields that no document names are ignored.
"""

from __future__ import annotations

import base64
import binascii
import re
from typing import Any

from ..csm.input import picture as data_picture
from ..http import request_checks
from ..http.request_checks import Refusal
from ..settings import Settings
from .input import check_callback, limited, ratio_of

FORMATS = ("obj", "stl", "ply", "glb")
ONLY_URLS = "The image must be a URL."
_OBJECT = re.compile(r"data:model/([a-zA-Z0-9]+);base64,([A-Za-z0-9+/]+=*)")
#: Numbers with limits: whether whole, default, lowest, highest.
_STEPS = (True, 12, 1, 50)
_NUMBERS: dict[str, tuple[bool, float, float, float]] = {
    "ss_guidance_strength": (False, 7.5, -1e9, 1e9),
    "ss_sampling_steps": _STEPS,
    "slat_guidance_strength": (False, 3.0, 0, 10),
    "slat_sampling_steps": _STEPS,
    "mesh_simplify": (False, 0.9, 0.9, 0.98),
    "seed": (True, 0, -(2**63), 2**63),
}
_OF_TEXT: dict[str, tuple[bool, float, float, float]] = {
    **_NUMBERS,
    "ss_sampling_steps": (True, 50, 1, 50),
    "slat_sampling_steps": (True, 50, 1, 50),
    "guidance_scale": (False, 3.0, -1e9, 1e9),
    "num_inference_steps": (True, 30, 1, 1e9),
}


def checked(body: dict[str, Any], endpoint: str, settings: Settings) -> dict[str, Any]:
    """The options of an order, each with a value.

    Args:
        endpoint: "modelslab/create" (enterprise), "modelslab/v6/create" or "modelslab/v6/text".

    Raises:
        Refusal: something is missing or outside its range.
    """
    v6, from_text = endpoint.startswith("modelslab/v6/"), endpoint.endswith("/text")
    found: dict[str, Any] = _prompt(body) if from_text else {"image": _image(body, v6, settings)}
    check_callback(body)
    found["resolution"] = limited(body, "resolution", 512 if from_text else 256, 512)
    found["chunk_size"] = limited(body, "chunk_size", 8192, 12000)
    found["render"] = request_checks.truth(body, "render", False)
    if not from_text:
        found["multi_image"] = request_checks.truth(body, "multi_image", False)
    standard = "glb" if v6 else "obj"
    found["output_format"] = request_checks.choice({"output_format": standard, **body}, "output_format", FORMATS)
    found["temp"] = request_checks.choice({"temp": "no", **body}, "temp", ("yes", "no"))
    for name, rule in (_OF_TEXT if from_text else _NUMBERS).items():
        found[name] = _number(body, name, *rule)
    return {**found, "track_id": body.get("track_id")}


def about(order: dict[str, Any]) -> str:
    """The words that an order's model is made after."""
    if "prompt" in order:
        return str(order["prompt"])
    return "" if order["image"].startswith("data:") else request_checks.image_name(order["image"])


def picture(order: dict[str, Any]) -> bytes | None:
    """The picture itself, where it came with the order."""
    image = order.get("image", "")
    return data_picture(image, "image")[1] if image.startswith("data:") else None


def uploaded(body: dict[str, Any]) -> tuple[str, bytes]:
    """The format and the bytes of an object that is uploaded as a data URI.

    Raises:
        Refusal: it is none.
    """
    found = _OBJECT.fullmatch(request_checks.text(body, "init_obj"))
    if found is None:
        raise Refusal("'init_obj' must be a data URI such as data:model/obj;base64,...")
    try:
        return found[1].lower(), base64.b64decode(found[2], validate=True)
    except binascii.Error:
        raise Refusal("'init_obj' is not valid base64.") from None


def _prompt(body: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(body.get("negative_prompt", ""), str):
        raise Refusal("'negative_prompt' must be a string.")
    return {
        "prompt": request_checks.text(body, "prompt"),
        "negative_prompt": body.get("negative_prompt", ""),
        "foreground_ratio": ratio_of(body),
        "remove_bg": request_checks.truth(body, "remove_bg", False),
    }


def _image(body: dict[str, Any], v6: bool, settings: Settings) -> str:
    """The picture, under the name that the root wants it by."""
    name = "image"
    if v6 and settings.modelslab_v6_image != "image":
        either = settings.modelslab_v6_image == "either"
        name = "image" if either and body.get("init_image") is None else "init_image"
    value = request_checks.text(body, name)
    if not value.lower().startswith("data:"):
        return request_checks.web_address(value, name)
    if settings.modelslab_data_uri == "refused":
        raise Refusal(ONLY_URLS)
    data_picture(value, name)
    return "data:" + value[5:]


def _number(body: dict[str, Any], name: str, whole: bool, default: float, low: float, high: float) -> Any:
    value = body.get(name, default)
    if whole:
        request_checks.whole_number({name: value}, name)
    if not request_checks.is_number(value):
        raise Refusal(f"'{name}' must be a number.")
    if not low <= value <= high:
        raise Refusal(f"'{name}' must be from {low:g} to {high:g}.")
    return value

"""What CSM's documents ask of a request, checked to the letter.

May import Pillow by way of `asked`. Where they are silent: an option with a list takes nothing else, the
parameters marked REQUIRED are required although they name a default, and unknown fields are ignored.
"""

from __future__ import annotations

import base64
import binascii
import re
from dataclasses import dataclass
from typing import Any

from ..http import request_checks
from ..http.request_checks import Refusal

SPINS = 4
#: "This option is available for the enterprise users only."
ENTERPRISE_ONLY = ("topology", "resolution", "texture_resolution")
_DATA_URI = re.compile(r"data:image/(png|jpeg|webp);base64,", re.IGNORECASE)
_STEPS = (16, 200)


@dataclass
class Creation:
    """A checked request for a session.

    image: what came as a data URI; options: as the session shows them.
    """

    image_url: str
    image: bytes | None
    options: dict[str, Any]
    textures: str = "pbr"

    @property
    def prompt(self) -> str:
        """What a URL's file name says: nothing off this machine is ever fetched."""
        return request_checks.image_name(self.image_url) if self.image is None else ""


def creation(body: dict[str, Any], *, enterprise: bool, newer: bool, today: bool) -> Creation:
    """Everything a session is created with.

    Args:
        newer: whether geometry_model and texture_model count (older servers ignore them).
        today: whether only the image is required, and preview_mesh has today's values.

    Raises:
        Refusal: something is missing, outside its range or not this user's to ask for.
    """
    url, image = picture(request_checks.text(body, "image_url"), "image_url")
    if today:
        body = {"preview_mesh": "turbo", "pixel_alignment": "highest", "model_resolution": "high", **body}
    options = {
        "preview_mesh": request_checks.choice(
            body, "preview_mesh", ("fast_sculpt", "turbo") if today else ("turbo", "hd")
        ),
        "pixel_alignment": request_checks.choice(body, "pixel_alignment", ("highest", "moderate", "lowest")),
        "model_resolution": request_checks.choice(body, "model_resolution", ("high", "low")),
        "diffusion_time_steps": _steps(body),
        "auto_gen_3d": request_checks.truth(body, "auto_gen_3d", False),
        "topology": _enterprise(body, "topology", "tris", ("tris", "quads"), enterprise),
        "resolution": _enterprise(body, "resolution", "high_poly", ("low_poly", "high_poly"), enterprise),
        "texture_resolution": _enterprise(body, "texture_resolution", 2048, (128, 256, 512, 1024, 2048), enterprise),
    }
    textures = "pbr"
    if newer:
        options["geometry_model"] = request_checks.choice(
            {"geometry_model": "base", **body}, "geometry_model", ("base", "turbo")
        )
        textures = request_checks.choice({"texture_model": "baked", **body}, "texture_model", ("none", "baked", "pbr"))
        options["texture_model"] = textures
    return Creation(url, image, options, textures)


def picture(value: str, name: str) -> tuple[str, bytes | None]:
    """A URL and nothing, or, for a data URI, no URL and the image."""
    if not value.lower().startswith("data:"):
        return request_checks.web_address(value, name), None
    found = _DATA_URI.match(value)
    if found is None:
        raise Refusal(f"'{name}' must be a URL or a data URI such as data:image/png;base64,...")
    try:
        data = base64.b64decode(value[found.end() :], validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(f"'{name}' is not valid base64.") from None
    request_checks.image(data, (found[1].upper(),))
    return "", data


def _steps(body: dict[str, Any]) -> int:
    steps = request_checks.whole_number({"diffusion_time_steps": 20, **body}, "diffusion_time_steps")
    if not _STEPS[0] <= steps <= _STEPS[1]:
        raise Refusal(f"'diffusion_time_steps' must be from {_STEPS[0]} to {_STEPS[1]}.")
    return steps


def _enterprise(body: dict[str, Any], name: str, default: Any, options: tuple[Any, ...], allowed: bool) -> Any:
    """An option for enterprise users; its documented default "" stands for 'not asked for'."""
    if body.get(name, "") == "":
        return default
    if not allowed:
        raise Refusal(f"'{name}' is available for the enterprise users only.", 403)
    return request_checks.choice(body, name, options)


def chosen_spin(body: dict[str, Any], spins: list[str]) -> int:
    """`selected_spin_index` or, in its place, `selected_spin`: the URL of one of the spins, one of the two.

    Args:
        spins: their URLs; the signature in the query does not count, since every answer signs anew.
    """
    given = [name for name in ("selected_spin_index", "selected_spin") if name in body]
    if len(given) != 1:
        raise Refusal("Either 'selected_spin_index' or 'selected_spin' is required, not both.")
    if given == ["selected_spin_index"]:
        index = request_checks.whole_number(body, "selected_spin_index")
        if not 0 <= index < len(spins):
            raise Refusal(f"'selected_spin_index' must be from 0 to {len(spins) - 1}.")
        return index
    wanted = request_checks.text(body, "selected_spin").partition("?")[0]
    for index, url in enumerate(spins):
        if wanted == url.partition("?")[0]:
            return index
    raise Refusal("'selected_spin' is not one of this session's spins.")


def triple(body: dict[str, Any], name: str, low: float, high: float) -> tuple[float, float, float] | None:
    """An optional list of 3 numbers within bounds, the bounds included."""
    if name not in body:
        return None
    value = body[name]
    if not isinstance(value, list) or len(value) != 3 or not all(request_checks.is_number(item) for item in value):
        raise Refusal(f"'{name}' must be an array of 3 numbers.")
    if not all(low <= item <= high for item in value):
        raise Refusal(f"The numbers in '{name}' must be from {low:g} to {high:g}.")
    return float(value[0]), float(value[1]), float(value[2])

"""What CSM's v3 asks of a session, checked to the letter.

May import Pillow by way of `asked`. The documents name an image twice (`image_url`, `image`) and put options
into `settings` or beside the image: both are taken, `settings` first. `resolution` is a number of faces.
Fields that no document names are ignored.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from ..http import request_checks
from ..http.request_checks import Refusal
from .input import picture, triple

_T = TypeVar("_T")

TYPES = ("image_to_3d", "multiview_to_3d", "text_to_image", "image_to_kit", "retopology")
STATUSES = (
    "incomplete",
    "queued",
    "processing",
    "in_progress",
    "complete",
    "completed",
    "failed",
    "cancelled",
)
_CHOICES: dict[str, tuple[str, ...]] = {
    "geometry_model": ("base", "turbo"),
    "texture_model": ("none", "baked", "pbr"),
    "creativity": ("highest", "moderate", "lowest"),
    "refine_speed": ("fast", "slow"),
}
MOST_VIEWS = 4


@dataclass
class Wanted:
    """A checked request.

    pictures: (field, URL, image) of each picture, one of URL and image; options: settings and flat ones together.
    """

    type: str
    input: dict[str, Any]
    pictures: list[tuple[str, str, bytes | None]] = field(default_factory=list)
    prompt: str = ""
    mesh_url: str = ""
    options: dict[str, Any] = field(default_factory=dict)

    @property
    def about(self) -> str:
        """What the models are made after where there is no image: the words that came along."""
        if self.pictures and self.pictures[0][2] is None:
            return request_checks.image_name(self.pictures[0][1])
        return self.prompt or request_checks.image_name(self.mesh_url)


def wanted(body: dict[str, Any]) -> Wanted:
    """The request for a session.

    Raises:
        Refusal: something is missing or outside its range.
    """
    kind = request_checks.choice(body, "type", TYPES)
    given = body.get("input")
    if not isinstance(given, dict):
        raise Refusal("'input' must be an object.")
    options = given.get("settings", {})
    if not isinstance(options, dict):
        raise Refusal("'settings' must be an object.")
    found = Wanted(kind, given, options=_options({**given, **options}))
    if kind in ("image_to_3d", "image_to_kit"):
        name = _named(given, "image_url", "image")
        found.pictures = [(name, *picture(request_checks.text(given, name), name))]
    elif kind == "multiview_to_3d":
        found.pictures = _views(given)
    elif kind == "text_to_image":
        found.prompt = request_checks.text(given, "prompt")
        if not request_checks.is_number(given.get("guidance", 6)):
            raise Refusal("'guidance' must be a number.")
    else:
        found.mesh_url = request_checks.web_address(request_checks.text(given, "mesh_url"), "mesh_url")
    return found


def _named(given: dict[str, Any], *names: str) -> str:
    name = next((name for name in names if given.get(name) is not None), None)
    if name is None:
        raise Refusal(f"'{names[0]}' is required.")
    return name


def _views(given: dict[str, Any]) -> list[tuple[str, str, bytes | None]]:
    name = _named(given, "image_urls", "images")
    values = given[name]
    if not isinstance(values, list) or not 1 <= len(values) <= MOST_VIEWS:
        raise Refusal(f"'{name}' must be an array of 1 to {MOST_VIEWS} images.")
    return [(name, *picture(request_checks.text({name: value}, name), name)) for value in values]


def _options(given: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {
        name: request_checks.choice(given, name, values) for name, values in _CHOICES.items() if name in given
    }
    for name in ("resolution", "seed"):
        if name in given:
            found[name] = request_checks.whole_number(given, name)
    if found.get("resolution", 1) < 1:
        raise Refusal("'resolution' must be greater than 0.")
    if "auto_refine" in given:
        found["auto_refine"] = request_checks.truth(given, "auto_refine", False)
    if not isinstance(given.get("symmetry", ""), str | bool):
        raise Refusal("'symmetry' must be a string or a boolean.")
    box = triple(given, "scaled_bbox", 1e-6, 1e6)
    if box is not None:
        found["scaled_bbox"] = box
    return found


def page_of(query: Mapping[str, str]) -> tuple[int, int]:
    """Records on a page (1 to 100, 10 where nothing is said) and the page's number, from 0 on.

    Raises:
        Refusal: not such numbers.
    """
    limit, page = query.get("limit", "10"), query.get("page", "0")
    if not (limit.isdecimal() and 1 <= int(limit) <= 100):
        raise Refusal("'limit' must be from 1 to 100.")
    if not page.isdecimal():
        raise Refusal("'page' must be 0 or more.")
    return int(limit), int(page)


def on_page(found: Sequence[_T], query: Mapping[str, str], order: str) -> list[_T]:
    """Those on the page that is asked for.

    Args:
        found: all, newest first. order: as the setting csm_list_order has it.

    Raises:
        Refusal: no such page can be asked for.
    """
    limit, page = page_of(query)
    if order == "unordered":
        found = [*found[1::2], *found[::2]]
    first = page * limit
    before = min(page, 1) if order == "moving" else 0
    return list(found[first - before : first - before + limit])


def filters_of(query: Mapping[str, str]) -> dict[str, str]:
    """The type and the status that a list is to be of, where they are named.

    Raises:
        Refusal: there is no such type or status.
    """
    found = {name: query[name] for name in ("type", "status") if name in query}
    for name, values in (("type", (*TYPES, "scene")), ("status", STATUSES)):
        if name in found:
            request_checks.choice(found, name, values)
    return found

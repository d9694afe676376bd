"""What any service asks of a request: a JSON object, a form, values of the right type.

May import Pillow by way of `images`. Where a document is silent the strictest reading is taken.
"""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from ..files.uploaded_images import ImageRefused, check_image
from ..ledger import NotEnough
from ..state import Answer, Call, Handler, Service, Upload, World


class Refusal(Exception):
    """The request is refused: nothing was done, nothing was charged."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.message = message
        self.status = status


async def guarded(service: Service, world: World, handler: Handler, call: Call) -> Answer:
    """Call a handler; what it refuses becomes the service's own kind of error answer."""
    service.settle()
    try:
        return await handler(call)
    except Refusal as refusal:
        return service.refused(call.endpoint, refusal.status, refusal.message)
    except NotEnough:
        return service.refused(call.endpoint, world.settings.no_points_status, "Insufficient credits.")


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


def choice(body: dict[str, Any], name: str, options: tuple[Any, ...]) -> Any:
    """A required value that is one of some."""
    if name not in body:
        raise Refusal(f"'{name}' is required.")
    # The type counts as well: to Python true is 1.
    if not any(type(body[name]) is type(option) and body[name] == option for option in options):
        raise Refusal(f"'{name}' must be one of {', '.join(str(option) for option in options)}.")
    return body[name]


def truth(body: dict[str, Any], name: str, default: bool) -> bool:
    """An optional true or false."""
    value = body.get(name, default)
    if not isinstance(value, bool):
        raise Refusal(f"'{name}' must be a boolean.")
    return value


def is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < float("inf")


def web_address(value: str, name: str) -> str:
    """An absolute http or https URL."""
    try:
        parts = urlsplit(value)
        good = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        good = False
    if not good or any(letter.isspace() for letter in value):
        raise Refusal(f"'{name}' must be a valid URL.")
    return value


def image_name(url: str) -> str:
    """The words of a URL's last part."""
    return PurePosixPath(unquote(urlsplit(url).path)).stem.replace("-", " ").replace("_", " ")


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


def image(data: bytes, types: tuple[str, ...] | None, **limits: Any) -> None:
    """An image that `images.check_image` lets through."""
    try:
        check_image(data, types, **limits)
    except ImageRefused as refused:
        raise Refusal(str(refused)) from None

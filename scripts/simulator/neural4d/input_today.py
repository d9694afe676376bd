"""What today's Neural4D asks of the fields of a request: all that is wrong is told at once, each with its value.

May import Pillow by way of `images`. Where the document is silent the strictest reading is taken: a number in JSON
is no text, a text in a form is digits or 'true' and 'false' and nothing else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..http.request_checks import Refusal, image
from ..state import Call, Upload

#: By mesh_quality: the faces it makes where nobody says, the least and the most.
FACES = {
    "standard": (500_000, 100_000, 500_000),
    "high": (1_000_000, 500_000, 1_000_000),
    "extra_high": (1_000_000, 500_000, 1_000_000),
}
#: "must not exceed 50 MB".
LARGEST_IMAGE = 50_000_000
MOST_MODELS = 4
_MISSING = object()


class Invalid(Exception):
    """The request is refused with a list of what is wrong; nothing was done, nothing was charged."""

    def __init__(self, items: list[dict[str, Any]]) -> None:
        super().__init__(str(items))
        self.items = items


def item(name: str, message: str, value: Any = _MISSING) -> dict[str, Any]:
    """One thing that is wrong; the value, where there was one, is repeated whole."""
    echoed = {} if value is _MISSING else {"value": value}
    return {"type": "field", **echoed, "msg": message, "path": name, "location": "body"}


class Fields:
    """A request's fields and what is wrong with them so far."""

    def __init__(self, call: Call, *, form: bool = False) -> None:
        """Read a form or JSON; a body that is the other is passed over, as if there were none."""
        self.wrong: list[dict[str, Any]] = []
        self.form = form
        self.uploads: list[tuple[str, Upload]] = []
        self._values: dict[str, Any] = {}
        if form and call.form is not None:
            self.uploads = [(name, value) for name, value in call.form if isinstance(value, Upload)]
            self._values = {name: value for name, value in call.form if isinstance(value, str)}
        elif not form and call.content_type == "application/json":
            try:
                body = call.json()
                self._values = body if isinstance(body, dict) else {}
            except ValueError:
                self.refuse("", "The request body is not valid JSON")

    def refuse(self, name: str, message: str, value: Any = _MISSING) -> None:
        self.wrong.append(item(name, message, value))

    def done(self) -> None:
        """Raises:
        Invalid: something was wrong.
        """
        if self.wrong:
            raise Invalid(self.wrong)

    def get(self, name: str) -> Any:
        return self._values.get(name)

    def text(self, name: str) -> str:
        """A required text."""
        value = self._values.get(name, _MISSING)
        if isinstance(value, str) and value.strip():
            return value
        self.refuse(name, f"{name} is required", value)
        return ""

    def whole(self, name: str, low: int, high: int) -> int | None:
        """An optional whole number within limits."""
        value = self._values.get(name, _MISSING)
        if value is _MISSING:
            return None
        number = int(value) if self.form and re.fullmatch(r"-?\d{1,12}", str(value)) else value
        if isinstance(number, int) and not isinstance(number, bool) and low <= number <= high:
            return number
        self.refuse(name, f"{name} must be an integer between {low} and {high} (inclusive)", value)
        return None

    def truth(self, name: str) -> bool:
        """An optional true or false; false where it is not given."""
        value = self._values.get(name, False)
        found = {"true": True, "false": False}.get(value, value) if self.form and isinstance(value, str) else value
        if isinstance(found, bool):
            return found
        self.refuse(name, f"{name} must be a boolean", value)
        return False

    def choice(self, name: str, options: Sequence[str], default: str) -> str:
        value = self._values.get(name, default)
        if value in options:
            return str(value)
        self.refuse(name, f"{name} must be one of: {', '.join(options)}", value)
        return default

    def files(self, name: str) -> list[Upload]:
        """The images under a name, each of them one that can be read; a file under another name is refused."""
        found = [upload for part, upload in self.uploads if part == name]
        for part, _ in self.uploads:
            if part != name:
                self.refuse(part, "Unexpected field")
        for upload in found:
            if not upload.content_type.startswith("image/"):
                self.refuse(name, "Only image files are allowed")
            elif len(upload.data) > LARGEST_IMAGE:
                self.refuse(name, "The image must not exceed 50 MB")
            else:
                try:
                    image(upload.data, None)
                except Refusal as refusal:
                    self.refuse(name, refusal.message)
        return found


@dataclass
class Wanted:
    """What models are to be made; `faces` is None unless the client said how many."""

    count: int
    pbr: bool
    mesh_only: bool
    quality: str
    faces: int | None

    @property
    def config(self) -> dict[str, Any]:
        """generationConfig of the answer."""
        default, least, most = FACES[self.quality]
        return {"faceNum": {"default": default, "min": least, "max": most, "value": self.faces or default}}


def wanted(fields: Fields) -> Wanted:
    """The options that both ways to generate have."""
    count = fields.whole("modelCount", 1, MOST_MODELS)
    plain = fields.whole("disablePbr", 0, 1)
    mesh_only = fields.truth("onlyGenerateMesh")
    quality = fields.choice("mesh_quality", tuple(FACES), "high")
    _, least, most = FACES[quality]
    faces = fields.whole("faceNum", least, most)
    return Wanted(count or MOST_MODELS, not plain and not mesh_only, mesh_only, quality, faces)

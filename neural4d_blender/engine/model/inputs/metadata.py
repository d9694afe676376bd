"""What a user has a job carry for programs of their own, from the request to the files. Standard library only."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable

from ...errors import InvalidInput
from .. import allowed_values

#: Values of JSON that have no parts, by names of the user's own.
Metadata = dict[str, str | int | float | bool | None]
#: Bytes of all of it as JSON: it stands in every snapshot of the job, and on each of its objects.
MOST_BYTES = 4096
_NAME = re.compile(r"[A-Za-z_][\w.-]{0,62}", re.ASCII)
_SECRET = re.compile(r"(?i)(?:.*[_.-])?(?:api_?key|secret|token|passw(?:or)?d|authorization|credentials?)(?:[_.-].*)?")


def check(metadata: object) -> None:
    """Refuse what could not be carried everywhere, or looks like a secret: it stands in files that others get.

    Raises:
        InvalidInput: no mapping of names to texts, numbers, True, False and None; too much of it; a secret's name.
    """
    if not isinstance(metadata, dict):
        raise InvalidInput(f"metadata takes values by name, not {metadata!r}.", "Give it as {'shot': 'sh010'}.")
    for name, value in metadata.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidInput(f"A name in metadata is 1 to 63 of A-Z, a-z, 0-9, _ . and -, not {name!r}.")
        if _SECRET.fullmatch(name):
            raise InvalidInput(
                f"metadata {name!r} looks like a secret, and stands in reports and files that others get.",
                "Leave it out, or call it something else where it is none.",
            )
        plain = value is None or isinstance(value, str | int | float)
        if not plain or (isinstance(value, float) and not math.isfinite(value)):
            raise InvalidInput(f"metadata {name!r} is a text, a number, true, false or null, not {value!r}.")
    allowed_values.check_characters(*(value for value in metadata.values() if isinstance(value, str)))
    size = len(json.dumps(metadata).encode())
    if size > MOST_BYTES:
        raise InvalidInput(f"metadata takes {MOST_BYTES:,} bytes as JSON at the most, not {size:,}.")


def check_no_secret(metadata: Metadata, secrets: Iterable[str]) -> None:
    """InvalidInput where one of the secrets stands in a value."""
    texts = {name: value for name, value in metadata.items() if isinstance(value, str)}
    for secret in filter(None, secrets):
        if found := next((name for name, text in texts.items() if secret in text), ""):
            raise InvalidInput(f"metadata {found!r} has a service's key in it. Nothing was sent or kept.")

"""What was asked of the simulator, in the order it came in; never with a key in it.

Standard library only.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

from .. import present

LONGEST_TEXT = 200
BLANK = "***"


class RequestLog:
    """One entry a request: made when it arrives, completed when it is answered (status None until then)."""

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def open(self, host: str, endpoint: str, method: str, path: str, has_token: bool) -> dict[str, Any]:
        """Note an arriving request; the caller fills in `status`, `body` and `fault` as they become known.

        Args:
            host: "api" or "file".
            endpoint: name of the endpoint ("file" for the file host).
            path: without the query string, which holds a signature.
            has_token: whether the request carried an Authorization header or a key anywhere else.
        """
        entry: dict[str, Any] = {
            "time": present.now(),
            "host": host,
            "endpoint": endpoint,
            "method": method,
            "path": path,
            "has_token": has_token,
            "status": None,
            "fault": None,
            "body": None,
        }
        self.entries.append(entry)
        return entry


def carries_key(headers: Mapping[str, str], query: str, keys: Sequence[str]) -> bool:
    """Whether a request's head holds anything that authenticates it."""
    text = f"{headers} {query}"
    return "Authorization" in headers or "X-Api-Key" in headers or any(key in text for key in keys)


def summarise(value: Any, secrets: Sequence[str], hidden: Collection[str] = ()) -> Any:
    """The value with the secrets and the hidden fields blanked and long texts cut."""
    if isinstance(value, str):
        for secret in secrets:
            value = value.replace(secret, BLANK)
        return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "..."
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        return {
            summarise(str(key), secrets): BLANK if key in hidden else summarise(item, secrets, hidden)
            for key, item in value.items()
        }
    if isinstance(value, list):
        return [summarise(item, secrets, hidden) for item in value]
    return value

"""What was asked of the simulator, in the order it came in; never with the token in it.

Standard library only.
"""

from __future__ import annotations

import time
from typing import Any

LONGEST_TEXT = 200


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
            has_token: whether the request carried an Authorization header or the token anywhere else.
        """
        entry: dict[str, Any] = {
            "time": time.time(),
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


def summarise(value: Any, secret: str) -> Any:
    """The value with the secret blanked and long texts cut."""
    if isinstance(value, str):
        value = value.replace(secret, "***")
        return value if len(value) <= LONGEST_TEXT else value[:LONGEST_TEXT] + "..."
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, dict):
        return {str(key): summarise(item, secret) for key, item in value.items()}
    if isinstance(value, list):
        return [summarise(item, secret) for item in value]
    return value

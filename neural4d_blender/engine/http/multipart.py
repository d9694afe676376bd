"""What a request is made of, and how its answer is read off the connection. May import requests."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import requests

from ..model.inputs.image_header import MIME_TYPES, read_image_facts


def text(value: object) -> object:
    """A form holds texts, and requests would write Python's True."""
    return str(value).lower() if isinstance(value, bool) else str(value) if isinstance(value, int | float) else value


def picture(path: str) -> tuple[str, bytes, str]:
    """What requests wants to know of a file in a form: name, content, type."""
    kind = MIME_TYPES[read_image_facts(path).format]
    return Path(path).name, Path(path).read_bytes(), kind


def sent(content: Mapping[str, Any]) -> dict[str, Any]:
    """Of a request, as it is told: whether it is a form, its fields, and of each file what it is."""
    fields, files = dict(content.get("json") or content.get("data") or {}), []
    for name, (file, value, *kind) in content.get("files") or ():
        if file is None:  # a text in a form without files
            fields[name] = value
        else:
            files.append({"field": name, "type": kind[0] if kind else "", "bytes": len(value)})
    return {"form": "data" in content, "fields": fields, "files": files}


def read(response: requests.Response, limit: int) -> bytes:
    """The content, up to a little more than the limit."""
    content = bytearray()
    for chunk in response.iter_content(65536):
        content += chunk
        if len(content) > limit:
            break
    expected = response.headers.get("Content-Length", "")
    if expected.isdigit() and "Content-Encoding" not in response.headers and len(content) < int(expected):
        raise requests.exceptions.ChunkedEncodingError("short answer")
    return bytes(content)

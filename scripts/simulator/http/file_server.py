"""The file host: hands out results by pre-signed URL, the way an object store does.

May import aiohttp. It takes no token: a request that carries one is refused and flagged in the log.
"""

from __future__ import annotations

import hashlib
import mimetypes
import re
from collections.abc import Mapping
from xml.sax.saxutils import escape

from aiohttp import web

from ..files.convert import ConversionError
from ..state import World
from .fault_effects import HTML, acts_first, deliver, instead
from .request_log import carries_key
from .settable_faults import FILE, Fault

DRIP_CHUNK = 1024
_TYPES = {".glb": "model/gltf-binary", ".usdz": "model/vnd.usdz+zip", ".blend": "application/x-blender"}
_RANGE = re.compile(r"bytes=(\d*)-(\d*)$")


def make_app(world: World) -> web.Application:
    """The application behind the file host's port."""
    app = web.Application()
    app.router.add_route("*", "/{key:.*}", FileHost(world).handle)
    return app


class FileHost:
    def __init__(self, world: World) -> None:
        self._world = world

    async def handle(self, request: web.Request) -> web.StreamResponse:
        query = f"{request.path_qs} {dict(request.query)}"
        has_token = carries_key(request.headers, query, self._world.settings.keys)
        entry = self._world.log.open("file", FILE, request.method, request.path, has_token)
        entry["body"] = {"range": request.headers["Range"]} if "Range" in request.headers else None
        fault = self._world.faults.take(FILE, request.path)
        entry["fault"] = fault.name if fault else None
        if fault is not None and not acts_first(fault):
            response = await instead(request, fault, self._world)
        else:
            key = request.match_info["key"]
            status, headers, body = await self.file(
                request.method, key, request.query, request.headers, fault, has_token=has_token
            )
            # Noted before the body goes out, so that a reader of the log sees it once the client has the file.
            entry["status"] = status
            response = await deliver(
                request, fault, self._world, status=status, headers=headers, body=body, drip_chunk=DRIP_CHUNK
            )
        closed = request.transport is None or request.transport.is_closing()
        entry["status"] = response.status if response.prepared or not closed else None
        return response

    async def file(
        self,
        method: str,
        key: str,
        query: Mapping[str, str],
        sent: Mapping[str, str],
        fault: Fault | None,
        *,
        has_token: bool,
    ) -> tuple[int, dict[str, str], bytes]:
        """Status, headers and body of the answer.

        Args:
            sent: headers of the request. has_token: a key came with it.
        """
        name = fault.name if fault is not None else ""
        if method not in ("GET", "HEAD"):
            return _error(405, "MethodNotAllowed", "The specified method is not allowed against this resource.")
        if has_token:
            return _error(400, "InvalidArgument", "Only one auth mechanism allowed: the URL is signed.")
        if name == "expired_url":
            return _error(403, "AccessDenied", "Request has expired")
        if refusal := self._world.files.refusal(key, query):
            return _error(403, *refusal)
        producer = self._world.files.find(key)
        if producer is None:
            return _error(404, "NoSuchKey", "The specified key does not exist.")
        if name == "html_instead":
            return 200, {"Content-Type": "text/html"}, HTML
        try:
            body = await producer()
        except ConversionError as error:
            return _error(500, "InternalError", str(error))
        if name == "broken_glb":
            body = _damaged(body, str(fault.params.get("where", "body")) if fault else "body")
        suffix = "." + key.rpartition(".")[2]
        content_type = _TYPES.get(suffix) or mimetypes.guess_type(key)[0] or "application/octet-stream"
        headers = {
            "Content-Type": content_type,
            "Accept-Ranges": "bytes",
            "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
        }
        return _ranged(sent, headers, body)


def _ranged(sent: Mapping[str, str], headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
    """The part that a Range header asks for; an unreadable Range is ignored, as RFC 9110 says."""
    match = _RANGE.match(sent.get("Range", ""))
    if match is None or sent.get("If-Range", headers["ETag"]) != headers["ETag"] or match[0] == "bytes=-":
        return 200, headers, body
    first, last = match[1], match[2]
    if first:
        start, end = int(first), min(int(last), len(body) - 1) if last else len(body) - 1
    else:
        start, end = max(len(body) - int(last), 0), len(body) - 1
    if start >= len(body) or start > end:
        status, error_headers, error = _error(416, "InvalidRange", "The requested range is not satisfiable")
        return status, {**error_headers, "Content-Range": f"bytes */{len(body)}"}, error
    return 206, {**headers, "Content-Range": f"bytes {start}-{end}/{len(body)}"}, body[start : end + 1]


def _damaged(body: bytes, where: str) -> bytes:
    """The same length, but no longer a model: the header's magic, or the middle of the content."""
    if where == "header":
        return b"\0" * min(12, len(body)) + body[12:]
    # From byte 20 on stands a GLB's JSON; zeros there leave a valid header over unreadable content.
    stop = max(20, len(body) // 2)
    return body[:20] + b"\0" * (min(stop, len(body)) - min(20, len(body))) + body[stop:]


def _error(status: int, code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    text = f"<Error><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    return status, {"Content-Type": "application/xml"}, f'<?xml version="1.0" encoding="UTF-8"?>\n{text}'.encode()

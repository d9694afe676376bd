"""Carries out the faults that any HTTP answer can have, on the connection itself.

May import aiohttp.
"""

from __future__ import annotations

import asyncio
import contextlib
import email.utils
import gzip
from collections.abc import Mapping

from aiohttp import web

from .. import present
from ..state import World
from .port import reset_connection
from .settable_faults import HTTP_STATUSES, Fault

HTML = b"<!DOCTYPE html><html><head><title>Gateway</title></head><body><h1>Something else</h1></body></html>\n"
FAULT_MESSAGE = "Set by the simulator."
PIECE = 65536


def acts_first(fault: Fault | None) -> bool:
    """Whether the operation itself is still carried out under this fault."""
    if fault is None:
        return True
    if fault.name in HTTP_STATUSES or fault.name == "no_ids":
        return bool(fault.params.get("acted", False))
    return fault.name not in ("reset_before", "hang", "connection_refused")


async def instead(request: web.Request, fault: Fault, world: World) -> web.StreamResponse:
    """What comes in place of acting (see `acts_first`)."""
    if fault.name == "hang":
        return await _hang(request, fault, world)
    if fault.name == "connection_refused":
        await world.refuse(fault)
    if fault.name in ("connection_refused", "reset_before"):
        return _gone(request)
    return _status(fault)


async def deliver(
    request: web.Request,
    fault: Fault | None,
    world: World,
    *,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    drip_chunk: int = 1,
) -> web.StreamResponse:
    """Send an answer whole, or the way the fault says.

    Args:
        headers: with a Content-Type; Content-Length is set here.
        drip_chunk: bytes per piece of 'slow_drip' where the fault does not say.
    """
    if fault is not None and (fault.name in HTTP_STATUSES or fault.name == "no_ids"):
        return _status(fault)
    if fault is not None and fault.name == "hang_after":
        return await _hang(request, fault, world)
    if fault is not None and fault.name == "reset_after" and (drip_chunk == 1 and "fraction" not in fault.params):
        return _gone(request)
    headers, body = _disguised(fault, headers, body)
    response = web.StreamResponse(status=status, headers=headers)
    if await world.refuse_if_due(request.transport):
        response.force_close()
    if fault is None or fault.name != "no_length":
        response.content_length = len(body)
    if request.method == "HEAD":
        await response.prepare(request)
    elif fault is not None and fault.name in ("truncated_body", "reset_after"):
        await _write(request, response, body[: int(len(body) * float(fault.params.get("fraction", 0.5)))])
        await _cut(request, fault.name == "reset_after")
    elif fault is not None and fault.name == "slow_drip":
        chunk, delay = int(fault.params.get("chunk", drip_chunk)), float(fault.params.get("delay", 0.2))
        await _drip(request, response, body, world, chunk, delay)
    else:
        await _write(request, response, body)
    return response


def _disguised(fault: Fault | None, headers: Mapping[str, str], body: bytes) -> tuple[Mapping[str, str], bytes]:
    """The faults that change what is sent and not how."""
    if fault is None:
        return headers, body
    if fault.name == "wrong_content_type":
        return {**headers, "Content-Type": str(fault.params.get("content_type", "text/html"))}, body
    if fault.name == "gzip":
        return {**headers, "Content-Encoding": "gzip"}, gzip.compress(body)
    if fault.name == "not_json":
        return headers, HTML
    if fault.name == "empty_body":
        return headers, b""
    return headers, body


async def _cut(request: web.Request, reset: bool) -> None:
    """End the connection in the middle of a body."""
    if reset:
        # Time to read what was sent: a reset may throw away what still waits in the other end's buffer.
        await asyncio.sleep(0.1)
        reset_connection(request.transport)
    elif request.transport is not None:
        request.transport.close()


async def _write(request: web.Request, response: web.StreamResponse, body: bytes) -> None:
    # The client may leave at any point; that is its right and nothing to report.
    with contextlib.suppress(ConnectionError):
        await response.prepare(request)
        for start in range(0, len(body), PIECE):
            await response.write(body[start : start + PIECE])


async def _drip(
    request: web.Request, response: web.StreamResponse, body: bytes, world: World, chunk: int, delay: float
) -> None:
    with contextlib.suppress(ConnectionError):
        await response.prepare(request)
        for start in range(0, len(body), chunk):
            await response.write(body[start : start + chunk])
            if await waited(world, delay):
                reset_connection(request.transport)
                return


async def _hang(request: web.Request, fault: Fault, world: World) -> web.StreamResponse:
    await waited(world, float(fault.params.get("seconds", 3600)))
    return _gone(request)


async def waited(world: World, seconds: float) -> bool:
    """Wait; True when the simulator let go of its hanging connections before the time was over."""
    try:
        await asyncio.wait_for(world.released.wait(), seconds)
    except TimeoutError:
        return False
    return True


def _gone(request: web.Request) -> web.StreamResponse:
    """No answer at all: a TCP reset. aiohttp wants a response object, which it can no longer send."""
    reset_connection(request.transport)
    return web.Response()


def _status(fault: Fault) -> web.Response:
    if fault.name == "no_ids":
        said = {"type": "sys", "message": str(fault.params.get("message", FAULT_MESSAGE))}
        return web.json_response(fault.params.get("body", said))
    status = HTTP_STATUSES[fault.name]
    headers = {}
    wait = fault.params.get("retry_after", 1 if status == 429 else None)
    if wait is not None:
        as_date = fault.params.get("as_date", False)
        headers["Retry-After"] = (
            email.utils.formatdate(present.now() + float(wait), usegmt=True) if as_date else str(wait)
        )
    body = fault.params.get("body", {"message": str(fault.params.get("message", FAULT_MESSAGE))})
    if isinstance(body, str):
        return web.Response(status=status, headers=headers, text=body)
    return web.json_response(body, status=status, headers=headers)

"""The API port: takes every request through log and fault, and then to its service by way of `routing`.

May import aiohttp.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from dataclasses import replace
from typing import Any

from aiohttp import web

from ..state import Call, Service, Upload, World
from .fault_effects import acts_first, deliver, instead, waited
from .rate_limit import TOO_MANY
from .request_log import carries_key, summarise
from .routing import Router
from .settable_faults import HTTP_STATUSES, Fault

LARGEST_BODY = 64 * 1024 * 1024
JSON_TYPE = "application/json; charset=utf-8"


def make_app(world: World) -> web.Application:
    """The application behind the API port."""
    app = web.Application(client_max_size=LARGEST_BODY)
    app.router.add_route("*", "/{path:.*}", Gateway(world).handle)
    return app


class Gateway:
    def __init__(self, world: World) -> None:
        self._world = world
        self._router = Router(world)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        found = self._router.find(request.method, request.path)
        endpoint = found[1] if found else request.path
        keys = self._world.settings.keys
        # Percent-escapes could hide a key: the query is looked at both ways.
        has_token = carries_key(request.headers, f"{request.path_qs} {dict(request.query)}", keys)
        path, shown = summarise(request.path, keys), summarise(endpoint, keys)
        entry = self._world.log.open("api", shown, request.method, path, has_token)
        try:
            call = await _read(request, endpoint)
        except ConnectionError:  # The client went away before it had said all: nothing to answer.
            return web.Response()
        except web.HTTPRequestEntityTooLarge:
            entry["status"] = 413
            return web.json_response({"message": "The request body is too large."}, status=413)
        hidden = found[0].secret_fields if found else frozenset({"key"})
        entry["body"] = summarise(_body(call), keys, hidden)
        entry["has_token"] = entry["has_token"] or _key_in(call, hidden)
        if found is None and self._world.files.find(request.path.removeprefix("/")):
            entry["status"] = 302
            return web.HTTPFound(f"{self._world.files.base_url}{request.path_qs}")
        if found is None:
            entry["status"] = 404
            return web.json_response({"message": f"Cannot {request.method} {request.path}"}, status=404)
        service, _, handler = found
        fault = call.fault = self._world.faults.take(endpoint, f"{request.path} {json.dumps(_body(call), default=str)}")
        entry["fault"] = fault.name if fault else None
        if fault is not None and fault.params.get("own"):
            fault = call.fault = _in_its_own_words(fault, service, endpoint)
        if fault is not None and not acts_first(fault):
            response = await instead(request, fault, self._world)
        else:
            answer = await self._router.act(request.method, request.headers, service, handler, call)
            if fault is not None and fault.name == "relative_links":
                answer.body = json.loads(json.dumps(answer.body).replace(f"{self._world.files.base_url}/", "/"))
            if endpoint in service.paid and answer.status < 400 and self._world.settings.answer_seconds:
                await waited(self._world, self._world.settings.answer_seconds)
            response = await deliver(
                request,
                fault,
                self._world,
                status=answer.status,
                body=(json.dumps(answer.body) if answer.text is None else answer.text).encode(),
                headers={"Content-Type": JSON_TYPE, **answer.headers},
            )
        entry["status"] = response.status if response.prepared or not _closed(request) else None
        return response


def _in_its_own_words(fault: Fault, service: Service, endpoint: str) -> Fault:
    """The same fault with a body of the shape that the service gives its refusals."""
    status = HTTP_STATUSES[fault.name]
    words = TOO_MANY if status == 429 else "It is not to be."
    answer = service.refused(endpoint, status, str(fault.params.get("message", words)))
    body = answer.body if answer.text is None else answer.text
    return replace(fault, params={**fault.params, "body": body})


def _closed(request: web.Request) -> bool:
    return request.transport is None or request.transport.is_closing()


async def _read(request: web.Request, endpoint: str) -> Call:
    call = Call(endpoint, request.content_type, query=dict(request.query))
    if not request.content_type.startswith("multipart/"):
        call.body = await request.read()
        return call
    try:
        parts = await request.post()
    except ValueError:
        return call
    call.form = []
    for name, value in parts.items():
        if isinstance(value, web.FileField):
            call.form.append((name, Upload(value.filename, value.content_type, value.file.read())))
        else:
            call.form.append((name, value if isinstance(value, str) else value.decode("utf-8", "replace")))
    return call


def _body(call: Call) -> Any:
    """The body in a form for the log and for a fault's `match`."""
    if call.form is not None:
        return {
            name: f"{value.name} ({value.content_type}, {len(value.data)} bytes)"
            if isinstance(value, Upload)
            else value
            for name, value in call.form
        }
    try:
        return call.json() if call.body else None
    except ValueError:
        return call.body.decode("utf-8", "replace")


def _key_in(call: Call, fields: Collection[str]) -> bool:
    """Whether the body holds a key, right or wrong."""
    body = _body(call) if fields else None
    return isinstance(body, dict) and any(body.get(name) for name in fields)

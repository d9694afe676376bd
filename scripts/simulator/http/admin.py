"""The admin port: faults, settings, ledger and request log of the running simulator.

May import aiohttp. `handle` speaks with it; a person can too, with curl.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from ..settings import SettingError
from ..state import World
from .settable_faults import FAULTS, Fault, FaultError

Reply = Callable[[web.Request], Awaitable[web.StreamResponse]]


def make_app(world: World) -> web.Application:
    """The application behind the admin port.

    GET: ledger, accounts, requests, settings, faults, jobs. POST: faults, configure, reset, finish, expire.
    DELETE: faults.
    """
    admin = _Admin(world)
    app = web.Application(middlewares=[_errors])
    app.add_routes(
        [
            web.get("/ledger", admin.ledger),
            web.get("/accounts", admin.accounts),
            web.get("/requests", admin.requests),
            web.get("/settings", admin.settings),
            web.get("/jobs", admin.jobs),
            web.get("/faults", admin.faults),
            web.post("/faults", admin.set_fault),
            web.delete("/faults", admin.clear_faults),
            web.post("/configure", admin.configure),
            web.post("/reset", admin.reset),
            web.post("/finish", admin.finish),
            web.post("/expire", admin.expire),
        ]
    )
    return app


@web.middleware
async def _errors(request: web.Request, handler: Reply) -> web.StreamResponse:
    """A mistake of the caller's is a 400 with one sentence."""
    try:
        return await handler(request)
    except (FaultError, SettingError) as error:
        return web.json_response({"message": str(error)}, status=400)
    except (ValueError, TypeError, KeyError) as error:
        return web.json_response({"message": f"Not a request that the admin port knows: {error!r}"}, status=400)


class _Admin:
    def __init__(self, world: World) -> None:
        self._world = world

    async def ledger(self, request: web.Request) -> web.Response:
        self._world.settle()
        return web.json_response({"rows": self._world.ledger.rows, "balance": self._world.ledger.total})

    async def accounts(self, request: web.Request) -> web.Response:
        self._world.settle()
        return web.json_response(
            {service.name: self._world.ledger.balance(service.name) for service in self._world.services}
        )

    async def requests(self, request: web.Request) -> web.Response:
        return web.json_response(self._world.log.entries)

    async def settings(self, request: web.Request) -> web.Response:
        return web.json_response(self._world.settings.to_dict())

    async def jobs(self, request: web.Request) -> web.Response:
        return web.json_response([job for service in self._world.services for job in service.jobs()])

    async def faults(self, request: web.Request) -> web.Response:
        waiting = [fault.to_dict() for fault in self._world.faults.waiting]
        return web.json_response({"waiting": waiting, "known": FAULTS})

    async def set_fault(self, request: web.Request) -> web.Response:
        body: dict[str, Any] = await request.json()
        fault = Fault(
            endpoint=body.pop("endpoint"),
            name=body.pop("fault"),
            times=body.pop("times", 1),
            after=body.pop("after", 0),
            match=body.pop("match", ""),
            params=body,
        )
        await self._world.set_fault(fault)
        return web.json_response(fault.to_dict())

    async def clear_faults(self, request: web.Request) -> web.Response:
        await self._world.clear_faults()
        return web.json_response({})

    async def configure(self, request: web.Request) -> web.Response:
        self._world.configure(await request.json())
        return web.json_response(self._world.settings.to_dict())

    async def reset(self, request: web.Request) -> web.Response:
        await self._world.reset()
        return web.json_response({})

    async def finish(self, request: web.Request) -> web.Response:
        for service in self._world.services:
            service.finish_jobs()
        return web.json_response({})

    async def expire(self, request: web.Request) -> web.Response:
        self._world.files.expire_all()
        return web.json_response({})

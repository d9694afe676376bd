"""Which service answers a request: through method, token, pace and endpoint, in this order, without any socket.

Standard library only. Knows services only by the protocol in `state`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..state import Answer, Call, Handler, Service, World
from .rate_limit import TOO_MANY
from .settable_faults import Fault


class Router:
    """The services of a world, by the paths of their requests."""

    def __init__(self, world: World) -> None:
        self._world = world

    def find(self, method: str, path: str) -> tuple[Service, str, Handler] | None:
        """The service that has the path, with the endpoint's name and handler."""
        for service in self._world.services:
            if found := service.find(method, path):
                return service, *found
        return None

    async def act(
        self, method: str, headers: Mapping[str, str], service: Service, handler: Handler, call: Call
    ) -> Answer:
        """Have the request acted on; single fields of the answer are as the call's fault wants them."""
        answer = await self._act(method, headers, service, handler, call)
        _alter(answer, call.fault, service, call.endpoint)
        return answer

    async def _act(
        self, method: str, headers: Mapping[str, str], service: Service, handler: Handler, call: Call
    ) -> Answer:
        methods = service.methods(call.endpoint)
        if method not in methods:
            answer = service.refused(call.endpoint, 405, f"Method {method} is not allowed.")
            answer.headers["Allow"] = ", ".join(sorted(methods))
            return answer
        if not service.authorised(headers, call):
            return service.unauthorised(call.endpoint)
        return self._too_many(service, call) or await handler(call)

    def _too_many(self, service: Service, call: Call) -> Answer | None:
        """The refusal of a call above the rate limit."""
        settings = self._world.settings
        if settings.calls_per_minute is None or (settings.limit_counts == "paid" and call.endpoint not in service.paid):
            return None
        seconds = self._world.pace.wait(service.name, settings.calls_per_minute, settings.limit_window)
        if not seconds:
            return None
        answer = service.refused(call.endpoint, 429, TOO_MANY)
        if settings.limit_answer == "retry_after":
            answer.headers["Retry-After"] = str(seconds)
        elif settings.limit_answer == "json":
            answer.body["retry_after"] = seconds
        return answer


def _alter(answer: Answer, fault: Fault | None, service: Service, endpoint: str) -> None:
    """The faults that change single fields of the answer."""
    if fault is None:
        return
    field = str(fault.params.get("field", service.main_fields.get(endpoint, "message")))
    if fault.name == "missing_field":
        holder, name = _holder(answer, field)
        holder.pop(name, None)
    elif fault.name == "set_field":
        holder, name = _holder(answer, field)
        holder[name] = fault.params.get("value")
    elif fault.name == "unknown_code":
        for field in service.code_fields:
            holder, name = _holder(answer, field)
            if name in holder:
                holder[name] = fault.params.get("code", 7)


def _holder(answer: Answer, field: str) -> tuple[dict[str, Any], str]:
    """The object that a dotted field lies in (an empty one where there is none), and its name there."""
    *outer, name = field.split(".")
    holder: Any = answer.body
    for step in outer:
        holder = holder.get(step) if isinstance(holder, dict) else None
    return holder if isinstance(holder, dict) else {}, name

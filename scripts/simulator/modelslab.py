"""ModelsLab's enterprise image to 3D: order, and fetch what was not there at once.

May import what the stand-in is built on, nothing of the client. From the document: the order and the answer
to a success; from the notes beside it: 'processing', 'error', 'failed' and the fetch. Where both are silent:
every error is HTTP 200 with status 'error' (the setting modelslab_http_errors gives it a status of its own);
init_image is required and an http or https URL, and is not fetched (its name decides the shape); resolution
and chunk_size are at least 1; foreground_ratio lies above 0 and up to 1; track_id, where there is one, stands in
every answer; a webhook is taken and never called; an answer that has the result at once has no id, so nothing can
be fetched again.
"""

from __future__ import annotations

import math
import random
import time
import uuid as uuid_module
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from . import asked
from .asked import Refusal, guarded
from .modelslab_input import checked
from .purchases import Purchases
from .timed import Timed, shown_percent
from .world import Answer, Call, Handler, Service, World

ROOT = "/api/v1/enterprise/3d/"
CREATE, FETCH = "modelslab/create", "modelslab/fetch"
FIRST_ID = 1001
FAILED = "Generation failed, please try again."


@dataclass
class Order:
    """One request on its way to a model; `asked` holds its checked options."""

    id: int
    asked: dict[str, Any]
    job: Timed
    suffix: str
    message: str = FAILED
    seed: int = field(default_factory=lambda: random.randrange(2**29))
    prefix: str = field(default_factory=lambda: str(uuid_module.uuid4()))

    @property
    def keys(self) -> dict[str, str]:
        """The result's two places at the file host."""
        return {
            "output": f"generations/{self.prefix}.{self.suffix}",
            "proxy_links": f"proxy/{self.prefix}.{self.suffix}",
        }

    @property
    def eta(self) -> int:
        """Seconds that are left, rounded up; 1 at the least, since it is not there yet."""
        return max(1, math.ceil(self.job.seconds - (time.monotonic() - self.job.started)))


class ModelsLab(Service):
    """The service. An order is charged once, when it is accepted."""

    name = "modelslab"
    endpoints = {CREATE, FETCH}
    paid = frozenset({CREATE})
    main_fields: Mapping[str, str] = {CREATE: "status", FETCH: "status"}
    code_fields = ("status",)
    secret_fields = frozenset({"key"})

    def __init__(self, world: World) -> None:
        self._world = world
        self._purchases = Purchases(world, self.name)
        self._orders: dict[int, Order] = {}

    # What the gateway asks

    def find(self, path: str) -> tuple[str, Handler] | None:
        if path == f"{ROOT}image_to_3d":
            return CREATE, partial(guarded, self, self._world, self._create)
        number = path.removeprefix(f"{ROOT}fetch/")
        if number and number != path and "/" not in number:
            return FETCH, partial(guarded, self, self._world, partial(self._fetch, number))
        return None

    def methods(self, endpoint: str) -> set[str]:
        return {"POST"}

    def authorised(self, headers: Mapping[str, str], call: Call) -> bool:
        """The key is in the body; a body without one that can be read is nobody's."""
        try:
            body = call.json()
        except ValueError:
            return False
        return isinstance(body, dict) and body.get("key") == self._world.settings.modelslab_key

    def unauthorised(self, endpoint: str) -> Answer:
        return self.refused(endpoint, 401, "Invalid API Key.")

    def refused(self, endpoint: str, status: int, message: str) -> Answer:
        http = status if self._world.settings.modelslab_http_errors or status == 405 else 200
        return Answer({"status": "error", "message": message}, http)

    def settle(self) -> None:
        self._purchases.settle(self._world.settings.refund_failed)

    def finish_jobs(self) -> None:
        for order in self._orders.values():
            order.job.end()

    def jobs(self) -> list[dict[str, Any]]:
        return [
            {
                "service": self.name,
                "uuid": str(order.id),
                "prompt": asked.image_name(order.asked["init_image"]),
                "state": order.job.state,
                "percent": order.job.percent,
                "track_id": order.asked["track_id"],
            }
            for order in self._orders.values()
        ]

    def reset(self) -> None:
        self._orders.clear()
        self._purchases.clear()

    # The endpoints

    async def _create(self, call: Call) -> Answer:
        settings = self._world.settings
        wanted = checked(asked.json_object(call))
        at_once = settings.modelslab_at_once
        job = Timed(
            seconds=0.0 if at_once else settings.job_seconds,
            fails=call.has_fault("generation_failed"),
        )
        order = Order(FIRST_ID + len(self._orders), wanted, job, settings.modelslab_format)
        if call.fault is not None:
            order.message = str(call.fault.params.get("message", FAILED))
        self._purchases.buy("modelslab.image", str(order.id), job)
        self._orders[order.id] = order
        # The finer its grid, the more faces a mesh has that was read off one.
        faces = max(500, wanted["resolution"] ** 2 // 8)
        spec = self._world.spec(0, False, prompt=asked.image_name(wanted["init_image"]), face_limit=faces)
        make = self._world.models.glb if order.suffix == "glb" else self._world.models.obj
        for key in order.keys.values():
            self._world.files.put(key, partial(make, spec))
        return self._answer(call, order, None) if at_once else self._processing(call, order)

    async def _fetch(self, number: str, call: Call) -> Answer:
        order = self._orders.get(int(number)) if number.isdecimal() else None
        if order is None:
            raise Refusal(f"No request with the ID {number}.", 404)
        if call.has_fault("generation_failed"):
            order.job.fail()
            self.settle()
        if order.job.state == "generating":
            return self._processing(call, order)
        return self._answer(call, order, order.id)

    def _processing(self, call: Call, order: Order) -> Answer:
        port = self._world.api_port
        progress = {"progress_stall", "progress_garbage", "progress_backwards"}
        faulty = call.fault is not None and call.fault.name in progress
        return Answer(
            {
                "status": "processing",
                "message": "",
                "id": order.id,
                "eta": shown_percent(call, order.job) if faulty else order.eta,
                "fetch_result": f"{port.url if port else ''}{ROOT}fetch/{order.id}",
                "output": [],
                "proxy_links": [],
                **_track(order),
                "meta": _meta(order),
            }
        )

    def _answer(self, call: Call, order: Order, shown_id: int | None) -> Answer:
        """The result, or that there is none."""
        if order.job.state == "failed":
            return Answer({"status": "failed", "message": order.message, "id": shown_id, "output": [], **_track(order)})
        return Answer(
            {
                "status": "success",
                "warning": "",
                "id": shown_id,
                "generationTime": round(max(order.job.seconds, 0.01), 2),
                **{name: [self._world.result_url(call, key)] for name, key in order.keys.items()},
                "nsfw_content_detected": False,
                "webhook_status": "",
                **_track(order),
                "meta": _meta(order),
            }
        )


def _track(order: Order) -> dict[str, Any]:
    """The caller's own id, where there is one: the document's sample has none and shows none."""
    return {} if order.asked["track_id"] is None else {"track_id": order.asked["track_id"]}


def _meta(order: Order) -> dict[str, Any]:
    """As in the document, the odd spelling of the ratio included."""
    return {
        "chunk_size": order.asked["chunk_size"],
        "file_prefix": order.prefix,
        "foreground_ratio": f"{order.asked['foreground_ratio']:g}".removeprefix("0"),
        "image": order.asked["init_image"],
        "remove_bg": order.asked["remove_bg"],
        "render": False,
        "resolution": order.asked["resolution"],
        "seed": order.seed,
        "temp": "no",
    }

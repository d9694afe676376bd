"""ModelsLab's image to 3D and text to 3D: order, and fetch what was not there at once.

May import what the stand-in is built on, nothing of the client. From the document: the order and the answer
to a success; from the notes beside it: 'processing', 'error', 'failed' and the fetch. Where both are silent:
every error is HTTP 200 with status 'error' (the setting modelslab_http_errors gives it a status of its own);
init_image is required and an http or https URL, and is not fetched (its name decides the shape); resolution
and chunk_size are at least 1; foreground_ratio lies above 0 and up to 1; track_id, where there is one, stands in
every answer; a webhook is taken and never called; an answer that has the result at once has no id, so nothing can
be fetched again. Today there are two roots, v6 and enterprise, and a key opens one of them: at the other it is
no key. An upload (base64_to_url) is taken as it is. An order may be fetched by either root.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..csm.files import given
from ..http import request_checks
from ..http.request_checks import Refusal, guarded
from ..refunds import Purchases
from ..state import Answer, Call, Handler, Service, World
from ..timed_work import Timed
from . import api_today
from .input import checked
from .orders import FAILED, Order, ended, processing

ROOT = "/api/v1/enterprise/3d/"
V6_ROOT = "/api/v6/3d/"
CREATE, FETCH = "modelslab/create", "modelslab/fetch"
V6_CREATE, V6_TEXT = "modelslab/v6/create", "modelslab/v6/text"
V6_FETCH, V6_UPLOAD = "modelslab/v6/fetch", "modelslab/v6/upload"
FIRST_ID = 1001
#: What a kind of key opens: whether v6 and whether the enterprise root, as the answers to "is it v6?".
OPENS = {"ordinary": (True,), "enterprise": (False,), "both": (True, False)}
NO_PREMIUM = "This feature requires a premium subscription"


class ModelsLab(Service):
    """The service. An order is charged once, when it is accepted."""

    name = "modelslab"
    endpoints = {CREATE, FETCH, V6_CREATE, V6_TEXT, V6_FETCH, V6_UPLOAD}
    main_fields: Mapping[str, str] = dict.fromkeys(endpoints, "status")
    paid = frozenset({CREATE, V6_CREATE, V6_TEXT, V6_UPLOAD})
    code_fields = ("status",)
    secret_fields = frozenset({"key"})

    def __init__(self, world: World) -> None:
        self._world = world
        self._purchases = Purchases(world, self.name)
        self._orders: dict[int, Order] = {}
        self._uploads: list[str] = []

    # What the gateway asks

    def find(self, method: str, path: str) -> tuple[str, Handler] | None:
        found = self._below(ROOT, path, {"image_to_3d": (CREATE, self._create)}, FETCH)
        if found is None and self._today:
            v6: dict[str, tuple[str, Handler]] = {
                "image_to_3d": (V6_CREATE, self._create),
                "text_to_3d": (V6_TEXT, self._create),
                "base64_to_url": (V6_UPLOAD, self._upload),
            }
            found = self._below(V6_ROOT, path, v6, V6_FETCH)
        return found and (found[0], partial(guarded, self, self._world, found[1]))

    def _below(
        self, root: str, path: str, calls: dict[str, tuple[str, Handler]], fetch: str
    ) -> tuple[str, Handler] | None:
        """The endpoint under one root."""
        name = path.removeprefix(root)
        number = name.removeprefix("fetch/")
        if name == path:
            return None
        if number != name and number and "/" not in number:
            return fetch, partial(self._fetch, number)
        return calls.get(name)

    @property
    def _today(self) -> bool:
        return self._world.settings.generations[self.name] == "today"

    def methods(self, endpoint: str) -> set[str]:
        return {"POST"}

    def authorised(self, headers: Mapping[str, str], call: Call) -> bool:
        """The key is in the body; a body without one that can be read is nobody's."""
        try:
            body = call.json()
        except ValueError:
            return False
        settings = self._world.settings
        opens = not self._today or _is_v6(call) in OPENS[settings.modelslab_key_kind]
        return opens and isinstance(body, dict) and body.get("key") == settings.modelslab_key

    def unauthorised(self, endpoint: str) -> Answer:
        return self.refused(endpoint, 401, "Invalid API Key.")

    def refused(self, endpoint: str, status: int, message: str) -> Answer:
        # Two statuses are their own whatever the setting: the method's, and that of a missing subscription.
        http = status if self._world.settings.modelslab_http_errors or status in (403, 405) else 200
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
                "prompt": api_today.about(order.asked),
                "state": order.job.state,
                "percent": order.job.percent,
                "track_id": order.asked["track_id"],
            }
            for order in self._orders.values()
        ]

    def reset(self) -> None:
        self._orders.clear()
        self._uploads.clear()
        self._purchases.clear()

    # The endpoints

    async def _create(self, call: Call) -> Answer:
        settings = self._world.settings
        limit = self._rate_limit(call)
        if limit is not None:
            return limit
        body = request_checks.json_object(call)
        wanted = api_today.checked(body, call.endpoint, settings) if self._today else checked(body)
        if self._today and not settings.modelslab_premium:
            raise Refusal(NO_PREMIUM, 403)
        kind = wanted.get("output_format", settings.modelslab_format)
        if settings.modelslab_mislabelled:
            kind = "glb"
        job = Timed(
            seconds=0.0 if settings.modelslab_at_once else settings.job_seconds,
            fails=call.has_fault("generation_failed"),
        )
        order = Order(
            FIRST_ID + len(self._orders),
            wanted,
            job,
            V6_ROOT if _is_v6(call) else ROOT,
            "obj" if settings.modelslab_mislabelled else kind,
            future=self._today,
        )
        if call.fault is not None:
            order.message = str(call.fault.params.get("message", FAILED))
        price = "modelslab.text" if call.endpoint == V6_TEXT else "modelslab.image"
        self._purchases.buy(price, str(order.id), job)
        self._orders[order.id] = order
        self._put(order, kind)
        if settings.modelslab_at_once:
            return ended(self._world, call, order, order.id if self._today else None)
        return processing(self._world, call, order)

    def _put(self, order: Order, kind: str) -> None:
        """The result's files, there once the order is done."""
        # The finer its grid, the more faces a mesh has that was read off one.
        faces = max(500, order.asked["resolution"] ** 2 // 8)
        # The model is the seed's, as far as one was given: 2024's orders all have the same.
        variant = order.asked.get("seed", 0) % 2**32
        image = api_today.picture(order.asked)
        spec = self._world.spec(variant, False, prompt=api_today.about(order.asked), image=image, face_limit=faces)
        models = self._world.models
        whole = {"glb": partial(models.glb, spec), "obj": partial(models.obj, spec)}
        for key in order.keys.values():
            self._world.files.put(key, whole.get(kind, partial(models.mesh, spec, kind)), lambda: order.done)

    async def _upload(self, call: Call) -> Answer:
        limit = self._rate_limit(call)
        if limit is not None:
            return limit
        kind, data = api_today.uploaded(request_checks.json_object(call))
        number = FIRST_ID + len(self._orders) + len(self._uploads)
        self._purchases.buy("modelslab.upload", str(number), Timed(seconds=0.0))
        key = f"uploads/{number}.{kind}"
        self._uploads.append(key)
        self._world.files.put(key, partial(given, data))
        return Answer({"status": "success", "id": number, "output": [self._world.result_url(call, key)]})

    def _rate_limit(self, call: Call) -> Answer | None:
        """The answer to one request too many, where the call's fault says that it is."""
        if not call.has_fault("rate_limited") or call.fault is None:
            return None
        answer = self.refused(call.endpoint, 429, "Rate limit exceeded.")
        answer.body["retry_after"] = call.fault.params.get("retry_after", 1)
        return answer

    async def _fetch(self, number: str, call: Call) -> Answer:
        limit = self._rate_limit(call)
        if limit is not None:
            return limit
        order = self._orders.get(int(number)) if number.isdecimal() else None
        if order is None:
            raise Refusal(f"No request with the ID {number}.", 404)
        if call.has_fault("generation_failed"):
            order.job.fail()
            self.settle()
        if order.job.state == "generating":
            return processing(self._world, call, order)
        return ended(self._world, call, order, order.id)


def _is_v6(call: Call) -> bool:
    return call.endpoint.startswith("modelslab/v6/")

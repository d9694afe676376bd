"""GoNeural's tasks: create one, look at it; today also tasks from text, and the account's credits.

May import what the stand-in is built on, nothing of the client. Where the document is silent: an image travels
as the form field `image` only, and an asset_id in JSON only; the image is JPEG, PNG or WEBP; without `pbr` the
textures are plain albedo; without `seed` the service draws one; fields that only the samples show (prompt,
negativePrompt, num_inference_steps, textured_mesh) are taken and have no effect; an error is an object with a
`message` and its HTTP status (400, 401, 402, 404); a failed task has no output, keeps its creditUsed and says
in `refunded` whether that came back. Today a task may be too old to succeed, and another of its kind may be
in its way (the settings goneural_task_seconds and goneural_one_task); a seed of 0 is none, and the one that was
drawn is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from .. import present
from ..http.request_checks import Refusal, guarded
from ..refunds import Purchase, Purchases
from ..state import Answer, Call, Handler, Service, World
from ..timed_work import Timed
from .input import IMAGE, TEXT, Order, order, text_order

ROOT = "/v1/tasks/"
BILLING_PATH = "/v1/billing"
CREATE, CREATE_TEXT, TASK, BILLING = "goneural/create", "goneural/text", "goneural/task", "goneural/billing"
PRICES = {IMAGE: "goneural.task", TEXT: "goneural.text"}
BUSY = "You already have a task of this kind in progress."
USER_ID = 4711


@dataclass
class Task:
    """One order on its way to a model."""

    order: Order
    job: Timed
    seed: int
    id: str = field(default_factory=lambda: str(present.uuid4()))
    asset_id: str = field(default_factory=lambda: str(present.uuid4()))
    created: datetime = field(default_factory=present.utc)
    purchase: Purchase | None = None

    def fail_if_older(self, seconds: float) -> None:
        """Fail when it has been on its way for longer than that."""
        if self.job.state == "generating" and present.monotonic() - self.job.started >= seconds:
            self.job.seconds, self.job.fails = seconds, True

    @property
    def key(self) -> str:
        """The result's at the file host."""
        return f"tasks/{self.id}/model.glb"


class GoNeural(Service):
    """The service. A task is charged once, when it is accepted."""

    name = "goneural"
    endpoints = {CREATE, CREATE_TEXT, TASK, BILLING}
    main_fields: Mapping[str, str] = {CREATE: "id", CREATE_TEXT: "id", TASK: "status", BILLING: "remaining"}
    paid = frozenset({CREATE, CREATE_TEXT})
    code_fields = ("status",)
    secret_fields: frozenset[str] = frozenset()

    def __init__(self, world: World) -> None:
        self._world = world
        self._purchases = Purchases(world, self.name)
        self._tasks: dict[str, Task] = {}

    # What the gateway asks

    def find(self, method: str, path: str) -> tuple[str, Handler] | None:
        if path == BILLING_PATH:
            return self._guarded(BILLING, self._billing) if self._today else None
        task = path.removeprefix(ROOT)
        if task == path or not task or "/" in task or (task == TEXT and not self._today):
            return None
        if task == IMAGE:
            return self._guarded(CREATE, self._create)
        if task == TEXT:
            return self._guarded(CREATE_TEXT, self._create_from_text)
        return self._guarded(TASK, partial(self._task, task))

    def _guarded(self, endpoint: str, handler: Handler) -> tuple[str, Handler]:
        return endpoint, partial(guarded, self, self._world, handler)

    @property
    def _today(self) -> bool:
        return self._world.settings.generations[self.name] == "today"

    def methods(self, endpoint: str) -> set[str]:
        return {"POST"} if endpoint in (CREATE, CREATE_TEXT) else {"GET"}

    def authorised(self, headers: Mapping[str, str], call: Call) -> bool:
        return headers.get("Authorization", "") == f"Bearer {self._world.settings.goneural_key}"

    def unauthorised(self, endpoint: str) -> Answer:
        return self.refused(endpoint, 401, "Unauthorized")

    def refused(self, endpoint: str, status: int, message: str) -> Answer:
        return Answer({"message": message}, status)

    def settle(self) -> None:
        if self._today:
            for task in self._tasks.values():
                task.fail_if_older(self._world.settings.goneural_task_seconds)
        self._purchases.settle(self._world.settings.goneural_refunds)

    def finish_jobs(self) -> None:
        for task in self._tasks.values():
            task.job.end()

    def jobs(self) -> list[dict[str, Any]]:
        return [
            {
                "service": self.name,
                "uuid": task.id,
                "prompt": task.order.prompt,
                "state": task.job.state,
                "percent": task.job.percent,
                "seed": task.seed,
                "input": task.order.shown,
            }
            for task in self._tasks.values()
        ]

    def reset(self) -> None:
        self._tasks.clear()
        self._purchases.clear()

    # The endpoints

    async def _billing(self, call: Call) -> Answer:
        subscription = {"name": "Simulator", "status": "active"} if self._world.settings.goneural_subscribed else None
        return Answer({"remaining": self._world.ledger.shown(self.name), "subscription": subscription})

    async def _create(self, call: Call) -> Answer:
        return self._begin(call, order(call, self._world.settings.goneural_assets))

    async def _create_from_text(self, call: Call) -> Answer:
        return self._begin(call, text_order(call))

    def _begin(self, call: Call, wanted: Order) -> Answer:
        settings = self._world.settings
        self._refuse_second(wanted.kind)
        seed = wanted.seed
        if seed is None or (self._today and seed == 0):
            seed = present.below(2**31, 1)
        job = Timed(seconds=settings.job_seconds, fails=call.has_fault("generation_failed"))
        task = Task(wanted, job, seed)
        task.purchase = self._purchases.buy(PRICES[wanted.kind], task.id, job)
        # A variant is what this stand-in's models differ by; a seed may be negative, a variant not.
        spec = self._world.spec(
            seed % 2**32,
            wanted.pbr,
            image=wanted.image,
            prompt=wanted.asset_id or wanted.prompt,
            face_limit=wanted.face_limit,
        )
        self._world.files.put(task.key, partial(self._world.models.glb, spec))
        if spec.triangles is not None:
            self._world.models.make_ahead(spec)
        self._tasks[task.id] = task
        return Answer(self._shown(call, task, "queued"))

    def _refuse_second(self, kind: str) -> None:
        settings = self._world.settings
        running = (task.order.kind for task in self._tasks.values() if task.job.state == "generating")
        if self._today and settings.goneural_one_task and kind in running:
            raise Refusal(BUSY, settings.goneural_busy_status)

    async def _task(self, task_id: str, call: Call) -> Answer:
        task = self._tasks.get(task_id)
        if task is None:
            raise Refusal(f"Task {task_id} not found.", 404)
        if call.has_fault("generation_failed"):
            task.job.fail()
            self.settle()
        statuses = {"generating": "in_progress", "done": "succeeded", "failed": "failed"}
        status = statuses[task.job.state]
        age = (present.utc() - task.created).total_seconds()
        if status == "in_progress" and age < self._world.settings.queue_seconds:
            status = "queued"
        return Answer(self._shown(call, task, status))

    def _shown(self, call: Call, task: Task, status: str) -> dict[str, Any]:
        """The task object, with a fresh URL."""
        succeeded, over = status == "succeeded", status in ("succeeded", "failed")
        finished = task.created + timedelta(seconds=task.job.seconds)
        older = self._world.settings.goneural_answer == "urls"
        return {
            "id": task.id,
            "status": status,
            "type": f"premium-{task.order.kind}",
            "seed": task.seed,
            "input": task.order.shown,
            "urls" if older else "output": {"glb": self._world.result_url(call, task.key)} if succeeded else {},
            "creditsUsed" if older else "creditUsed": task.purchase.points if task.purchase else 0,
            "refunded": task.purchase.refunded if task.purchase else False,
            "userId": USER_ID,
            "finishedAt": _moment(finished) if over else None,
            "createdAt": _moment(task.created),
            "asset": self._asset(task) if succeeded else None,
            "assetId": task.asset_id if succeeded else None,
            "meta": {},
        }

    @staticmethod
    def _asset(task: Task) -> dict[str, Any]:
        return {
            "id": task.asset_id,
            "type": "model",
            "userId": USER_ID,
            "user": {"id": USER_ID, "name": "simulator"},
            "name": "Model",
            "description": "",
            "isPublic": False,
            "likes": "0",
            "tags": [],
            "permissions": {"canEdit": True},
            "tasks": [],
        }


def _moment(when: datetime) -> str:
    """As in the document: 2019-08-24T14:15:22Z."""
    return when.strftime("%Y-%m-%dT%H:%M:%SZ")

"""Neural4D's generating operations: what was asked and paid for, and how far each model is.

May import what the stand-in is built on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from .. import present
from ..files.model_maker import ModelSpec
from ..state import Call, World
from ..timed_work import Timed


@dataclass
class Job(Timed):
    """One model of an operation."""

    uuid: str
    prompt: str
    source_page: str
    spec: ModelSpec
    created: datetime = field(default_factory=present.utc)

    @property
    def created_at(self) -> str:
        """As in the document: 2024-11-07T05:59:40.000Z."""
        return self.created.strftime("%Y-%m-%dT%H:%M:%S.") + f"{self.created.microsecond // 1000:03d}Z"


@dataclass
class Operation:
    """What was charged at once: one call that generates, with its jobs."""

    kind: str
    points: int
    jobs: list[Job]
    refunded: bool = False


class JobBook:
    """All jobs by uuid, and the operations they were paid with."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._jobs: dict[str, Job] = {}
        self._operations: list[Operation] = []

    def clear(self) -> None:
        self._jobs.clear()
        self._operations.clear()

    def find(self, uuid: str) -> Job | None:
        return self._jobs.get(uuid)

    def start(
        self,
        call: Call,
        kind: str,
        uuids: list[str],
        specs: Sequence[ModelSpec],
        prompt: str,
        source_page: str,
        units: int = 1,
    ) -> int:
        """Charge an operation and begin its jobs; a uuid that was used before starts over (and is paid again).

        Args:
            units: how often the price of `kind` is paid.

        Returns:
            The points that were charged.

        Raises:
            NotEnough: the balance is too low; nothing was begun.
        """
        settings = self._world.settings
        points = settings.price(kind) * units
        self._world.ledger.charge(kind, points, uuids)
        operation = Operation(kind, points, [])
        self._operations.append(operation)
        failing: Sequence[int] = ()
        if call.fault is not None and call.fault.name == "generation_failed":
            failing = call.fault.params.get("variants", range(len(uuids)))
        for index, (uuid, spec) in enumerate(zip(uuids, specs, strict=True)):
            seconds = settings.job_seconds + index * settings.variant_spread
            job = Job(uuid, prompt, source_page, spec, seconds=seconds, fails=index in failing)
            self._jobs[uuid] = job
            operation.jobs.append(job)
            self._world.files.put(f"{uuid}_0.glb", partial(self._world.models.glb, spec))
            self._world.files.put(f"{uuid}_0.jpg", partial(self._world.models.preview, spec))
            if spec.triangles is not None:
                self._world.models.make_ahead(spec)
        return points

    def settle(self) -> None:
        """Where the settings say so, give the points back of operations all of whose models failed."""
        if not self._world.settings.refund_failed:
            return
        for operation in self._operations:
            if not operation.refunded and all(job.state == "failed" for job in operation.jobs):
                operation.refunded = True
                self._world.ledger.refund(operation.kind, operation.points, [job.uuid for job in operation.jobs])

    def finish(self) -> None:
        for job in self._jobs.values():
            job.end()

    def listing(self) -> list[dict[str, Any]]:
        """One row a job, for the admin port."""
        return [
            {
                "service": "neural4d",
                "uuid": job.uuid,
                "prompt": job.prompt,
                "state": job.state,
                "percent": job.percent,
                "source_page": job.source_page,
                "pbr": job.spec.pbr,
                "textured": job.spec.textured,
                "variant": job.spec.variant,
            }
            for job in self._jobs.values()
        ]


def new_uuids(count: int) -> list[str]:
    return [str(present.uuid4()) for _ in range(count)]

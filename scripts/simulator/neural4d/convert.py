"""Neural4D's convertToFormat: what is asked for, what is paid, what is under way.

May import what the stand-in is built on, nothing of the client.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from .. import present
from ..files.convert import ConversionError
from ..http import request_checks as asked
from ..http.request_checks import Refusal
from ..state import Answer, Call, World
from . import input as check
from .jobs import Job

#: Formats that the document's samples show as a zip (a model with files beside it).
ZIPPED = ("fbx", "obj")
STARTING = "The specified model format does not exist, converting now..."
WAITING = "Cannot find the type, converting."
READY = "Format conversion has been completed and is ready for download."

Key = tuple[str, str, int]


@dataclass
class Conversion:
    """One model on its way to one format and size.

    key: the result's at the file host; asked: how often it was asked about while it ran.
    """

    task: asyncio.Future[bytes]
    key: str
    scale: int
    seconds: float
    fails: bool = False
    asked: int = 0
    started: float = field(default_factory=present.monotonic)

    @property
    def running(self) -> bool:
        return not self.task.done() or present.monotonic() - self.started < self.seconds


class Conversions:
    """By uuid, type and size; each is charged once, unless its failure gave the points back."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._running: dict[Key, Conversion] = {}
        self._paid: set[Key] = set()

    def clear(self) -> None:
        for conversion in self._running.values():
            conversion.task.cancel()
        self._running.clear()
        self._paid.clear()

    async def answer(self, call: Call, body: dict[str, Any], job: Job) -> Answer:
        """Start a conversion, or say how far it is.

        Raises:
            Refusal: wrong modelType or modelSize, no Blender here, or the conversion failed.
            NotEnough: the balance is too low; nothing was begun.
        """
        kind = body.get("modelType", "glb")
        if kind not in check.MODEL_TYPES:
            raise Refusal(f"'modelType' must be one of {', '.join(check.MODEL_TYPES)}.")
        size = asked.whole_number({"modelSize": check.DEFAULT_SIZE_MM, **body}, "modelSize")
        if size <= 1:
            raise Refusal("'modelSize' must be greater than 1.")
        key = (job.uuid, kind, size)
        conversion = self._running.get(key)
        fails = call.has_fault("conversion_failed")
        if conversion is None:
            await self._start(key, job, fails)
            return Answer({"statusType": 1, "modelSize": size, "message": STARTING})
        if fails or (conversion.fails and not conversion.running):
            return self._failed(key, "Format conversion failed.")
        if conversion.running:
            conversion.asked += 1
            return Answer(
                {"statusType": 1, "modelSize": size, "message": WAITING if conversion.asked % 2 else STARTING}
            )
        try:
            conversion.task.result()
        except ConversionError as error:
            return self._failed(key, str(error))
        url = self._world.result_url(call, conversion.key)
        return Answer({"statusType": 0, "modelUrl": url, "scaleNumber": conversion.scale, "message": READY})

    async def _start(self, key: Key, job: Job, fails: bool) -> None:
        uuid, kind, size = key
        try:
            command = self._world.converter.command(self._world.settings.blender)
        except ConversionError as error:
            raise Refusal(str(error)) from None
        # The scale is a whole number in the document's sample, so the size asked for is met only roughly.
        scale = max(1, round(size / await self._world.models.longest_side(job.spec)))
        if key in self._running:  # Another request for the same came while the model was being measured.
            return
        if key not in self._paid:
            self._world.ledger.charge("conversion", self._world.settings.price("conversion"), [uuid])
            self._paid.add(key)
        glb = partial(self._world.models.glb, job.spec)
        task = self._world.converter.begin(command, glb, kind, scale / 1000, kind in ZIPPED)
        name = f"{kind}_{present.uuid4()}.{'zip' if kind in ZIPPED else kind}"
        self._running[key] = Conversion(task, name, scale, self._world.settings.conversion_seconds, fails)
        self._world.files.put(name, partial(_result, task))

    def _failed(self, key: Key, message: str) -> Answer:
        """Say so once; the next request for the same begins anew."""
        self._running.pop(key).task.cancel()
        if self._world.settings.refund_failed:
            self._paid.discard(key)
            self._world.ledger.refund("conversion", self._world.settings.price("conversion"), [key[0]])
        raise Refusal(message)


async def _result(task: asyncio.Future[bytes]) -> bytes:
    return task.result() if task.done() else await asyncio.shield(task)

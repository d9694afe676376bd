"""Neural4D's endpoints that are the same in each generation: results, formats, portraits, points, progress.

May import what the stand-in is built on, nothing of the client. What a wrong request is, is the generation's matter.
"""

from __future__ import annotations

from functools import partial
from typing import Any

from ..files.uploaded_images import shows_human
from ..http import request_checks
from ..http.request_checks import Refusal
from ..state import Answer, Call, World
from ..timed_work import shown_percent
from . import input as check
from .convert import Conversions
from .jobs import JobBook


class Queries:
    def __init__(self, world: World, book: JobBook) -> None:
        self._world = world
        self._book = book
        self._conversions = Conversions(world)

    def clear(self) -> None:
        self._conversions.clear()

    def retrieve(self, call: Call, uuid: str, unknown: str, generating: str) -> Answer:
        """A model's state; the two messages are what the generations say differently."""
        job = self._book.find(uuid)
        if job is None:
            return Answer({"codeStatus": -2, "message": unknown})
        if call.has_fault("generation_failed"):
            job.fail()
        if job.state == "failed":
            return Answer({"codeStatus": -3, "message": "Generate model failed"})
        if job.state == "generating":
            return Answer({"codeStatus": 1, "message": generating})
        return Answer(
            {
                "codeStatus": 0,
                "message": "Generate model success",
                "modelUrl": self._world.result_url(call, f"{uuid}_0.glb"),
                "imageUrl": self._world.result_url(call, f"{uuid}_0.jpg"),
                "prompts": job.prompt,
                "createdAt": job.created_at,
                "sourcePage": job.source_page,
            }
        )

    async def convert(self, call: Call) -> Answer:
        body = request_checks.json_object(call)
        uuid = request_checks.text(body, "uuid")
        job = self._book.find(uuid)
        if job is None:
            raise Refusal(f"Model not found for this UUID ({uuid}). Please check if the UUID is correct.")
        if job.state != "done":
            raise Refusal("The model has not been generated successfully; check it with /retrieveModel first.")
        return await self._conversions.answer(call, body, job)

    async def check_human(self, call: Call) -> Answer:
        if call.has_fault("human_rate_limit"):
            message = "Rate limit reached for image style detection, returning false"
            return Answer({"statusCode": -1, "result": False, "message": message})
        upload = request_checks.one_file(request_checks.form(call), "image")
        check.plain_image(upload)
        fixed = self._world.settings.human
        found = fixed if isinstance(fixed, bool) else await self._world.models.run(partial(shows_human, upload.data))
        return Answer({"statusCode": 0, "result": found, "message": "success"})

    async def points(self, call: Call) -> Answer:
        bonus, year, permanent = self._world.ledger.shown_purses()
        data: dict[str, Any] = {
            "total_points": bonus + year + permanent,
            "monthly_bonus_points": bonus,
            "permanent_points": permanent,
            "year_points": year,
            "expiration_day": self._world.settings.expiration_day,
        }
        return Answer({"statusType": 0, "data": data, "message": "Get the points info successfully"})

    async def progress(self, call: Call) -> Answer:
        uuid = request_checks.text(request_checks.json_object(call), "uuid")
        job = self._book.find(uuid)
        if job is None:
            return Answer(
                {"statusType": -1, "message": "The job doesn't exist, please confirm whether the UUID is correct."}
            )
        if call.has_fault("generation_failed"):
            job.fail()
        percent = shown_percent(call, job)
        shown = percent if isinstance(percent, str) else f"{percent}%"
        return Answer({"statusType": 0, "message": "Get job progress successfully", "progress": shown})

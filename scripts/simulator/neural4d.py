"""Neural4D's API 1.2: the ten endpoints, to the letter of its document.

May import what the stand-in is built on, nothing of the client. Where the document is silent: a refused
request is HTTP 400 with a message (endpoints whose answer has a code for 'incorrect' use that, with
HTTP 200), a bad token is HTTP 401 (retrieveModel: codeStatus -1), too few points are HTTP 402.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from . import asked
from . import neural4d_input as check
from .asked import Refusal
from .images import shows_human
from .ledger import NotEnough
from .neural4d_convert import Conversions
from .neural4d_images import ImageEndpoints
from .neural4d_jobs import Job, JobBook, new_uuids
from .timed import shown_percent
from .world import Answer, Call, Handler, Service, World

#: How each endpoint says that something is wrong, beside `message`.
_ERROR_FIELDS: dict[str, dict[str, Any]] = {
    "generateModelWithText": {"type": "sys"},
    "retrieveModel": {"codeStatus": -2},
    "mattingImage": {"type": "sys"},
    "getMattedResult": {},
    "generateModelWithImage": {"type": "sys"},
    "createCuteModelsFromImages": {"success": False},
    "convertToFormat": {"statusType": -1},
    "checkHumanImage": {"statusCode": -1, "result": False},
    "queryPointsInfo": {"statusType": -1},
    "queryJobProgress": {"statusType": -2},
}
#: These have a code for wrong parameters, so a wrong request is a normal answer.
_CODES_FOR_WRONG_INPUT = {"convertToFormat", "checkHumanImage", "queryJobProgress"}


class Neural4D(Service):
    """The service. One operation is charged once, when it is accepted."""

    name = "neural4d"
    endpoints = set(_ERROR_FIELDS)
    main_fields: Mapping[str, str] = {
        "generateModelWithText": "uuids",
        "retrieveModel": "codeStatus",
        "mattingImage": "requestId",
        "getMattedResult": "fileKeys",
        "generateModelWithImage": "uuids",
        "createCuteModelsFromImages": "results",
        "convertToFormat": "statusType",
        "checkHumanImage": "result",
        "queryPointsInfo": "data",
        "queryJobProgress": "progress",
    }

    code_fields = ("codeStatus", "statusType", "statusCode")
    secret_fields: frozenset[str] = frozenset()

    def __init__(self, world: World) -> None:
        self._world = world
        self._book = JobBook(world)
        self._images = ImageEndpoints(world, self._book)
        self._conversions = Conversions(world)
        self._handlers: dict[str, Handler] = {
            "generateModelWithText": self._generate_with_text,
            "retrieveModel": self._retrieve,
            "mattingImage": self._images.matting,
            "getMattedResult": self._images.matted_result,
            "generateModelWithImage": self._images.generate,
            "createCuteModelsFromImages": self._images.generate_chibi,
            "convertToFormat": self._convert,
            "checkHumanImage": self._check_human,
            "queryPointsInfo": self._points,
            "queryJobProgress": self._progress,
        }

    # What the gateway asks

    def find(self, method: str, path: str) -> tuple[str, Handler] | None:
        endpoint = path.removeprefix("/api/")
        if path != f"/api/{endpoint}" or endpoint not in self._handlers:
            return None
        return endpoint, partial(self._guarded, self._handlers[endpoint])

    def methods(self, endpoint: str) -> set[str]:
        return {"POST"}

    def authorised(self, headers: Mapping[str, str], call: Call) -> bool:
        """Bearer TOKEN; one sample of the document shows the bare token, so that is accepted too."""
        return headers.get("Authorization", "").removeprefix("Bearer ") == self._world.settings.token

    def unauthorised(self, endpoint: str) -> Answer:
        message = "The current token is invalid or expired."
        if endpoint == "retrieveModel":
            return Answer({"codeStatus": -1, "message": message})
        return Answer({**_ERROR_FIELDS[endpoint], "message": message}, 401)

    def refused(self, endpoint: str, status: int, message: str) -> Answer:
        return Answer({**_ERROR_FIELDS[endpoint], "message": message}, status)

    def settle(self) -> None:
        self._book.settle()

    def finish_jobs(self) -> None:
        self._book.finish()
        self._images.finish()

    def jobs(self) -> list[dict[str, Any]]:
        return self._book.listing()

    def reset(self) -> None:
        self._book.clear()
        self._images.clear()
        self._conversions.clear()

    async def _guarded(self, handler: Handler, call: Call) -> Answer:
        """A refusal becomes the endpoint's own kind of error answer."""
        self.settle()
        try:
            return await handler(call)
        except Refusal as refusal:
            in_band = call.endpoint in _CODES_FOR_WRONG_INPUT and refusal.status == 400
            return self.refused(call.endpoint, 200 if in_band else refusal.status, refusal.message)
        except NotEnough:
            return self.refused(call.endpoint, self._world.settings.no_points_status, "Insufficient points.")

    # Text to 3D, and every model's result

    async def _generate_with_text(self, call: Call) -> Answer:
        body = asked.json_object(call)
        prompt = asked.text(body, "prompt")
        count = check.model_count(body)
        pbr = check.wants_pbr(body)
        uuids = check.own_uuids(body, count) or new_uuids(count)
        specs = [self._world.spec(variant, pbr, prompt=prompt) for variant in range(count)]
        self._book.start(call, "text", uuids, specs, prompt, "createModel")
        return Answer({"type": "sys", "message": "Generating", "uuids": uuids})

    async def _retrieve(self, call: Call) -> Answer:
        uuid = asked.text(asked.json_object(call), "uuid")
        job = self._book.find(uuid)
        if job is None:
            return Answer({"codeStatus": -2, "message": f"Model not found for this UUID ({uuid})."})
        if call.has_fault("generation_failed"):
            job.fail()
        if job.state == "failed":
            return Answer({"codeStatus": -3, "message": "Generate model failed"})
        if job.state == "generating":
            return Answer({"codeStatus": 1, "message": "The model is generating"})
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

    # Formats, portraits, points, progress

    async def _convert(self, call: Call) -> Answer:
        body = asked.json_object(call)
        uuid = asked.text(body, "uuid")
        job = self._book.find(uuid)
        if job is None:
            raise Refusal(f"Model not found for this UUID ({uuid}). Please check if the UUID is correct.")
        if job.state != "done":
            raise Refusal("The model has not been generated successfully; check it with /retrieveModel first.")
        return await self._conversions.answer(call, body, job)

    async def _check_human(self, call: Call) -> Answer:
        if call.has_fault("human_rate_limit"):
            message = "Rate limit reached for image style detection, returning false"
            return Answer({"statusCode": -1, "result": False, "message": message})
        upload = asked.one_file(asked.form(call), "image")
        check.plain_image(upload)
        fixed = self._world.settings.human
        found = fixed if isinstance(fixed, bool) else await self._world.models.run(partial(shows_human, upload.data))
        return Answer({"statusCode": 0, "result": found, "message": "success"})

    async def _points(self, call: Call) -> Answer:
        ledger = self._world.ledger
        data = {
            "total_points": ledger.total,
            "monthly_bonus_points": ledger.bonus,
            "permanent_points": ledger.permanent,
            "year_points": ledger.year,
            "expiration_day": self._world.settings.expiration_day,
        }
        return Answer({"statusType": 0, "data": data, "message": "Get the points info successfully"})

    async def _progress(self, call: Call) -> Answer:
        uuid = asked.text(asked.json_object(call), "uuid")
        job = self._book.find(uuid)
        if job is None:
            return Answer(
                {"statusType": -1, "message": "The job doesn't exist, please confirm whether the UUID is correct."}
            )
        if call.has_fault("generation_failed"):
            job.fail()
        return Answer(
            {"statusType": 0, "message": "Get job progress successfully", "progress": _shown_progress(call, job)}
        )


def _shown_progress(call: Call, job: Job) -> str:
    shown = shown_percent(call, job)
    return shown if isinstance(shown, str) else f"{shown}%"

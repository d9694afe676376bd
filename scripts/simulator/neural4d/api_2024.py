"""Neural4D as it was in 2024: API 1.2, its ten endpoints to the letter of its document.

May import what the stand-in is built on, nothing of the client. Where the document is silent: a refused
request is HTTP 400 with a message (endpoints whose answer has a code for 'incorrect' use that, with
HTTP 200), a bad token is HTTP 401 (retrieveModel: codeStatus -1), too few points are HTTP 402.
"""

from __future__ import annotations

from typing import Any

from ..http import request_checks
from ..http.request_checks import Refusal
from ..ledger import NotEnough
from ..state import Answer, Call, Handler, World
from . import input as check
from .images import ImageEndpoints
from .jobs import JobBook, new_uuids
from .queries import Queries

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


class Of2024:
    """The generation of 2024."""

    def __init__(self, world: World, book: JobBook, images: ImageEndpoints, queries: Queries) -> None:
        self._world = world
        self._book = book
        self._queries = queries
        self.handlers: dict[str, Handler] = {
            "generateModelWithText": self._generate_with_text,
            "retrieveModel": self._retrieve,
            "mattingImage": images.matting,
            "getMattedResult": images.matted_result,
            "generateModelWithImage": images.generate,
            "createCuteModelsFromImages": images.generate_chibi,
            "convertToFormat": queries.convert,
            "checkHumanImage": queries.check_human,
            "queryPointsInfo": queries.points,
            "queryJobProgress": queries.progress,
        }

    def find(self, endpoint: str) -> Handler | None:
        return self.handlers.get(endpoint)

    def unauthorised(self, endpoint: str) -> Answer:
        message = "The current token is invalid or expired."
        if endpoint == "retrieveModel":
            return Answer({"codeStatus": -1, "message": message})
        return self.refused(endpoint, 401, message)

    def refused(self, endpoint: str, status: int, message: str) -> Answer:
        return Answer({**_ERROR_FIELDS.get(endpoint, {}), "message": message}, status)

    async def guarded(self, handler: Handler, call: Call) -> Answer:
        """A refusal becomes the endpoint's own kind of error answer."""
        try:
            return await handler(call)
        except Refusal as refusal:
            in_band = call.endpoint in _CODES_FOR_WRONG_INPUT and refusal.status == 400
            return self.refused(call.endpoint, 200 if in_band else refusal.status, refusal.message)
        except NotEnough:
            return self.refused(call.endpoint, self._world.settings.no_points_status, "Insufficient points.")

    async def _generate_with_text(self, call: Call) -> Answer:
        body = request_checks.json_object(call)
        prompt = request_checks.text(body, "prompt")
        count = check.model_count(body)
        pbr = check.wants_pbr(body)
        uuids = check.own_uuids(body, count) or new_uuids(count)
        specs = [self._world.spec(variant, pbr, prompt=prompt) for variant in range(count)]
        self._book.start(call, "text", uuids, specs, prompt, "createModel")
        return Answer({"type": "sys", "message": "Generating", "uuids": uuids})

    async def _retrieve(self, call: Call) -> Answer:
        uuid = request_checks.text(request_checks.json_object(call), "uuid")
        unknown = f"Model not found for this UUID ({uuid})."
        return self._queries.retrieve(call, uuid, unknown, "The model is generating")

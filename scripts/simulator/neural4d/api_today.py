"""Neural4D as it is today: API 1.5.4, to the letter of its document but for createNormalVideo, which is not there.

May import what the stand-in is built on, nothing of the client. Where the document is silent: a wrong request is
HTTP 400 with `errors` (endpoints whose answer has a code for 'invalid' use that, with HTTP 200); a bad token is
the text of the 401 at every endpoint but retrieveModel, whose document has a code for it and no 401; what is not
there is the HTML page of Express; unknown fields are passed over.

A model keeps the small mesh of its shape although a default one would have a million faces: only a faceNum that
the client gave and that is at most FACES_MADE is followed, and the setting `triangles` goes before it.
"""

from __future__ import annotations

from html import escape
from typing import Any

from ..files.model_maker import ModelSpec
from ..http.request_checks import Refusal
from ..ledger import NotEnough
from ..state import Answer, Call, Handler, Upload, World
from . import input
from .images import ImageEndpoints
from .input_today import Fields, Invalid, Wanted, item, wanted
from .jobs import JobBook, new_uuids
from .pictures import Pictures
from .queries import Queries

FACES_MADE = 150_000
NO_POINTS = "Insufficient points or account restricted"
NOT_ALLOWED = "Generation is not available for the current account"
#: What the endpoints that have a code say about a wrong request.
_CODES: dict[str, dict[str, Any]] = {
    "convertToFormat": {"statusType": -1},
    "checkHumanImage": {"statusCode": -1, "result": False},
    "queryJobProgress": {"statusType": -2},
}


class Declined(Exception):
    """The request is right and yet not carried out; nothing was charged."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


class Today:
    """Today's generation."""

    def __init__(
        self, world: World, book: JobBook, images: ImageEndpoints, queries: Queries, pictures: Pictures
    ) -> None:
        self._world = world
        self._book = book
        self._images = images
        self._queries = queries
        self._pictures = pictures
        self._handlers: dict[str, Handler] = {
            "generateModelWithText": self._with_text,
            "generateModelWithImage": self._with_image,
            "createCuteModelsFromImages": self._chibi,
            "createNormalPicture": self._picture,
            "queryGenerationResult": self._picture_result,
            "retrieveModel": self._retrieve,
            "convertToFormat": queries.convert,
            "checkHumanImage": queries.check_human,
            "queryPointsInfo": queries.points,
            "queryJobProgress": queries.progress,
        }
        self._matting: dict[str, Handler] = {
            "mattingImage": images.matting,
            "getMattedResult": images.matted_result,
        }

    def find(self, endpoint: str) -> Handler:
        there = self._handlers | (self._matting if self._world.settings.matting else {})
        return there.get(endpoint, _missing)

    def unauthorised(self, endpoint: str) -> Answer:
        if endpoint == "retrieveModel":
            return Answer({"codeStatus": -1, "message": "The current token is invalid or expired."})
        return self.refused(endpoint, 401, "Unauthorized")

    def refused(self, endpoint: str, status: int, message: str) -> Answer:
        if status == 401:
            return Answer({}, 401, {"Content-Type": "text/plain; charset=utf-8"}, message)
        if status == 400:
            return Answer({"errors": [item("", message)]}, 400)
        if status == 500:
            return Answer({"error": message}, 500)
        return Answer({"message": message}, status)

    async def guarded(self, handler: Handler, call: Call) -> Answer:
        """A refusal becomes the endpoint's own kind of error answer."""
        try:
            return await handler(call)
        except Declined as declined:
            return declined.answer
        except Invalid as invalid:
            return Answer({"errors": invalid.items}, 400)
        except Refusal as refusal:
            if call.endpoint in _CODES and refusal.status == 400:
                return Answer({**_CODES[call.endpoint], "message": refusal.message})
            return self.refused(call.endpoint, refusal.status, refusal.message)
        except NotEnough:
            return self.refused(call.endpoint, self._world.settings.no_points_status, NO_POINTS)

    # Models

    async def _with_text(self, call: Call) -> Answer:
        fields = Fields(call)
        prompt = fields.text("prompt")
        order = wanted(fields)
        fields.done()
        self._admit("prompt", prompt)
        told, known = self._ids(fields.get("uuids"), order.count)
        specs = [self._spec(order, variant, prompt=prompt) for variant in range(order.count)]
        points = self._book.start(call, "text", known, specs, prompt, "createModel", order.count)
        return self._generating(told, order, points, None)

    async def _with_image(self, call: Call) -> Answer:
        key = Fields(call).get("fileKey") if self._world.settings.matting else None
        fields = Fields(call, form=key is None)
        uploads = [] if key is not None else fields.files("image")
        if key is None and len(uploads) != 1 and not fields.wrong:
            fields.refuse("image", "Only one image file is allowed" if uploads else "Image file is required")
        # Beta: without the arrangement that it takes, it changes nothing.
        fields.truth("enableImageEnhancement")
        order = wanted(fields)
        fields.done()
        self._admit("image", *(upload.name for upload in uploads))
        image, cut = (uploads[0].data, 0) if key is None else self._images.cut_out(key)
        uuids = new_uuids(order.count)
        specs = [self._spec(order, variant, image=image, cut=cut) for variant in range(order.count)]
        points = self._book.start(call, "image", uuids, specs, "", "direct3DA11", order.count)
        return self._generating(uuids, order, points, self._images.shown(call, uploads[0]) if uploads else None)

    async def _chibi(self, call: Call) -> Answer:
        fields = Fields(call, form=True)
        uploads = fields.files("images")
        if not uploads and not fields.wrong:
            fields.refuse("images", "Image file is required")
        style = fields.text("styleType")
        fields.done()
        self._admit("image", *(upload.name for upload in uploads))
        return self._images.chibi(call, uploads, style, self._start_chibi)

    def _start_chibi(self, call: Call, uploads: list[Upload]) -> list[str]:
        """All images of one operation, paid as one."""
        uuids = new_uuids(len(uploads))
        specs = [self._world.spec(0, True, image=upload.data) for upload in uploads]
        self._book.start(call, "chibi", uuids, specs, "", "createCuteModels", len(uploads))
        return uuids

    async def _retrieve(self, call: Call) -> Answer:
        return self._queries.retrieve(call, _uuid(call), "This UUID does not exist.", "The generation is in progress.")

    def _spec(self, order: Wanted, variant: int, **more: Any) -> ModelSpec:
        if order.faces is not None and order.faces <= FACES_MADE and self._world.settings.triangles is None:
            more["triangles"] = order.faces
        return self._world.spec(variant, order.pbr, textured=not order.mesh_only, **more)

    def _ids(self, given: Any, count: int) -> tuple[list[str], list[str]]:
        """The ids that the answer tells, and those that the service knows."""
        own, mode = new_uuids(count), self._world.settings.ids
        try:
            ours = input.own_uuids({"uuids": given}, count)
        except Refusal:  # No document has them, so they are looked at no closer.
            ours = None
        if ours is None or mode == "ignored":
            return own, own
        if mode == "honoured":
            return ours, ours
        if mode == "mixed":
            mixed = [ours[0], *own[1:]]
            return mixed, mixed
        return ours, own

    def _generating(self, uuids: list[str], order: Wanted, points: int, url: str | None) -> Answer:
        told: dict[str, dict[str, Any]] = {
            "told": {"pointsDeducted": points},
            "null": {"pointsDeducted": None},
            "absent": {},
        }
        return Answer(
            {
                "type": "sys",
                "message": "Generating",
                "uuids": uuids,
                "uploadedImageUrl": url,
                "generationConfig": order.config,
                **told[self._world.settings.points_told],
            }
        )

    # Pictures

    async def _picture(self, call: Call) -> Answer:
        fields = Fields(call, form=True)
        asked_for = self._pictures.asked(fields)
        fields.done()
        self._admit("prompt", asked_for.prompt, *(upload.name for upload in asked_for.references))
        return self._pictures.start(call, asked_for)

    async def _picture_result(self, call: Call) -> Answer:
        return self._pictures.result(call, _uuid(call))

    # What is asked before anything is made

    def _admit(self, what: str, *texts: str) -> None:
        """Let nobody in whose account may not, and no word that may not."""
        settings = self._world.settings
        if settings.account != "ok":
            status, message = (402, NO_POINTS) if settings.account == "restricted" else (403, NOT_ALLOWED)
            raise Declined(Answer({"message": message}, status))
        words = [word.lower() for word in settings.moderated_words]
        if any(word in text.lower() for word in words for text in texts):
            raise Declined(Answer({"limitType": 3, "message": f"Please check the {what}."}))


def _uuid(call: Call) -> str:
    fields = Fields(call)
    uuid = fields.text("uuid")
    fields.done()
    return uuid


async def _missing(call: Call) -> Answer:
    """The page of an Express server that has no such route."""
    page = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>Error</title>\n</head>\n'
        f"<body>\n<pre>Cannot POST /api/{escape(call.endpoint)}</pre>\n</body>\n</html>\n"
    )
    return Answer({}, 404, {"Content-Type": "text/html; charset=utf-8"}, page)

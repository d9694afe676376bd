"""Today's Neural4D makes pictures: createNormalPicture and queryGenerationResult.

May import what the stand-in is built on, nothing of the client. Where the document is silent: an unknown uuid is
HTTP 404 without `data`; the first third of a picture's time it is 'queued', then 'processing'; the points come back
under `refund_failed` when all pictures of a request failed. A reference has to be an image, and changes nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..state import Answer, Call, Upload, World
from ..timed_work import Timed
from .input_today import Fields
from .jobs import new_uuids

MODELS = ("image-2", "nano_banana_pro")
#: Width and height by aspect ratio.
SIZES = {"1:1": (768, 768), "16:9": (1024, 576), "9:16": (576, 1024), "4:3": (1024, 768), "3:4": (768, 1024)}
MOST_REFERENCES = 6
MOST_PICTURES = 4


@dataclass
class AskedFor:
    """One request's checked fields."""

    prompt: str
    references: list[Upload]
    ratio: str
    count: int


@dataclass(kw_only=True)
class Picture(Timed):
    uuid: str
    prompt: str

    @property
    def status(self) -> str:
        """queued, processing, completed or failed."""
        if self.state != "generating":
            return "completed" if self.state == "done" else "failed"
        return "queued" if self.percent < 33 else "processing"

    @property
    def key(self) -> str:
        """The result's at the file host."""
        return f"pictures/{self.uuid}.png"


@dataclass
class _Request:
    points: int
    pictures: list[Picture] = field(default_factory=list)
    refunded: bool = False


class Pictures:
    def __init__(self, world: World) -> None:
        self._world = world
        self._pictures: dict[str, Picture] = {}
        self._requests: list[_Request] = []

    def clear(self) -> None:
        self._pictures.clear()
        self._requests.clear()

    def finish(self) -> None:
        for picture in self._pictures.values():
            picture.end()

    def settle(self) -> None:
        """Where it is so set, give back what was paid for requests that brought nothing."""
        for request in self._requests:
            lost = all(picture.state == "failed" for picture in request.pictures)
            if self._world.settings.refund_failed and lost and not request.refunded:
                request.refunded = True
                self._world.ledger.refund("picture", request.points, [picture.uuid for picture in request.pictures])

    def listing(self) -> list[dict[str, Any]]:
        """One row a picture, for the admin port."""
        return [
            {
                "service": "neural4d",
                "uuid": picture.uuid,
                "prompt": picture.prompt,
                "state": picture.state,
                "percent": picture.percent,
                "source_page": "createNormalPicture",
            }
            for picture in self._pictures.values()
        ]

    @staticmethod
    def asked(fields: Fields) -> AskedFor:
        """What a request asks for; what is wrong with it stands in `fields`."""
        references = fields.files("images")
        if len(references) > MOST_REFERENCES:
            fields.refuse("images", f"At most {MOST_REFERENCES} images are allowed")
        fields.choice("modelKey", MODELS, MODELS[0])
        ratio = fields.choice("aspectRatio", tuple(SIZES), "1:1")
        return AskedFor(fields.text("prompt"), references, ratio, fields.whole("jobNum", 1, MOST_PICTURES) or 1)

    def start(self, call: Call, asked_for: AskedFor) -> Answer:
        """Charge a request and begin its pictures.

        Raises:
            NotEnough: the balance is too low; nothing was begun.
        """
        settings, uuids = self._world.settings, new_uuids(asked_for.count)
        points = settings.price("picture") * asked_for.count
        self._world.ledger.charge("picture", points, uuids)
        request = _Request(points)
        self._requests.append(request)
        failing: Any = ()
        if call.fault is not None and call.fault.name == "generation_failed":
            failing = call.fault.params.get("variants", range(asked_for.count))
        for index, uuid in enumerate(uuids):
            seconds, fails = settings.picture_seconds, index in failing
            picture = Picture(uuid=uuid, prompt=asked_for.prompt, seconds=seconds, fails=fails)
            self._pictures[uuid] = picture
            request.pictures.append(picture)
            spec = self._world.spec(index, True, prompt=asked_for.prompt)
            self._world.files.put(picture.key, partial(self._world.models.picture, spec, SIZES[asked_for.ratio]))
        data = {"pointsDeducted": points, "queueStatus": "queued", "jobNum": asked_for.count, "uuids": uuids}
        return Answer({"success": True, "data": data})

    def result(self, call: Call, uuid: str) -> Answer:
        picture = self._pictures.get(uuid)
        if picture is None:
            return Answer({"success": False, "message": "This UUID does not exist."}, 404)
        if call.has_fault("generation_failed"):
            picture.fail()
            self.settle()
        done = picture.status == "completed"
        url = self._world.result_url(call, picture.key) if done else None
        data = {
            "uuid": uuid,
            "status": picture.status,
            "resultType": "image" if done else None,
            "resultUrl": url,
        }
        return Answer({"success": True, "data": data})

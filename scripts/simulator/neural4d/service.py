"""Neural4D in two generations: which of them answers a request, and what they share.

May import what the stand-in is built on, nothing of the client. A model that was made in one generation is
there in the other, as it would be at a service that moved on.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from ..state import Answer, Call, Handler, Service, World
from .api_2024 import Of2024
from .api_today import Today
from .images import ImageEndpoints
from .jobs import JobBook
from .pictures import Pictures
from .queries import Queries

ROOT = "/api/"


class Neural4D(Service):
    """The service. One operation is charged once, when it is accepted."""

    name = "neural4d"
    paid = frozenset(
        {
            "generateModelWithText",
            "generateModelWithImage",
            "createCuteModelsFromImages",
            "createNormalPicture",
            "convertToFormat",
        }
    )
    main_fields: Mapping[str, str] = {
        "generateModelWithText": "uuids",
        "retrieveModel": "codeStatus",
        "mattingImage": "requestId",
        "getMattedResult": "fileKeys",
        "generateModelWithImage": "uuids",
        "createCuteModelsFromImages": "results",
        "createNormalPicture": "data.uuids",
        "queryGenerationResult": "data.status",
        "convertToFormat": "statusType",
        "checkHumanImage": "result",
        "queryPointsInfo": "data",
        "queryJobProgress": "progress",
    }
    endpoints = set(main_fields)
    code_fields = ("codeStatus", "statusType", "statusCode", "data.status")
    secret_fields: frozenset[str] = frozenset()

    def __init__(self, world: World) -> None:
        self._world = world
        self._book = JobBook(world)
        self._images = ImageEndpoints(world, self._book)
        self._queries = Queries(world, self._book)
        self._pictures = Pictures(world)
        self._of_2024 = Of2024(world, self._book, self._images, self._queries)
        self._today = Today(world, self._book, self._images, self._queries, self._pictures)

    @property
    def _generation(self) -> Of2024 | Today:
        return self._today if self._world.settings.generations[self.name] == "today" else self._of_2024

    def find(self, method: str, path: str) -> tuple[str, Handler] | None:
        endpoint = path.removeprefix(ROOT)
        if path == endpoint or not endpoint or "/" in endpoint:
            return None
        generation = self._generation
        handler = generation.find(endpoint)
        return None if handler is None else (endpoint, partial(self._settled, generation, handler))

    def methods(self, endpoint: str) -> set[str]:
        return {"POST"}

    def authorised(self, headers: Mapping[str, str], call: Call) -> bool:
        """Bearer TOKEN; one sample of 2024 shows the bare token, so that is accepted too."""
        return headers.get("Authorization", "").removeprefix("Bearer ") == self._world.settings.token

    def unauthorised(self, endpoint: str) -> Answer:
        return self._generation.unauthorised(endpoint)

    def refused(self, endpoint: str, status: int, message: str) -> Answer:
        return self._generation.refused(endpoint, status, message)

    def settle(self) -> None:
        self._book.settle()
        self._pictures.settle()

    def finish_jobs(self) -> None:
        self._book.finish()
        self._images.finish()
        self._pictures.finish()

    def jobs(self) -> list[dict[str, Any]]:
        return self._book.listing() + self._pictures.listing()

    def reset(self) -> None:
        self._book.clear()
        self._images.clear()
        self._queries.clear()
        self._pictures.clear()

    async def _settled(self, generation: Of2024 | Today, handler: Handler, call: Call) -> Answer:
        self.settle()
        return await generation.guarded(handler, call)

"""Atelier: a made-up service with one way to make a model. Copied into ``engine/services/`` by its test."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from ..model.declaration import Declaration, Feature, Option, Quote
from . import results
from .base import Provider, value_of
from .results import Outcome

if TYPE_CHECKING:
    from ..model.request import Request


class Atelier(Provider):
    """POST /models, GET /models/ID, GET /credits."""

    declaration: ClassVar[Declaration] = Declaration(
        id="atelier",
        name="Atelier",
        url="https://atelier.example",
        url_env="ATELIER_API_URL",
        key_env="ATELIER_API_KEY",
        features=frozenset({Feature.TEXT, Feature.IMAGE, Feature.BALANCE, Feature.PROGRESS}),
        formats=("GLB",),
        lost_answers="The balance tells.",
        keys_page="https://atelier.example/keys",
        terms_page="https://atelier.example/terms",
        key_header="x-atelier-key",
        options=(Option("detail", "Detail", "int", 3, "How fine the model is", minimum=1, maximum=5),),
    )

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """Seven points a step of detail; a price that was measured is kept under the name of its operation."""
        detail = request.options.get("detail", 3)
        return [Quote(f"model of detail {detail}", 7 * detail)]

    def balance(self) -> results.Balance:
        """GET /credits."""
        return results.Balance(total=value_of(self.http.call("/credits", method="GET"), "credits", int))

    def submit(
        self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = ""
    ) -> results.Submission:
        """POST /models: a form where there is a picture, else JSON."""
        body = {"prompt": request.prompt, "detail": request.options.get("detail", 3)}
        answer = self.http.call("/models", body, [("picture", path) for path in request.images])
        return results.Submission([value_of(answer, "id", str)])

    def poll(self, uuid: str, expect_done: bool) -> results.Poll:
        """GET /models/ID."""
        answer = self.http.call(f"/models/{uuid}", method="GET")
        if answer.get("state") == "done":
            return results.Poll(Outcome.DONE, model_url=value_of(answer, "url", str))
        if answer.get("state") == "failed":
            return results.Poll(Outcome.FAILED, message=value_of(answer, "why", str))
        return results.Poll(Outcome.GENERATING, progress=answer.get("part"))

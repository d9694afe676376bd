"""GoNeural: an image, or an image asset of the account's own, becomes a model; a task that is asked about by its id.

A task says what it has cost and whether that was given back, so prices are learned from it. It carries no
id of ours and there is no list of tasks: a submission whose answer is lost cannot be looked for.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar

from .. import answers
from ..declaration import Declaration, Feature, Option, Quote
from ..errors import InvalidInput, JobNotFound, RequestRefused, UnexpectedAnswer
from .base import Outcome, Provider, value_of

if TYPE_CHECKING:
    from ..request import Request

_TASKS = "/v1/tasks"
_STATUSES = {
    "queued": Outcome.GENERATING,
    "in_progress": Outcome.GENERATING,
    "succeeded": Outcome.DONE,
    "failed": Outcome.FAILED,
}
#: What stands for "the service decides", and is not sent.
_ANY_SEED, _ANY_FACES = -1, 0
#: A task that nobody has: asking for it works with a valid key only, and costs nothing.
_NOBODYS = str(uuid.UUID(int=0))

_OPTIONS = (
    Option(
        "asset_id",
        "Asset ID",
        "text",
        "",
        "Instead of an image: the id of an image asset that GoNeural's text-to-image has made",
        replaces_image=True,
    ),
    Option(
        "seed",
        "Seed",
        "int",
        _ANY_SEED,
        "The seed that the model is made with; -1 has the service draw one",
        minimum=_ANY_SEED,
        maximum=2**31 - 1,
    ),
    Option(
        "faceLimit",
        "Faces from Service",
        "int",
        _ANY_FACES,
        "The service makes no more faces than this; 0 has it choose the best number",
        minimum=_ANY_FACES,
        maximum=2**31 - 1,
    ),
    Option(
        "version",
        "Model Version",
        "choice",
        "premium-v1",
        "The version of the service's model; there is one at present",
        choices=("premium-v1",),
    ),
)


class GoNeural(Provider):
    """POST /v1/tasks/image-to-3d and GET /v1/tasks/ID."""

    declaration: ClassVar[Declaration] = Declaration(
        id="goneural",
        name="GoNeural",
        url="https://api.goneural.ai",
        url_env="GONEURAL_API_URL",
        key_env="GONEURAL_API_KEY",
        features=frozenset({Feature.IMAGE, Feature.PBR}),
        formats=("GLB",),
        lost_answers=(
            "Nothing tells whether the job arrived: it becomes PaymentUnknown at once, and is sent again only when "
            "you say so."
        ),
        keys_page="https://goneural.ai",
        terms_page="https://goneural.ai",  # no page of its own is documented for them
        options=_OPTIONS,
        unit="credits",
    )

    @classmethod
    def check(cls, request: Request) -> None:
        """An asset's id is a UUID."""
        if asset := request.options.get("asset_id"):
            try:
                uuid.UUID(asset)
            except ValueError:
                raise InvalidInput(f"The option asset_id takes a UUID, not {asset!r}.") from None

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """No price is documented; what a task has cost is kept for textures of its kind."""
        return [Quote("image" if request.pbr is False else "image, PBR", None)]

    def test_key(self) -> None:
        """Ask for a task that nobody has."""
        try:
            self.http.call(f"{_TASKS}/{_NOBODYS}", method="GET")
        except RequestRefused as error:
            if error.http != 404 or not error.by_api:
                raise

    def submit(
        self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = ""
    ) -> answers.Submission:
        """A form with the image, or JSON with the id of an asset."""
        fields: dict[str, Any] = {
            "version": request.options.get("version", "premium-v1"),
            "pbr": request.pbr is not False,
        }
        for name, anything in (("seed", _ANY_SEED), ("faceLimit", _ANY_FACES)):
            if request.options.get(name, anything) != anything:
                fields[name] = request.options[name]
        task = self._create(request, fields)
        task_id = str(value_of(task, "id", str, int))
        polls = {}
        with suppress(UnexpectedAnswer):  # it is accepted all the same, and asked about later
            polls[task_id] = _read(task)
        return answers.Submission([task_id], polls=polls, details=_details(task))

    def _create(self, request: Request, fields: dict[str, Any]) -> dict[str, Any]:
        path = f"{_TASKS}/image-to-3d"
        asset = request.options.get("asset_id")
        if not asset:
            # A form holds texts, and requests would write Python's True.
            form = {name: str(value).lower() if isinstance(value, bool) else value for name, value in fields.items()}
            return self.http.call(path, form, [("image", request.images[0])])
        try:
            return self.http.call(path, {"asset_id": asset, **fields})
        except RequestRefused as error:
            if error.http != 404 or not error.by_api:
                raise
            raise RequestRefused(
                f"GoNeural does not know the asset {asset}. {error.what}",
                "Copy the id of an image asset of your account at GoNeural, then generate again.",
            ) from None

    def poll(self, uuid: str, expect_done: bool) -> answers.Poll:
        """GET /v1/tasks/ID, which tells everything at once."""
        try:
            return _read(self.http.call(f"{_TASKS}/{uuid}", method="GET"))
        except RequestRefused as error:
            if error.http != 404:
                raise
            raise JobNotFound(f"GoNeural does not know this task any more: {error.what}") from None


def _read(task: dict[str, Any]) -> answers.Poll:
    outcome = _STATUSES.get(str(task.get("status")))
    if outcome is None:
        raise UnexpectedAnswer(f"GoNeural answered with the unknown status {task.get('status')!r}.")
    return answers.Poll(
        outcome,
        model_url=_model_url(task) if outcome is Outcome.DONE else "",
        message=_why(task),
        points=_points(task, over=outcome is not Outcome.GENERATING),
        details=_details(task),
    )


def _model_url(task: dict[str, Any]) -> str:
    """``output.glb``; what stands there under another name is better than nothing."""
    output = value_of(task, "output", dict)
    urls = [url for url in (output.get("glb"), *output.values()) if isinstance(url, str) and url]
    if not urls:
        raise UnexpectedAnswer(f"GoNeural says the task has succeeded and names no model: {str(output)[:100]}")
    return urls[0]


def _points(task: dict[str, Any], *, over: bool) -> int | None:
    """What the task says it has cost. A 0 in a task that is under way may be a price that is not known yet."""
    if task.get("refunded") is True:
        return 0 if over else None
    used = task.get("creditUsed")
    if isinstance(used, bool) or not isinstance(used, int | float) or used < 0 or not (over or used):
        return None
    return round(used)


def _why(task: dict[str, Any]) -> str:
    """No field is documented for a reason: take one where there is one."""
    meta = task.get("meta")
    said = task.get("error") or task.get("message") or (meta.get("error") if isinstance(meta, dict) else None)
    back = " GoNeural has given the credits back." if task.get("refunded") is True else ""
    return f"{said or 'no reason given'}.{back}".replace("..", ".")


def _details(task: dict[str, Any]) -> dict[str, str]:
    names = ("type", "seed", "assetId", "createdAt", "finishedAt")
    return {name: str(task[name]) for name in names if task.get(name) not in (None, "")}

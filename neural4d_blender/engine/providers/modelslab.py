"""ModelsLab's enterprise API: the web address of an image becomes a model, at once or a little later.

There is no upload: the service fetches the image itself. The key stands in the body of each request,
and a refusal is a text in an answer that may well be HTTP 200. A job carries our id for it as
``track_id``, which the service shows but offers no way to ask for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .. import answers
from ..declaration import Declaration, Feature, Option, Quote
from ..errors import (
    JobNotFound,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceBusy,
    ServiceDown,
    UnexpectedAnswer,
)
from ..limits import FORMATS
from .base import Outcome, Provider

if TYPE_CHECKING:
    from ..request import Request

_ROOT = "/api/v1/enterprise/3d"
#: Refusals are told apart by their words: no codes are documented.
_OF_THE_KEY = r"(?i)\bkey\b|unauthori[sz]ed|authenticat"
_OF_HURRY = r"(?i)rate.?limit|too many requests|slow down"
_OF_MONEY = r"(?i)credit|balance|funds|quota|payment|subscri|upgrade|limit exceeded"
_OF_THE_ID = r"(?i)not found|no (such )?request|invalid (request )?id\b|(does not|doesn't) exist"
#: An id that no job has: fetching it works with a valid key only, and costs nothing.
_NOBODYS = "0"

_OPTIONS = (
    Option("remove_bg", "Remove Background", "bool", False, "The service removes the background of the image first"),
    Option(
        "foreground_ratio",
        "Foreground Ratio",
        "float",
        0.85,
        "The part of the image that the subject takes; by the service's document it counts without Remove Background",
        minimum=0.01,
        maximum=1.0,
    ),
    Option(
        "resolution",
        "Resolution",
        "int",
        256,
        "Resolution of the output",
        minimum=1,
        maximum=512,
    ),
    Option(
        "chunk_size",
        "Chunk Size",
        "int",
        8192,
        "The higher the better, says the service's document, without saying of what",
        minimum=1,
        maximum=12000,
    ),
)


class ModelsLab(Provider):
    """POST /image_to_3d and POST /fetch/ID, below /api/v1/enterprise/3d."""

    declaration: ClassVar[Declaration] = Declaration(
        id="modelslab",
        name="ModelsLab",
        url="https://modelslab.com",
        url_env="MODELSLAB_API_URL",
        key_env="MODELSLAB_API_KEY",
        features=frozenset({Feature.IMAGE_URL}),
        reasons={
            Feature.IMAGE: "ModelsLab has no upload: it fetches an image from the web, by its address. Nothing of "
            "yours is put on a public host for it."
        },
        formats=("OBJ",),
        lost_answers=(
            "The job carries the extension's own id as track_id, which the service cannot be asked for: it becomes "
            "PaymentUnknown at once and names the track_id, and is sent again only when you say so."
        ),
        keys_page="https://modelslab.com",
        terms_page="https://modelslab.com/terms-of-service",
        key_field="key",
        options=_OPTIONS,
    )

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """No price is documented, and no answer tells one."""
        return [Quote("image", None)]

    def tickets(self, request: Request, job_id: str) -> list[str]:
        """The track_id: by it a user finds the job at the service."""
        return [job_id]

    def test_key(self) -> None:
        """Fetch what nobody has ordered."""
        try:
            answer = self._fetch(_NOBODYS)
        except JobNotFound:
            return
        raise UnexpectedAnswer(f"ModelsLab neither accepted nor refused the key. It said: {_said(answer)}")

    def submit(
        self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = ""
    ) -> answers.Submission:
        """POST /image_to_3d. An answer with the result in it has no id, and needs none."""
        options = {option.key: request.options.get(option.key, option.default) for option in _OPTIONS}
        answer = self.http.call(
            f"{_ROOT}/image_to_3d",
            {"init_image": request.images[0], **options, "webhook": None, "track_id": tickets[0]},
        )
        if answer.get("status") == "error":
            raise _refusal(_said(answer))
        order = _id_of(answer)
        if not order and answer.get("status") not in ("success", "failed"):
            raise UnexpectedAnswer(f"ModelsLab's answer {answer.get('status')!r} names no id: {_said(answer)}")
        polls = {}
        try:
            polls[order] = _read(answer)
        except UnexpectedAnswer:
            if not order:
                raise  # with an id it is accepted all the same, and asked about later
        return answers.Submission([order], polls=polls, details=_details(answer))

    def poll(self, uuid: str, expect_done: bool) -> answers.Poll:
        """POST /fetch/ID. The address that an answer names for that is never used: the key goes along."""
        if not uuid:
            raise JobNotFound(
                "ModelsLab gave the model at once and without an id, so it cannot be asked for it again.",
                "Look for the model on ModelsLab's own page; generating it again is paid again.",
            )
        return _read(self._fetch(uuid))

    def _fetch(self, order: str) -> dict[str, Any]:
        try:
            answer = self.http.call(f"{_ROOT}/fetch/{order}", {})
        except RequestRefused as error:
            if not error.by_api:
                raise
            raise _trouble(error.what) from None
        if answer.get("status") == "error":
            raise _trouble(_said(answer))
        return answer


def _read(answer: dict[str, Any]) -> answers.Poll:
    """An answer with any status but ``error``."""
    status, message = answer.get("status"), _said(answer)
    if status == "failed":
        return answers.Poll(Outcome.FAILED, message=message)
    if status == "processing":
        return answers.Poll(Outcome.GENERATING, eta=_seconds(answer.get("eta")), message=message)
    if status != "success":
        raise UnexpectedAnswer(f"ModelsLab answered with the unknown status {status!r}: {message}")
    urls, mirrors = _urls(answer, "output"), _urls(answer, "proxy_links")
    if not urls:
        raise UnexpectedAnswer(f"ModelsLab says the model is done and names no address of it: {message}")
    best = next((number for number, url in enumerate(urls) if _is_model(url)), 0)
    return answers.Poll(
        Outcome.DONE, model_url=urls[best], mirrors=tuple(mirrors[best : best + 1]), details=_details(answer)
    )


def _refusal(said: str) -> Neural4DError:
    """The error of a request that the service has not taken."""
    if re.search(_OF_THE_KEY, said):
        return KeyRejected(f"ModelsLab did not accept the key: {said}")
    if re.search(_OF_HURRY, said):
        return ServiceBusy(f"ModelsLab asks to slow down: {said}")
    if re.search(_OF_MONEY, said):
        return NotEnoughPoints(f"ModelsLab says the account does not cover this: {said}")
    return RequestRefused(f"ModelsLab refused the request: {said}")


def _trouble(said: str) -> Neural4DError:
    """The error of a question about a job, which may be asked again: nothing is lost by an answer that says no."""
    refusal = _refusal(said)
    if isinstance(refusal, KeyRejected | ServiceBusy):
        return refusal
    if re.search(_OF_THE_ID, said):
        return JobNotFound(f"ModelsLab does not know this job: {said}")
    return ServiceDown(f"ModelsLab answered with an error instead of the job: {said}")


def _said(answer: dict[str, Any]) -> str:
    """The message; a list of what is wrong with each field stays one."""
    said = answer.get("message") or answer.get("messege") or answer.get("error") or "no reason given"
    text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
    return " ".join(text.split())[:200]


def _id_of(answer: dict[str, Any]) -> str:
    """The job's id, which ``fetch_result`` ends with too; empty where there is none."""
    number = answer.get("id")
    if isinstance(number, int | str) and not isinstance(number, bool) and str(number):
        return str(number)
    found = re.search(r"/fetch/([\w-]+)/?$", str(answer.get("fetch_result")))
    return found[1] if found else ""


def _seconds(eta: object) -> float | None:
    number = isinstance(eta, int | float) and not isinstance(eta, bool)
    return float(eta) if number and 0 <= eta < 86400 else None  # type: ignore[arg-type, operator]


def _urls(answer: dict[str, Any], name: str) -> list[str]:
    found = answer.get(name) or []
    return [url for url in (found if isinstance(found, list) else [found]) if isinstance(url, str) and url]


def _is_model(url: str) -> bool:
    return url.partition("?")[0].rpartition(".")[2].upper() in FORMATS


def _details(answer: dict[str, Any]) -> dict[str, str]:
    meta = answer.get("meta")
    told = {**(meta if isinstance(meta, dict) else {}), **answer}
    names = ("track_id", "seed", "generationTime", "warning", "nsfw_content_detected")
    return {name: str(told[name]) for name in names if told.get(name) not in (None, "")}

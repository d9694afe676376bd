"""How ModelsLab's answers are read, and what its refusals mean: they are texts, in answers that may be HTTP 200.

Standard library only; no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import (
    JobNotFound,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceBusy,
    ServiceDown,
    UnexpectedAnswer,
)
from ...http.refusals import names_hurry, sentence, wait_of
from ...model.allowed_values import FORMATS
from .. import results
from ..results import Outcome

#: Refusals are told apart by their words: no codes are documented.
_OF_THE_ACCOUNT = re.compile(r"(?i)premium|subscri|upgrade")
_BUSY = re.compile(r"(?i)\b(server|model|queue) (is )?(busy|full)\b")
_OF_THE_KEY = re.compile(r"(?i)\bkey\b|unauthori[sz]ed|authenticat")
_OF_MONEY = re.compile(r"(?i)credit|balance|funds|quota|payment|limit exceeded")
_OF_THE_ID = re.compile(r"(?i)not found|no (such )?request|invalid (request )?id\b|(does not|doesn't) exist")
_OF_THE_ROUTE = re.compile(r"(?i)\broute\b|\bcannot (post|get)\b|\bendpoint\b")
#: What is said of a picture that is no web address.
_OF_THE_ADDRESS = re.compile(r"(?i)\b(ur[li]s?|base64|web address|too long|characters)\b")


def refusal(answer: Mapping[str, Any], http: int = 200) -> Neural4DError:
    """The error of a request that the service has not taken.

    Args:
        http: the status it came with.
    """
    said = sentence(answer)
    own, wait = f"{said.rstrip('.')}. " if said else "", wait_of(answer, None)
    error: Neural4DError
    if _OF_THE_ACCOUNT.search(said):
        error = NotEnoughPoints(
            f"{own}ModelsLab's account does not cover this.", "Change the plan at ModelsLab, then press Retry."
        )
    elif wait is not None or http == 429 or names_hurry(said) or _BUSY.search(said):
        error = ServiceBusy(f"{own}ModelsLab asks to slow down.", retry_after=wait)
    elif http == 401 or _OF_THE_KEY.search(said):
        error = KeyRejected(f"{own}ModelsLab did not accept the key.")
    elif http == 402 or _OF_MONEY.search(said):
        error = NotEnoughPoints(f"{own}ModelsLab says that the account does not cover this: points, or a restriction.")
    else:
        error = RequestRefused(f"{own}ModelsLab refused the request.")
    error.http, error.by_api, error.answer = http, True, dict(answer)
    return error


def trouble(refused: Neural4DError) -> Neural4DError:
    """The error of a question about a job, which may be asked again: nothing is lost by an answer that says no."""
    said = sentence(refused.answer)
    own = f"{said.rstrip('.')}. " if said else ""
    if isinstance(refused, KeyRejected | ServiceBusy) or not refused.by_api:
        return refused
    if _OF_THE_ID.search(said) and not _OF_THE_ROUTE.search(said):
        return JobNotFound(f"{own}ModelsLab does not know this job.")
    error = ServiceDown(f"{own}ModelsLab answered with an error instead of the job.")
    error.http = refused.http
    return error


def wants_an_address(refused: RequestRefused) -> bool:
    """Whether a request that carried the picture itself was refused for that."""
    return refused.http == 413 or bool(_OF_THE_ADDRESS.search(sentence(refused.answer)))


def poll(answer: Mapping[str, Any]) -> results.Poll:
    """An answer with any status but ``error``."""
    status, message = status_of(answer), sentence(answer)
    if status == "failed":
        return results.Poll(Outcome.FAILED, message=message)
    if status == "processing":
        return results.Poll(Outcome.GENERATING, eta=_seconds(answer.get("eta")), message=message)
    if status != "success":
        raise UnexpectedAnswer(f"ModelsLab answered with the unknown status {answer.get('status')!r}: {message}")
    first, *others = [_best(answer, _urls(answer, name)) for name in ("output", "proxy_links", "future_links")]
    found = [url for url in dict.fromkeys((first, *others)) if url]
    if not found:
        raise UnexpectedAnswer(f"ModelsLab says the model is done and names no address of it: {message}")
    return results.Poll(
        Outcome.DONE,
        model_url=found[0],
        mirrors=tuple(found[1:]),
        details=details(answer),
        title=results.text(_meta(answer).get("prompt")),
    )


def status_of(answer: Mapping[str, Any]) -> str:
    """The status, in small letters."""
    return results.text(answer.get("status")).lower()


def id_of(answer: Mapping[str, Any]) -> str:
    """The job's id, which ``fetch_result`` ends with too; empty where there is none."""
    if named := results.ids(answer.get("id")):
        return named[0]
    found = re.search(r"/fetch/([\w-]+)/?$", str(answer.get("fetch_result")))
    return found[1] if found else ""


def details(answer: Mapping[str, Any]) -> dict[str, str]:
    """What else it says, by its own names."""
    names = ("track_id", "seed", "output_format", "generationTime", "warning", "nsfw_content_detected")
    return results.details({**_meta(answer), **answer}, *names)


def _best(answer: Mapping[str, Any], urls: list[str]) -> str:
    """Of several files the one in the format that was ordered, else one that is a model by its name, else the first."""
    endings = [url.partition("?")[0].rpartition(".")[2].upper() for url in urls]
    ordered = str(_meta(answer).get("output_format")).upper()
    by_format = (url for url, ending in zip(urls, endings, strict=True) if ending == ordered)
    models = (url for url, ending in zip(urls, endings, strict=True) if ending in FORMATS)
    return next(by_format, "") or next(models, "") or next(iter(urls), "")


def _meta(answer: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = answer.get("meta")
    return meta if isinstance(meta, dict) else {}


def _seconds(eta: object) -> float | None:
    found = results.number(eta)
    return found if found is not None and 0 <= found < 86400 else None


def _urls(answer: Mapping[str, Any], name: str) -> list[str]:
    found = [one.get("url") if isinstance(one, dict) else one for one in results.items(answer.get(name))]
    return [url for url in found if isinstance(url, str) and url]

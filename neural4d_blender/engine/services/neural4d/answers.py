"""How Neural4D's answers are read, of whichever generation: leniently, and with nothing made up.

Standard library only; no I/O.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import ConversionFailed, RequestRefused, ServiceBusy, UnexpectedAnswer
from ...http.refusals import asks_to_hurry_less, sentence, took_nothing, wait_of
from .. import answers
from ..base import value_of

#: What refusals say by the document.
_DOCUMENTED = (
    "Insufficient points or account restricted",
    "Generation is not available for the current account",
    "Too many requests from this user, please try again after a minute.",
)
#: The word convertToFormat may use instead of statusType 1.
_CONVERTING = "Cannot find the type, converting."


def check_pace(answer: Mapping[str, Any], name: str) -> None:
    """Raise ServiceBusy where an answer that is no refusal by its status asks to slow down, and says nothing else."""
    said = sentence(answer)
    told = str(answer.get("codeStatus", answer.get("statusType")))
    result = any(answer.get(one) for one in ("uuids", "results", "modelUrl", "mattedImageUrls", "requestId"))
    if "statusCode" in answer:
        return  # the portrait check has a limit of its own, which says nothing of other calls
    if asks_to_hurry_less(said) and not result and told not in ("0", "1"):
        raise ServiceBusy(f"{said.rstrip('.')}. {name} asks to slow down.", retry_after=wait_of(answer, None))


def submission(answer: Mapping[str, Any], name: str) -> answers.Submission:
    """What was accepted.

    Raises:
        RequestRefused: the prompt or the image was not let through. NotEnoughPoints: it says so. UnexpectedAnswer: it
            names no models; what it says instead is the error's ``refusal``.
    """
    said = sentence(answer)
    if "limitType" in answer:
        raise RequestRefused(
            f"{said.rstrip('.') or 'Not let through'}. {name}'s moderation refused this.",
            "Change the prompt, or take another image, then generate again.",
        )
    named = _ids(answer) or _ids(answer.get("data"))
    if not named:
        raise took_nothing(name, said, f"{name} named no models. It said: {said or 'nothing'}")
    told = {**answers.details(answer, "type", "message", "queueStatus", "uploadedImageUrl"), **_faces(answer)}
    return answers.Submission(named, points=answers.whole(answer.get("pointsDeducted")), details=told)


def chibi(answer: Mapping[str, Any], name: str) -> answers.Submission:
    """What was accepted of several images, each of which may be refused by itself."""
    if "limitType" in answer:
        return submission(answer, name)
    results = [one for one in _list(answer.get("results")) if isinstance(one, dict)]
    good = [one for one in results if one.get("success") or ("success" not in one and one.get("uuids"))]
    made = [uuid for one in good for uuid in submission(one, name).uuids]
    refused = [*(one for one in results if one not in good), *_list(answer.get("failures"))]
    failures = [_why_refused(one) for one in refused]
    count = answer.get("failureCount")
    missing = (count if isinstance(count, int) else 0) - len(failures)
    failures += ["The service gave no reason."] * max(missing, 0)
    if not made and not refused and not missing and answer.get("success") is not False:
        made = submission(answer, name).uuids  # the document names them in the answer itself, its sample in results
    if not made:
        reasons = " ".join(failures) or sentence(answer) or "no reason given"
        raise RequestRefused(
            f"{reasons.rstrip('.')}. {name} made no chibi of the images.",
            "Check the style's tag (it is arranged with Neural4D beforehand) and the images, then Retry.",
        )
    names = ("success", "totalFiles", "successCount", "failureCount", "message")
    told = {key: str(answer[key]) for key in names if answer.get(key) is not None}
    return answers.Submission(made, failures=failures, points=answers.whole(answer.get("pointsDeducted")), details=told)


def picture(answer: Mapping[str, Any]) -> str | None:
    """Where a picture is; None while it is being made, empty where it has failed.

    Raises:
        UnexpectedAnswer: it tells nothing of the picture; where it says no instead, that is the error's ``refusal``.
    """
    told = answer.get("data")
    tells = isinstance(told, dict) and (told.get("status") or told.get("resultUrl"))
    if answer.get("success") is False and not tells:
        error = UnexpectedAnswer("Neural4D told nothing of the picture.")
        error.refusal = sentence(answer) or "success is false"
        raise error
    data = value_of(answer, "data", dict)
    status = str(data.get("status") or "").lower()
    url = data.get("resultUrl")
    if isinstance(url, str) and url and status not in ("queued", "processing"):
        return url
    return "" if status in ("failed", "error", "cancelled") else None


def balance(answer: Mapping[str, Any]) -> answers.Balance:
    """The points that are left, as a number or a text."""
    if code(answer, "statusType") != 0:
        raise UnexpectedAnswer(f"The balance could not be read: {sentence(answer)}")
    data = value_of(answer, "data", dict)
    total, part = answers.whole(data.get("total_points")), answers.part(data.get("total_points"))
    if total is None:
        raise UnexpectedAnswer(f"The balance could not be read: it is {str(data.get('total_points'))[:40]!r}.")
    monthly, permanent, yearly = (
        answers.whole(data.get(name)) or 0 for name in ("monthly_bonus_points", "permanent_points", "year_points")
    )
    return answers.Balance(total, monthly, permanent, yearly, str(data.get("expiration_day") or ""), part)


def code(answer: Mapping[str, Any], name: str) -> int:
    """A status: a whole number, which some write as a text; UnexpectedAnswer where it is none."""
    number = answer.get(name)
    if isinstance(number, str) and re.fullmatch(r"-?\d{1,3}", number):
        return int(number)
    return int(value_of(answer, name, *((int, float) if number in (0, 1, -1, -2, -3) else (int,))))


def percent(value: object) -> float | None:
    """0..1 of a text like "45%"."""
    found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*%?\s*", str(value))
    return min(float(found[1]) / 100, 1.0) if found else None


def wrong_fields(answer: Mapping[str, Any]) -> set[str]:
    """The fields that a validation error names."""
    errors = [one for one in _list(answer.get("errors")) if isinstance(one, dict)]
    return {str(one["path"]) for one in errors if one.get("path")}


def is_documented(answer: Mapping[str, Any]) -> bool:
    """Whether a refusal is as the document has it."""
    wrong = [one for one in _list(answer.get("errors")) if isinstance(one, dict) and one.get("msg")]
    return bool(wrong) or sentence(answer) in _DOCUMENTED


def _faces(answer: Mapping[str, Any]) -> dict[str, str]:
    """generationConfig: what the service made of the wanted number of faces."""
    config = answer.get("generationConfig")
    faces = config.get("faceNum") if isinstance(config, dict) else None
    return {f"faceNum {key}": str(value) for key, value in faces.items()} if isinstance(faces, dict) else {}


def _ids(answer: object) -> list[str]:
    """The models that an answer names: ids are texts by the document, and a number is one all the same."""
    uuids = answer.get("uuids") if isinstance(answer, Mapping) else None
    kinds = (str, int)
    return [str(one) for one in _list(uuids) if isinstance(one, kinds) and not isinstance(one, bool) and str(one)]


def _list(value: object) -> list[Any]:
    return value if isinstance(value, list) else []


def _why_refused(item: object) -> str:
    """No document shows a failure: take a name and a reason where there are some."""
    if not isinstance(item, dict):
        return str(item)
    name = item.get("file") or item.get("fileName") or item.get("filename") or ""
    said = sentence(item) or "no reason given"
    return f"{name}: {said}" if name else said


def conversion(answer: Mapping[str, Any], format: str) -> answers.Conversion:
    """Of convertToFormat: where the file is, or that it is being made.

    Raises:
        ConversionFailed: the service could not make it.
    """
    message = sentence(answer)
    status = None if answer.get("statusType") is None else code(answer, "statusType")
    said = answers.details(answer, "modelSize", "scaleNumber")
    if status == 1 or _CONVERTING in message:
        return answers.Conversion(message=message, details=said)
    if status == 0:
        scale = answer.get("scaleNumber")
        known = float(scale) if isinstance(scale, int | float) and not isinstance(scale, bool) else None
        return answers.Conversion(value_of(answer, "modelUrl", str), known, message, said)
    if status == -1:
        raise ConversionFailed(f"The service could not convert the model to {format}: {message}")
    raise UnexpectedAnswer(f"The conversion answered with the unknown statusType {status}: {message}")

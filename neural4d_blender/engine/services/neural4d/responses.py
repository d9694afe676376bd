"""How Neural4D's answers are read, of whichever generation: leniently, and with nothing made up.

Standard library only; no I/O.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ...errors import ConversionFailed, RequestRefused, ServiceBusy, UnexpectedAnswer
from ...http.refusals import asks_to_hurry_less, sentence, took_nothing, wait_of
from .. import results
from ..base import value_of

#: What refusals say by the document.
_DOCUMENTED = (
    "Insufficient points or account restricted",
    "Generation is not available for the current account",
    "Too many requests from this user, please try again after a minute.",
)
#: The word convertToFormat may use instead of statusType 1.
_CONVERTING = "Cannot find the type, converting."


#: More are not told of one by one.
_MOST_FAILURES = 100


def check_pace(answer: Mapping[str, Any], name: str) -> None:
    """Raise ServiceBusy where an answer that is no refusal by its status asks to slow down, and says nothing else."""
    said = sentence(answer)
    told = str(answer.get("codeStatus", answer.get("statusType")))
    result = any(answer.get(one) for one in ("uuids", "results", "modelUrl", "mattedImageUrls", "requestId"))
    if "statusCode" in answer:
        return  # the portrait check has a limit of its own, which says nothing of other calls
    if asks_to_hurry_less(said) and not result and told not in ("0", "1"):
        raise ServiceBusy(f"{said.rstrip('.')}. {name} asks to slow down.", retry_after=wait_of(answer, None))


def submission(answer: Mapping[str, Any], name: str) -> results.Submission:
    """What was accepted.

    Raises:
        RequestRefused: the prompt or the image was not let through. NotEnoughPoints: it says so. UnexpectedAnswer: it
            names no models; what it says instead is the error's ``refusal``.
    """
    said = sentence(answer)
    data = results.inner(answer, "data")
    named = _ids(answer) or _ids(data)
    if not named and answer.get("limitType") is not None:
        raise RequestRefused(
            f"{said.rstrip('.') or 'Not let through'}. {name}'s moderation refused this.",
            "Change the prompt, or take another image, then generate again.",
        )
    if not named:
        raise took_nothing(name, said, f"{name} named no models. It said: {said or 'nothing'}")
    told = {**results.details(answer, "type", "message", "queueStatus", "uploadedImageUrl"), **_faces(answer)}
    listed = answer.get("uuids") or data.get("uuids")
    lost = listed.count(None) if isinstance(listed, list) else 0
    failures = [f"{name} named no id of this one, so it cannot be asked for it."] * lost
    return results.Submission(named, failures=failures, points=_points(answer), details=told)


def chibi(answer: Mapping[str, Any], name: str) -> results.Submission:
    """What was accepted of several images, each of which may be refused by itself."""
    if "results" not in answer:
        answer = {**answer, **results.inner(answer, "data")}
    each = [one for one in results.items(answer.get("results")) if isinstance(one, dict)]
    good = [one for one in each if _ids(one) and results.flag(one.get("success")) is not False]
    made = list(dict.fromkeys(uuid for one in good for uuid in _ids(one)))
    refused = [*(one for one in each if one not in good), *results.items(answer.get("failures"))]
    failures = [_why_refused(one) for one in refused]
    missing = (results.whole(answer.get("failureCount")) or 0) - len(failures)
    failures += ["The service gave no reason."] * min(max(missing, 0), _MOST_FAILURES)
    unsaid = not refused and missing <= 0 and results.flag(answer.get("success")) is not False
    if not made and (unsaid or answer.get("limitType") is not None):
        made = submission(answer, name).uuids  # the document names them in the answer itself, its sample in results
    if not made:
        reasons = " ".join(failures) or sentence(answer) or "no reason given"
        raise RequestRefused(
            f"{reasons.rstrip('.')}. {name} made no chibi of the images.",
            "Check the style's tag (it is arranged with Neural4D beforehand) and the images, then Retry.",
        )
    names = ("success", "totalFiles", "successCount", "failureCount", "message")
    told = {key: str(answer[key]) for key in names if answer.get(key) is not None}
    failures = [f"The service refused this image: {reason}" for reason in failures]
    return results.Submission(made, failures=failures, points=_points(answer), details=told)


def picture(answer: Mapping[str, Any]) -> str | None:
    """Where a picture is; None while it is being made, empty where it has failed.

    Raises:
        UnexpectedAnswer: it tells nothing of the picture; where it says no instead, that is the error's ``refusal``.
    """
    data = results.inner(answer, "data") or (answer if "resultUrl" in answer else {})
    status, url = results.text(data.get("status")).lower(), results.text(data.get("resultUrl"))
    if results.flag(answer.get("success")) is False and not (status or url):
        error = UnexpectedAnswer("Neural4D told nothing of the picture.")
        error.refusal = sentence(answer) or "success is false"
        raise error
    if not data:
        value_of(answer, "data", dict)
    if url and status not in ("queued", "processing"):
        return url
    return "" if status in ("failed", "error", "cancelled") else None


def balance(answer: Mapping[str, Any]) -> results.Balance:
    """The points that are left, as a number or a text."""
    if code(answer, "statusType") != 0:
        raise UnexpectedAnswer(f"The balance could not be read: {sentence(answer)}")
    data = results.inner(answer, "data") or answer
    total, part = results.whole(data.get("total_points")), results.part(data.get("total_points"))
    if total is None:
        raise UnexpectedAnswer(f"The balance could not be read: it is {str(data.get('total_points'))[:40]!r}.")
    monthly, permanent, yearly = (
        results.whole(data.get(name)) or 0 for name in ("monthly_bonus_points", "permanent_points", "year_points")
    )
    return results.Balance(total, monthly, permanent, yearly, str(data.get("expiration_day") or ""), part)


def code(answer: Mapping[str, Any], name: str) -> int:
    """A status that has to be there; UnexpectedAnswer where it is no number."""
    found = status(answer, name)
    return int(value_of(answer, name, int)) if found is None else found


def status(answer: Mapping[str, Any], name: str) -> int | None:
    """A status: a whole number, which some write as a text; None where there is none.

    Raises:
        UnexpectedAnswer: it is something else.
    """
    value = answer.get(name)
    found = results.number(value)
    if value in (None, ""):
        return None
    return int(found) if found is not None and found == int(found) else int(value_of(answer, name, int))


def percent(value: object) -> float | None:
    """0..1 of a text like "45%"; None where it is no percentage."""
    found = results.number(value)
    return found if found is None else min(found / 100, 1.0) if 0 <= found < 1000 else None


def wrong_fields(answer: Mapping[str, Any]) -> set[str]:
    """The fields that a validation error names."""
    errors = [one for one in results.items(answer.get("errors")) if isinstance(one, dict)]
    return {str(one["path"]) for one in errors if one.get("path")}


def is_documented(answer: Mapping[str, Any]) -> bool:
    """Whether a refusal is as the document has it."""
    wrong = [one for one in results.items(answer.get("errors")) if isinstance(one, dict) and one.get("msg")]
    return bool(wrong) or sentence(answer) in _DOCUMENTED


def _faces(answer: Mapping[str, Any]) -> dict[str, str]:
    """generationConfig: what the service made of the wanted number of faces."""
    config = answer.get("generationConfig")
    faces = config.get("faceNum") if isinstance(config, dict) else None
    return {f"faceNum {key}": str(value) for key, value in faces.items()} if isinstance(faces, dict) else {}


def _ids(answer: Mapping[str, Any]) -> list[str]:
    """The models that an answer names."""
    listed = results.items(answer.get("uuids")) or results.items(answer.get("uuid"))
    return results.ids([one.get("uuid") if isinstance(one, dict) else one for one in listed])


def _points(answer: Mapping[str, Any]) -> int | None:
    """What it says that it costs."""
    told = results.whole(answer.get("pointsDeducted"))
    return results.whole(results.inner(answer, "data").get("pointsDeducted")) if told is None else told


def _why_refused(item: object) -> str:
    """No document shows a failure: take a name and a reason where there are some."""
    if not isinstance(item, dict):
        return str(item)
    name = item.get("file") or item.get("fileName") or item.get("filename") or ""
    said = sentence(item) or "no reason given"
    return f"{name}: {said}" if name else said


def conversion(answer: Mapping[str, Any], format: str) -> results.Conversion:
    """Of convertToFormat: where the file is, or that it is being made.

    Raises:
        ConversionFailed: the service could not make it.
    """
    message, url = sentence(answer), results.text(answer.get("modelUrl"))
    found = status(answer, "statusType")
    said = results.details(answer, "modelSize", "scaleNumber")
    if found == 1 or _CONVERTING in message:
        return results.Conversion(message=message, details=said)
    if found == 0 or (found is None and url):
        url = url or value_of(answer, "modelUrl", str)
        return results.Conversion(url, results.number(answer.get("scaleNumber")), message, said)
    if found == -1:
        raise ConversionFailed(f"The service could not convert the model to {format}: {message}")
    raise UnexpectedAnswer(f"The conversion answered with the unknown statusType {found}: {message}")

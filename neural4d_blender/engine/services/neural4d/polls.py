"""How far a model is, by the two calls that tell it. Standard library only."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ...clock import Clock
from ...errors import GenerationFailed, JobNotFound, KeyRejected, RequestRefused, ServiceDown, UnexpectedAnswer
from ...http.refusals import sentence
from ..base import value_of
from ..results import Outcome, Poll, details, text
from . import responses as read

#: Makes one request and returns the answer.
Call = Callable[..., dict[str, Any]]
#: Seconds for which an answer counts while others are waited for.
_KEPT = 300.0
#: retrieveModel's codeStatus
_DONE, _GENERATING, _BAD_TOKEN, _NO_SUCH_UUID, _FAILED = 0, 1, -1, -2, -3


def _retrieve(call: Call, uuid: str) -> dict[str, Any]:
    answer = call("/api/retrieveModel", {"uuid": uuid})
    if read.code(answer, "codeStatus") == _BAD_TOKEN:
        raise KeyRejected(f"The service says the key is invalid or has expired: {sentence(answer)}")
    return answer


def is_known(call: Call, uuid: str) -> bool:
    """Whether retrieveModel knows the model; UnexpectedAnswer where it says neither yes nor no."""
    status = read.code(_retrieve(call, uuid), "codeStatus")
    if status not in (_DONE, _GENERATING, _FAILED, _NO_SUCH_UUID):
        raise UnexpectedAnswer(f"The service answered with the unknown codeStatus {status}.")
    return status != _NO_SUCH_UUID


class Known:
    """What retrieveModel has said of ids, kept where the next one of a job is held back, so that all get their turn."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._said: dict[str, tuple[bool, float]] = {}

    def among(self, call: Call, uuids: Sequence[str]) -> list[str]:
        """Those of them that it knows."""
        now = self._clock.monotonic()
        for uuid in uuids:
            if self._said.get(uuid, (False, 0.0))[1] <= now:
                self._said[uuid] = is_known(call, uuid), now + _KEPT
        return [uuid for uuid in uuids if self._said.pop(uuid)[0]]


def result(call: Call, uuid: str) -> Poll:
    """retrieveModel: whether the model is done, and where it is."""
    answer = _retrieve(call, uuid)
    message, url = sentence(answer), text(answer.get("modelUrl"))
    status = read.code(answer, "codeStatus")
    if status == _DONE:
        return Poll(
            Outcome.DONE,
            progress=1.0,
            model_url=url or value_of(answer, "modelUrl", str),
            preview_url=text(answer.get("imageUrl")),
            message=message,
            details=details(answer, "prompts", "createdAt", "sourcePage"),
            title=text(answer.get("prompts")),
        )
    if status == _GENERATING:
        return Poll(Outcome.GENERATING, message=message)
    if status == _FAILED:
        return Poll(Outcome.FAILED, message=message or GenerationFailed.__doc__ or "")
    if status == _NO_SUCH_UUID:
        raise JobNotFound(f"The service does not know this job any more: {message or uuid}")
    raise UnexpectedAnswer(f"The service answered with the unknown codeStatus {status}: {message}")


def progress(call: Call, uuid: str) -> Poll:
    """queryJobProgress. Progress is a nicety: an answer without a usable one is no reason to fail a paid job."""
    try:
        answer = call("/api/queryJobProgress", {"uuid": uuid})
    except (RequestRefused, ServiceDown, UnexpectedAnswer) as error:
        return Poll(Outcome.GENERATING, message=error.what, doubtful=True)
    fraction = read.percent(answer.get("progress"))
    status = read.status(answer, "statusType") if fraction is not None else read.code(answer, "statusType")
    if status in (0, None) and fraction is not None:
        return Poll(Outcome.GENERATING, progress=fraction)
    # -1: it knows no such job, which only retrieveModel can settle; -2: it could not tell.
    return Poll(Outcome.GENERATING, message=sentence(answer), doubtful=status == -1)

"""Neural4D (DreamTech), API 1.2: text to 3D.

Every endpoint is POST, the read-only ones too. The client chooses the uuids of the models, so a
submission whose answer was lost can be looked for before anything is paid twice.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import ClassVar

from ..errors import GenerationFailed, JobNotFound, KeyRejected, UnexpectedAnswer, UnsupportedFeature
from ..request import Request
from .base import Balance, Declaration, ImageLimits, Outcome, Poll, Provider, Quote, field

#: retrieveModel's codeStatus
_DONE, _GENERATING, _BAD_TOKEN, _NO_SUCH_UUID, _FAILED = 0, 1, -1, -2, -3
#: Documented points an operation; what was really spent is the fall of the balance.
_TEXT_POINTS = 60


class Neural4D(Provider):
    """The calls of Neural4D's API 1.2."""

    declaration: ClassVar[Declaration] = Declaration(
        id="neural4d",
        name="Neural4D",
        url="https://alb.neural4d.com:3000",
        url_env="NEURAL4D_API_URL",
        key_env="NEURAL4D_API_TOKEN",
        inputs=frozenset({"text"}),
        max_variants=4,
        formats=("GLB",),
        balance=True,
        finds_lost_jobs=True,
        keys_page="https://www.neural4d.com",
        image_limits=ImageLimits(("PNG", "JPEG"), (256, 256), (6048, 8064), 10_000_000 - 1),
    )

    @classmethod
    def quote(cls, request: Request) -> Quote:
        """60 points an operation, whatever the number of variants; measured prices are kept per number."""
        return Quote(f"text x{request.variants}", _TEXT_POINTS)

    @classmethod
    def tickets(cls, request: Request) -> list[str]:
        """A fresh uuid for each variant."""
        return [str(uuid.uuid4()) for _ in range(request.variants)]

    def balance(self) -> Balance:
        """queryPointsInfo."""
        answer = self.http.call("/api/queryPointsInfo")
        if field(answer, "statusType", int) != 0:
            raise UnexpectedAnswer(f"The balance could not be read: {answer.get('message') or answer}")
        data = field(answer, "data", dict)
        return Balance(
            total=field(data, "total_points", int),
            monthly=data.get("monthly_bonus_points") or 0,
            permanent=data.get("permanent_points") or 0,
            yearly=data.get("year_points") or 0,
            expires=str(data.get("expiration_day") or ""),
        )

    def submit(self, request: Request, tickets: Sequence[str]) -> list[str]:
        """generateModelWithText; the uuids of the answer count, not those that were sent."""
        if not request.prompt:
            raise UnsupportedFeature("Neural4D image jobs are not available yet: describe the model in a prompt.")
        body = {
            "prompt": request.prompt,
            "modelCount": request.variants,
            "disablePbr": 0 if request.pbr else 1,
            "uuids": list(tickets),
        }
        uuids: list[str] = field(self.http.call("/api/generateModelWithText", body), "uuids", list)
        if not uuids or not all(isinstance(item, str) and item for item in uuids):
            raise UnexpectedAnswer(f"The service accepted the job and named no models: {uuids!r}")
        return uuids

    def arrived(self, tickets: Sequence[str]) -> bool:
        """A uuid of ours that retrieveModel knows was accepted and is paid for."""
        status: int = field(self._retrieve(tickets[0]), "codeStatus", int)
        return status != _NO_SUCH_UUID

    def poll(self, uuid: str, expect_done: bool) -> Poll:
        """queryJobProgress while the job is young, retrieveModel when it may be done."""
        return self._result(uuid) if expect_done else self._progress(uuid)

    def _retrieve(self, uuid: str) -> dict[str, object]:
        answer = self.http.call("/api/retrieveModel", {"uuid": uuid})
        if field(answer, "codeStatus", int) == _BAD_TOKEN:
            reason = answer.get("message") or "no reason given"
            raise KeyRejected(f"The service says the key is invalid or has expired: {reason}")
        return answer

    def _result(self, uuid: str) -> Poll:
        answer = self._retrieve(uuid)
        status, message = field(answer, "codeStatus", int), str(answer.get("message") or "")
        if status == _DONE:
            return Poll(
                Outcome.DONE,
                progress=1.0,
                model_url=field(answer, "modelUrl", str),
                preview_url=str(answer.get("imageUrl") or ""),
                message=message,
            )
        if status == _GENERATING:
            return Poll(Outcome.GENERATING, message=message)
        if status == _FAILED:
            return Poll(Outcome.FAILED, message=message or GenerationFailed.__doc__ or "")
        if status == _NO_SUCH_UUID:
            raise JobNotFound(f"The service does not know this job any more: {message or uuid}")
        raise UnexpectedAnswer(f"The service answered with the unknown codeStatus {status}: {message or 'no message'}")

    def _progress(self, uuid: str) -> Poll:
        """Progress is a nicety: an answer without a usable one is no reason to fail a paid job."""
        answer = self.http.call("/api/queryJobProgress", {"uuid": uuid})
        found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*%\s*", str(answer.get("progress")))
        if answer.get("statusType") != 0 or not found:
            return Poll(Outcome.GENERATING, message=str(answer.get("message") or ""))
        return Poll(Outcome.GENERATING, progress=min(float(found[1]) / 100, 1.0))

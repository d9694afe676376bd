"""Neural4D (DreamTech), API 1.2: every endpoint of it.

Every endpoint is POST, the read-only ones too. For text the client chooses the uuids of the models,
so a submission whose answer was lost can be looked for before anything is paid twice; for images
the service chooses them, and only the balance tells.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from .. import answers
from ..declaration import Declaration, Feature, ImageLimits, Option, Quote
from ..errors import (
    ConversionFailed,
    GenerationFailed,
    InvalidInput,
    JobNotFound,
    KeyRejected,
    RequestRefused,
    UnexpectedAnswer,
    UnsupportedFeature,
)
from .base import Outcome, Provider, value_of

if TYPE_CHECKING:
    from ..request import Request

#: retrieveModel's codeStatus
_DONE, _GENERATING, _BAD_TOKEN, _NO_SUCH_UUID, _FAILED = 0, 1, -1, -2, -3
#: Documented points an operation; what was really spent is the fall of the balance.
_TEXT, _IMAGE, _CHIBI, _CONVERSION = 60, 80, 30, 10
#: The word convertToFormat may use instead of statusType 1.
_CONVERTING = "Cannot find the type, converting."

_OPTIONS = (
    Option(
        "style",
        "Chibi Style",
        "text",
        "",
        "Makes a cute figure of each image in this style. The tag has to be arranged with Neural4D first",
        images_only=True,
    ),
    Option(
        "portrait_check",
        "Portrait Check",
        "choice",
        "auto",
        "Look for a person in the image before anything is spent; auto does it for chibi only",
        choices=("auto", "on", "off"),
        images_only=True,
    ),
)


class Neural4D(Provider):
    """The calls of Neural4D's API 1.2."""

    declaration: ClassVar[Declaration] = Declaration(
        id="neural4d",
        name="Neural4D",
        url="https://alb.neural4d.com:3000",
        url_env="NEURAL4D_API_URL",
        key_env="NEURAL4D_API_TOKEN",
        features=frozenset(Feature) - {Feature.IMAGE_URL},
        max_variants=4,
        formats=("GLB", "BLEND", "FBX", "OBJ", "STL", "USDZ"),
        choice="cut-out",
        lost_answers=(
            "A prompt's job carries ids of ours: the service is asked about them, and the job is sent again only when "
            "it knows none of them. For images the fall of the balance tells; where it cannot, you are asked."
        ),
        keys_page="https://www.neural4d.com",
        terms_page="https://www.neural4d.com",  # no page of its own is documented for them
        options=_OPTIONS,
        # WEBP is documented for matting only: PNG and JPEG go everywhere.
        image_limits=ImageLimits(("PNG", "JPEG"), (256, 256), (6048, 8064), 10_000_000 - 1),
        max_images=16,
    )

    @classmethod
    def check(cls, request: Request) -> None:
        """Chibi is made of images, one model each; otherwise one image makes up to four models."""
        style = request.options.get("style", "")
        if style and not request.images:
            raise InvalidInput("A chibi style needs an image.", "Choose an image, or leave the style empty.")
        if style and request.variants > 1:
            raise UnsupportedFeature("Neural4D makes one chibi of each image, not several variants.")
        if not style and len(request.images) > 1:
            raise UnsupportedFeature("Neural4D takes several images at once only for chibi: set the option style.")

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """Documented points; measured prices are kept under the operation and its number of models."""
        if request.options.get("style"):
            first = Quote(f"chibi x{len(request.images)}", _CHIBI * len(request.images))
        elif request.images:
            first = Quote(f"image x{request.variants}", _IMAGE)
        else:
            first = Quote(f"text x{request.variants}", _TEXT)
        imported = 0 if request.format == "GLB" else 1
        if request.place_all:
            imported *= max(request.variants, len(request.images))
        return [first, *[cls.conversion_quote()] * imported]

    @classmethod
    def conversion_quote(cls) -> Quote:
        """convertToFormat's documented price."""
        return Quote("conversion", _CONVERSION)

    @classmethod
    def tickets(cls, request: Request, job_id: str) -> list[str]:
        """A fresh uuid for each variant of a text job; the image endpoints take none."""
        return [] if request.images else [str(uuid.uuid4()) for _ in range(request.variants)]

    def balance(self) -> answers.Balance:
        """queryPointsInfo."""
        answer = self.http.call("/api/queryPointsInfo")
        if value_of(answer, "statusType", int) != 0:
            raise UnexpectedAnswer(f"The balance could not be read: {_said(answer)}")
        data = value_of(answer, "data", dict)
        return answers.Balance(
            total=value_of(data, "total_points", int),
            monthly=data.get("monthly_bonus_points") or 0,
            permanent=data.get("permanent_points") or 0,
            yearly=data.get("year_points") or 0,
            expires=str(data.get("expiration_day") or ""),
        )

    def checks_portrait(self, request: Request) -> bool:
        """As asked for; by default for chibi."""
        wanted = request.options.get("portrait_check", "auto")
        return bool(request.images) and (wanted == "on" or (wanted == "auto" and bool(request.options.get("style"))))

    def portrait(self, image: str) -> answers.Portrait:
        """checkHumanImage."""
        answer = self.http.call("/api/checkHumanImage", files=[("image", image)])
        status = value_of(answer, "statusCode", int)
        if status not in (0, -1):
            raise UnexpectedAnswer(f"The portrait check answered with the unknown statusCode {status}: {_said(answer)}")
        return answers.Portrait(
            valid=status == 0, found=status == 0 and value_of(answer, "result", bool), message=_said(answer)
        )

    def needs_cutout(self, request: Request) -> bool:
        """Images are matted before generateModelWithImage; chibi takes them as they are."""
        return bool(request.images) and not request.options.get("style")

    def cut_out(self, image: str) -> tuple[str, dict[str, str]]:
        """mattingImage."""
        answer = self.http.call("/api/mattingImage", files=[("image", image)])
        request_id = value_of(answer, "requestId", int, str)
        return str(request_id), _details(answer, "type", "message", "queuePosition", "uploadedImageUrl")

    def cutouts(self, request_id: str) -> list[answers.Cutout]:
        """getMattedResult: nothing, null or empty until it is done, then four keys with their pictures."""
        number = int(request_id) if request_id.isdigit() else request_id
        answer = self.http.call("/api/getMattedResult", {"requestId": number})
        keys, urls = answer.get("fileKeys") or [], answer.get("mattedImageUrls") or []
        if not isinstance(keys, list) or not isinstance(urls, list) or len(keys) != len(urls):
            raise UnexpectedAnswer(f"The cut-outs and their pictures do not match: {_said(answer)}")
        return [answers.Cutout(str(key), str(url)) for key, url in zip(keys, urls, strict=True)]

    def submit(self, request: Request, tickets: Sequence[str], cutout: str = "") -> answers.Submission:
        """generateModelWithText, generateModelWithImage or createCuteModelsFromImages."""
        if style := request.options.get("style"):
            return self._submit_chibi(request.images, style)
        body: dict[str, Any] = {"modelCount": request.variants, "disablePbr": 1 if request.pbr is False else 0}
        if request.images:
            answer = self.http.call("/api/generateModelWithImage", {"fileKey": cutout, **body})
        else:
            body |= {"prompt": request.prompt, "uuids": list(tickets)}
            answer = self.http.call("/api/generateModelWithText", body)
        # The uuids of the answer count, not those that were sent.
        return answers.Submission(_uuids(answer), details=_details(answer, "type", "message"))

    def _submit_chibi(self, images: Sequence[str], style: str) -> answers.Submission:
        answer = self.http.call(
            "/api/createCuteModelsFromImages", {"styleType": style}, [("images", image) for image in images]
        )
        results = answer.get("results") or []
        made = [uuid for result in results if result.get("success") for uuid in _uuids(result)]
        refused = [*(result for result in results if not result.get("success")), *(answer.get("failures") or [])]
        failures = [_why_refused(item) for item in refused]
        missing = (answer.get("failureCount") or 0) - len(failures)
        failures += ["The service gave no reason."] * max(missing, 0)
        if not made and not refused and not missing and answer.get("success") is not False:
            made = _uuids(answer)  # the document names them in the answer itself, its sample in the results
        if not made:
            reasons = " ".join(failures) or _said(answer)
            raise RequestRefused(
                f"Neural4D made no chibi of the images: {reasons}",
                "Check the style's tag (it is arranged with Neural4D beforehand) and the images, then Retry.",
            )
        counts = {
            name: answer.get(name) for name in ("success", "totalFiles", "successCount", "failureCount", "message")
        }
        details = {key: str(value) for key, value in counts.items() if value is not None}
        return answers.Submission(made, failures, details=details)

    def arrived(self, tickets: Sequence[str]) -> bool | None:
        """A uuid of ours that retrieveModel knows was accepted and is paid for."""
        if not tickets:
            return None
        status: int = value_of(self._retrieve(tickets[0]), "codeStatus", int)
        return status != _NO_SUCH_UUID

    def poll(self, uuid: str, expect_done: bool) -> answers.Poll:
        """queryJobProgress while the job is young, retrieveModel when it may be done."""
        return self._result(uuid) if expect_done else self._progress(uuid)

    def convert(self, uuid: str, format: str, size_mm: float | None) -> answers.Conversion:
        """convertToFormat. modelSize is a whole number of millimetres above 1; the exact size is made later."""
        body: dict[str, Any] = {"uuid": uuid, "modelType": format.lower()}
        if size_mm is not None:
            body["modelSize"] = max(2, round(size_mm))
        answer = self.http.call("/api/convertToFormat", body)
        status, message = answer.get("statusType"), _said(answer)
        details = _details(answer, "modelSize", "scaleNumber")
        if status == 1 or _CONVERTING in message:
            return answers.Conversion(message=message, details=details)
        if status == 0:
            scale = answer.get("scaleNumber")
            known = float(scale) if isinstance(scale, int | float) and not isinstance(scale, bool) else None
            return answers.Conversion(value_of(answer, "modelUrl", str), known, message, details)
        if status == -1:
            raise ConversionFailed(f"The service could not convert the model to {format}: {message}")
        raise UnexpectedAnswer(f"The conversion answered with the unknown statusType {status}: {message}")

    def _retrieve(self, uuid: str) -> dict[str, Any]:
        answer = self.http.call("/api/retrieveModel", {"uuid": uuid})
        if value_of(answer, "codeStatus", int) == _BAD_TOKEN:
            raise KeyRejected(f"The service says the key is invalid or has expired: {_said(answer)}")
        return answer

    def _result(self, uuid: str) -> answers.Poll:
        answer = self._retrieve(uuid)
        status, message = value_of(answer, "codeStatus", int), _said(answer)
        if status == _DONE:
            return answers.Poll(
                Outcome.DONE,
                progress=1.0,
                model_url=value_of(answer, "modelUrl", str),
                preview_url=str(answer.get("imageUrl") or ""),
                message=message,
                details=_details(answer, "prompts", "createdAt", "sourcePage"),
            )
        if status == _GENERATING:
            return answers.Poll(Outcome.GENERATING, message=message)
        if status == _FAILED:
            return answers.Poll(Outcome.FAILED, message=message or GenerationFailed.__doc__ or "")
        if status == _NO_SUCH_UUID:
            raise JobNotFound(f"The service does not know this job any more: {message or uuid}")
        raise UnexpectedAnswer(f"The service answered with the unknown codeStatus {status}: {message}")

    def _progress(self, uuid: str) -> answers.Poll:
        """Progress is a nicety: an answer without a usable one is no reason to fail a paid job."""
        answer = self.http.call("/api/queryJobProgress", {"uuid": uuid})
        found = re.fullmatch(r"\s*(\d{1,3}(?:\.\d+)?)\s*%\s*", str(answer.get("progress")))
        if answer.get("statusType") == 0 and found:
            return answers.Poll(Outcome.GENERATING, progress=min(float(found[1]) / 100, 1.0))
        # -1: it knows no such job, which only retrieveModel can settle; -2: it could not tell.
        return answers.Poll(Outcome.GENERATING, message=_said(answer), doubtful=answer.get("statusType") == -1)


def _said(answer: dict[str, Any]) -> str:
    return str(answer.get("message") or "no reason given")


def _why_refused(item: object) -> str:
    """The document shows no failure: take a name and a reason where there are some."""
    if not isinstance(item, dict):
        return str(item)
    name = item.get("file") or item.get("fileName") or item.get("filename") or ""
    return f"{name}: {_said(item)}" if name else _said(item)


def _details(answer: dict[str, Any], *names: str) -> dict[str, str]:
    return {name: str(answer[name]) for name in names if answer.get(name) not in (None, "")}


def _uuids(answer: dict[str, Any]) -> list[str]:
    uuids: list[str] = value_of(answer, "uuids", list)
    if not uuids or not all(isinstance(item, str) and item for item in uuids):
        raise UnexpectedAnswer(f"The service accepted the job and named no models: {uuids!r}")
    return uuids

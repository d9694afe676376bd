"""Neural4D (DreamTech): the calls of API 1.5.4, as it is spoken today, and of API 1.2 where a server still is of that.

Every endpoint is POST, the read-only ones too. Today a picture goes with the request itself; servers of 1.2 cut the
subject out of it first. For text the client may name ids of its own, which prove something only at a server that has
been seen to answer about such an id. How answers are read stands in ``responses``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import (
    GenerationFailed,
    InvalidInput,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    OtherGeneration,
    RequestRefused,
    ServiceDown,
    UnexpectedAnswer,
    UnsupportedFeature,
)
from ...http import refusals
from ...model.declaration import Declaration, Feature, Quote
from ...model.server_facts import GENERATION, HONOURED, IDS
from .. import results
from ..base import Provider, value_of
from . import documented_prices, generation, limits, options_and_limits, polls
from . import responses as read
from .options_and_limits import MATTING, OLDER, PICTURES, TODAY, UNCLEAR

if TYPE_CHECKING:
    from ...model.request import Request

#: With these a server, or what stands before it, may answer to an address that it does not have.
_UNTOLD = (403, 500)
_NO_CHOICE = "Generate again without choosing a cut-out: the image itself becomes the model."


class Neural4D(Provider):
    """The calls of Neural4D."""

    declaration: ClassVar[Declaration] = options_and_limits.DECLARATION

    def __init__(self, *given: Any, **named: Any) -> None:
        super().__init__(*given, **named)
        #: By id, addresses of pictures that are done while others of the same order are not; empty for one that failed.
        self._pictures: dict[str, str] = {}
        self._known = polls.Known(self.system.clock)

    @classmethod
    def check(cls, request: Request) -> None:
        """Chibi is made of images, one model each; otherwise one image makes up to four models."""
        limits.check(request)

    @classmethod
    def lacks(cls, feature: Feature, facts: Mapping[str, str]) -> str:
        """What is not at every server: cut-outs, and pictures of a prompt."""
        if feature is Feature.CHOICE and facts.get(MATTING) == "none":
            return "This server of Neural4D makes no cut-outs any more: it takes the image itself."
        if feature is Feature.PICTURE and facts.get(PICTURES) == "none":
            return "This server of Neural4D makes no pictures of a prompt."
        return super().lacks(feature, facts)

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """Documented points; measured prices are kept under the operation, its number of models and their kind."""
        return documented_prices.quotes(request)

    def documented(self, quote: Quote) -> int | None:
        """Servers of 1.2 charge by the operation, today's by the model."""
        return quote.most or quote.points if self.server.get(GENERATION) == OLDER else quote.points

    @classmethod
    def conversion_quote(cls) -> Quote:
        """convertToFormat's documented price."""
        return documented_prices.CONVERSION

    def tickets(self, request: Request, job_id: str) -> list[str]:
        """A fresh uuid for each variant of a text job, unless the server was seen to want none."""
        if request.images or request.picture_first or self.server.get(IDS) == "refused":
            return []
        return [self.system.new_id() for _ in range(request.variants)]

    def balance(self) -> results.Balance:
        """queryPointsInfo."""
        return read.balance(self._call("/api/queryPointsInfo"))

    def checks_portrait(self, request: Request) -> bool:
        """As asked for; by default for chibi."""
        wanted = request.options.get("portrait_check", "auto")
        return bool(request.images) and (wanted == "on" or (wanted == "auto" and bool(request.options.get("style"))))

    def portrait(self, image: str) -> results.Portrait:
        """checkHumanImage."""
        answer = self._call("/api/checkHumanImage", files=[("image", image)])
        status = read.code(answer, "statusCode")
        if status not in (0, -1):
            raise UnexpectedAnswer(
                f"The portrait check answered with the unknown statusCode {status}: {refusals.sentence(answer)}"
            )
        found = results.flag(answer.get("result"))
        found = status == 0 and (value_of(answer, "result", bool) if found is None else found)
        return results.Portrait(valid=status == 0, found=found, message=refusals.sentence(answer))

    def needs_cutout(self, request: Request) -> bool:
        """Servers of 1.2 cut the subject out of each picture; today's at most where the user wants to choose.

        Raises:
            UnsupportedFeature: there is to be a choice, and the server has none.
        """
        if not request.images or request.options.get("style"):
            return False
        if request.choose_cutout and self.server.get(MATTING) == "none":
            raise UnsupportedFeature(
                "This server of Neural4D cuts nothing out of images any more, so there is no choice of cut-outs.",
                _NO_CHOICE,
            )
        known = self.server.get(GENERATION)
        return request.choose_cutout or (known or generation.ask(self._call, self.server)) == OLDER

    def cut_out(self, image: str) -> tuple[str, dict[str, str]]:
        """mattingImage, where the server has it."""
        try:
            answer = self._call("/api/mattingImage", files=[("image", image)])
        except (RequestRefused, KeyRejected, NotEnoughPoints, ServiceDown) as error:
            if error.http in (404, 405, 410):
                self.server.note(MATTING, "none")
                self.server.note(GENERATION, TODAY)  # it is no server of 1.2, or none any more
            elif error.http not in _UNTOLD or not error.by_api or self.server.get(MATTING) == "there":
                raise
            elif self.server.get(GENERATION) == OLDER:
                self.server.note(GENERATION, UNCLEAR)  # it was never seen to cut anything out: the image itself may do
            else:  # it is asked all the same where the user wants to choose
                error.what = f"{error.what} So there is no choice of cut-outs."
                error.remedy = _NO_CHOICE
                raise
            raise OtherGeneration(error.what) from None
        self.server.note(MATTING, "there")
        request_id = value_of(answer, "requestId", int, str)
        return str(request_id), results.details(answer, "type", "message", "queuePosition", "uploadedImageUrl")

    def cutouts(self, request_id: str) -> list[results.Cutout]:
        """getMattedResult: nothing, null or empty until it is done, then four keys with their pictures."""
        number = int(request_id) if request_id.isdigit() else request_id
        answer = self._call("/api/getMattedResult", {"requestId": number})
        keys, urls = (one if isinstance(one, list) else results.items(one)
                      for one in (answer.get("fileKeys"), answer.get("mattedImageUrls")))  # fmt: skip
        pairs = [(*results.ids(key), results.text(url)) for key, url in zip(keys, urls, strict=False)]
        found = [results.Cutout(*pair) for pair in pairs if len(pair) == 2]
        if len(keys) != len(urls) or (keys and not found):
            raise UnexpectedAnswer(f"The cut-outs and their pictures do not match: {refusals.sentence(answer)}")
        return found

    def order_pictures(self, request: Request) -> results.Submission:
        """createNormalPicture."""
        fields = {"prompt": request.prompt, "jobNum": request.pictures}
        fields |= {key: request.options[key] for key in ("modelKey", "aspectRatio") if key in request.options}
        files = [("images", image) for image in request.references]
        try:
            answer = self._call("/api/createNormalPicture", fields, files, paid=True, form=True)
        except RequestRefused as error:
            if error.http not in (404, 405):
                raise
            self.server.note(PICTURES, "none")
            refused = UnsupportedFeature(
                "This server of Neural4D makes no pictures of a prompt.", "Generate without a picture first."
            )
            refused.http = error.http
            raise refused from None
        data = answer.get("data")
        return read.submission(data if isinstance(data, dict) else answer, self.declaration.name)

    def pictures(self, ids: Sequence[str]) -> list[results.Cutout]:
        """queryGenerationResult for each; what has failed is left out of the choice."""
        for one in ids:
            if one not in self._pictures:  # where the next one is held back, this one is not asked for again
                picture = read.picture(self._call("/api/queryGenerationResult", {"uuid": one}))
                if picture is None:
                    return []
                self._pictures[one] = picture
        told = [(one, self._pictures.pop(one)) for one in dict.fromkeys(ids)]
        found = [results.Cutout(one, picture) for one, picture in told if picture]
        failed = len(told) - len(found)
        if not found:
            raise GenerationFailed(f"The service could make none of the {failed} pictures.")
        return found

    def submit(
        self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = ""
    ) -> results.Submission:
        """generateModelWithText, generateModelWithImage or createCuteModelsFromImages."""
        if style := request.options.get("style"):
            files = [("images", image) for image in request.images]
            answer = self._call("/api/createCuteModelsFromImages", {"styleType": style}, files, paid=True)
            return read.chibi(answer, self.declaration.name)
        body: dict[str, Any] = {"modelCount": request.variants, "disablePbr": 1 if request.pbr is False else 0}
        body |= {
            k: request.options[k]
            for k in limits.OF_MODELS
            if request.options.get(k, limits.DEFAULTS[k]) != limits.DEFAULTS[k]
        }
        if "faceNum" in body:  # its range depends on the quality, which therefore is told with it
            body["mesh_quality"] = request.options.get("mesh_quality", options_and_limits.QUALITY)
        if not (request.images or request.picture_first):
            return self._submit_text(request.prompt, tickets, body)
        if request.options.get("enableImageEnhancement"):
            body["enableImageEnhancement"] = True
        older = bool(cutout) and not request.picture_first and self.server.get(GENERATION) != TODAY
        return self._submit_cutout(cutout, body) if older else self._submit_image(request, body, picture)

    def _submit_text(self, prompt: str, tickets: Sequence[str], body: dict[str, Any]) -> results.Submission:
        ours = {"uuids": list(tickets)} if tickets else {}
        try:
            answer = self._call("/api/generateModelWithText", {**body, "prompt": prompt, **ours}, paid=True)
        except RequestRefused as error:
            if not ours or "uuids" not in read.wrong_fields(error.answer):
                raise
            self.server.note(IDS, "refused")
            raise OtherGeneration(error.what) from None
        accepted = read.submission(answer, self.declaration.name)
        if {"generationConfig", "pointsDeducted", "uploadedImageUrl"} & answer.keys():
            self.server.note(GENERATION, TODAY)
        elif not self.server.get(GENERATION):
            self.server.note(GENERATION, OLDER)  # today's answers always have one of them
        if ours and accepted.uuids != list(tickets):
            self.server.note(IDS, "ignored")
        return accepted

    def _submit_image(self, request: Request, body: dict[str, Any], picture: str) -> results.Submission:
        """The picture itself, as today's servers take it."""
        if not picture and request.picture_first:
            raise InvalidInput("The picture could not be fetched.", "Press Retry.")
        files = [("image", picture or request.images[0])]
        try:
            answer = self._call("/api/generateModelWithImage", body, files, paid=True)
        except RequestRefused as error:
            if not generation.is_older(self._call, self.server, error):
                raise
            self.server.note(GENERATION, OLDER)
            self.server.note(MATTING, "there")  # it wants what only that gives
            raise OtherGeneration(error.what) from None
        self.server.note(GENERATION, TODAY)
        return read.submission(answer, self.declaration.name)

    def _submit_cutout(self, cutout: str, body: dict[str, Any]) -> results.Submission:
        """The key of a cut-out, as servers of 1.2 take it."""
        try:
            answer = self._call("/api/generateModelWithImage", {"fileKey": cutout, **body}, paid=True)
        except RequestRefused as error:
            if "image" not in read.wrong_fields(error.answer) and "image file is required" not in error.what.lower():
                raise
            self.server.note(GENERATION, TODAY)
            raise OtherGeneration(error.what) from None
        self.server.note(GENERATION, OLDER)
        self.server.note(MATTING, "there")
        return read.submission(answer, self.declaration.name)

    def look_for(self, request: Request, tickets: Sequence[str], since: float, pictures: bool) -> results.Trace | None:
        """A uuid of ours that retrieveModel knows was accepted; that it knows none proves something only where it
        has been seen to know such ids.
        """
        if pictures or not tickets:
            return None
        known = self._known.among(self._call, tickets)
        if known:
            lost = ["Its id was in the answer that was lost."] * (len(tickets) - len(known))
            return results.Trace(results.Submission(known, failures=lost))
        return results.Trace(proof=self.server.get(IDS) == HONOURED)

    @classmethod
    def documents(cls, error: Neural4DError) -> bool:
        """Values that are wrong, one by one, and the sentences of the document."""
        return read.is_documented(error.answer)

    def remember(self, uuid: str, tickets: Sequence[str]) -> None:
        """It has answered about a model whose id we chose."""
        if uuid in tickets:
            self.server.note(IDS, HONOURED)

    def poll(self, uuid: str, expect_done: bool) -> results.Poll:
        """queryJobProgress while the job is young, retrieveModel when it may be done."""
        return (polls.result if expect_done else polls.progress)(self._call, uuid)

    def convert(self, uuid: str, format: str, size_mm: float | None) -> results.Conversion:
        """convertToFormat. modelSize is a whole number of millimetres above 1; the exact size is made later."""
        body: dict[str, Any] = {"uuid": uuid, "modelType": format.lower()}
        if size_mm is not None:
            body["modelSize"] = max(2, round(size_mm))
        return read.conversion(self._call("/api/convertToFormat", body, paid=True), format)

    def _call(self, path: str, *content: Any, **how: Any) -> dict[str, Any]:
        answer = self.http.call(path, *content, **how)
        read.check_pace(answer, self.declaration.name)
        return answer

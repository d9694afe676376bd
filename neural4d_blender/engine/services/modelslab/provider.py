"""ModelsLab: a prompt or an image becomes a model, at once or a little later, by either of its two APIs.

Ordinary keys belong to v6, others to the enterprise API, which makes no models from a prompt; which one a key is for
is found out by a question that costs nothing. The key stands in the body of each request. There is no upload: the
service fetches an image from the web; a file goes in the request, where the service takes that. A job carries our id
for it as ``track_id``, which the service shows but offers no way to ask for. Answers: ``responses``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import (
    ConversionFailed,
    JobNotFound,
    KeyRejected,
    Neural4DError,
    NotEnoughPoints,
    OtherGeneration,
    RequestRefused,
    UnexpectedAnswer,
    UnsupportedFeature,
)
from ...http import refusals
from ...model.declaration import Declaration, Feature, Quote
from ...model.inputs import web_addresses
from ...model.server_facts import GENERATION
from .. import results
from ..base import Provider, data_uri
from . import options_and_limits
from . import responses as read

if TYPE_CHECKING:
    from ...model.request import Request

V6, ENTERPRISE = "v6", "enterprise"
_ROOTS = {V6: "/api/v6/3d", ENTERPRISE: "/api/v1/enterprise/3d"}
#: Fact: "refused" where the service takes no picture in the request itself.
DATA_URI = "data_uri"
#: Fact: "none" where the server has no v6, so is of 2024 and knows the options of then alone.
HAS_V6 = "v6"
#: An id that no job has: fetching it works with a valid key only, and costs nothing.
_NOBODYS = "0"
_FORMAT = "output_format"
#: With these a web server answers that has no such address.
_NOT_HERE = (404, 405)


class ModelsLab(Provider):
    """POST /image_to_3d, /text_to_3d and /fetch/ID, below the root that the key is for."""

    declaration: ClassVar[Declaration] = options_and_limits.DECLARATION

    @classmethod
    def lacks(cls, feature: Feature, facts: Mapping[str, str]) -> str:
        """What not every key can do: a prompt; and what the service may not take: a picture in the request."""
        if feature is Feature.TEXT and facts.get(GENERATION) == ENTERPRISE:
            return "This key is for ModelsLab's enterprise API, which makes no models from a prompt."
        if feature is Feature.IMAGE and facts.get(DATA_URI) == "refused":
            return (
                "ModelsLab took no image file: it fetches an image from the web, by its address. Nothing of yours is "
                "put on a public host for it."
            )
        return super().lacks(feature, facts)

    @classmethod
    def makes(cls, request: Request) -> str:
        """Exactly the format that is ordered."""
        return request.format

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """No price is documented, and no answer tells one."""
        return [Quote("image" if request.images else "text", None)]

    def tickets(self, request: Request, job_id: str) -> list[str]:
        """The track_id: by it a user finds the job at the service. Asked before anything of a submission is begun,
        so here it is found out which API the key is for, and said what that one cannot do.
        """
        if self.server.get(GENERATION) not in _ROOTS:
            self._find_out(*_ROOTS)
        self._require(request)
        return [job_id]

    def test_key(self) -> None:
        """Fetch what nobody has ordered, by either API."""
        self.server.note(DATA_URI, "")
        self._find_out(*_ROOTS)

    def submit(
        self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = ""
    ) -> results.Submission:
        """POST /image_to_3d or /text_to_3d. An answer with the result in it has no id, and needs none."""
        kind = self.server.get(GENERATION)
        if kind not in _ROOTS:
            raise OtherGeneration("It has to be found out which of ModelsLab's APIs the key is for.")
        self._require(request)
        of_image = self._of_image()
        call, body = _body(request, of_image)
        try:
            answer = self._call(f"{_ROOTS[kind]}/{call}", {**body, "webhook": None, "track_id": tickets[0]}, paid=True)
        except (KeyRejected, RequestRefused) as error:
            if (isinstance(error, KeyRejected) or error.http in (404, 405)) and self._fits_better(kind):
                raise OtherGeneration(error.what) from None
            if _is_file(request) and isinstance(error, RequestRefused) and read.wants_an_address(error):
                self.server.note(DATA_URI, "refused")
                said = refusals.sentence(error.answer).rstrip(".") or "Too large"
                refused = UnsupportedFeature(
                    f"{said}. ModelsLab refused the image file: it "
                    "fetches an image from the web, by its address. Nothing of yours is put on a public host for it.",
                    "Give the web address of the image.",
                )
                refused.http, refused.by_api, refused.answer = error.http, error.by_api, error.answer
                raise refused from None
            raise
        accepted = _accepted(answer)
        if request.images and _FORMAT not in of_image:
            accepted.details.setdefault(_FORMAT, "this server's own choice")
        return accepted

    def _require(self, request: Request) -> None:
        """Raise UnsupportedFeature for what is known to be refused."""
        wanted = Feature.IMAGE if _is_file(request) else Feature.IMAGE_URL if request.images else Feature.TEXT
        if why := self.lacks(wanted, self.server.facts):
            remedy = "Give the web address of the image." if wanted is Feature.IMAGE else ""
            raise UnsupportedFeature(why, remedy)
        if not request.images:
            return
        known = self._of_image()
        if _FORMAT not in known and request.format == "STL":
            raise UnsupportedFeature("This server of ModelsLab makes no STL.", "Choose another format.")
        meant = [
            option for option in options_and_limits.OPTIONS if option.key not in known | options_and_limits.OF_PROMPTS
        ]
        given = [option.key for option in meant if request.options.get(option.key, option.default) != option.default]
        if given:
            raise UnsupportedFeature(
                f"This server of ModelsLab, or the API that the key is for, does not know {' and '.join(given)}.",
                "Leave that at the service's own choice and generate again, or press Test Key to have it asked anew.",
            )

    def _of_image(self) -> Set[str]:
        """What the document of the server's API has for an image."""
        kind = self.server.get(GENERATION)
        if kind == ENTERPRISE and self.server.get(HAS_V6) == "none":
            return options_and_limits.OLDER
        every = {option.key for option in options_and_limits.OPTIONS} - options_and_limits.OF_PROMPTS | {_FORMAT}
        return every - options_and_limits.OF_ENTERPRISE if kind == V6 else every

    @classmethod
    def documents(cls, error: Neural4DError) -> bool:
        """Errors have that status, with whatever HTTP status."""
        return error.by_api and error.answer.get("status") == "error"

    def poll(self, uuid: str, expect_done: bool) -> results.Poll:
        """POST /fetch/ID. The address that an answer names for that is never used: the key goes along."""
        if not uuid:
            raise JobNotFound(
                "ModelsLab gave the model at once and without an id, so it cannot be asked for it again.",
                "Look for the model on ModelsLab's own page; generating it again is paid again.",
            )
        kind = self.server.get(GENERATION)
        if kind not in _ROOTS:
            kind = self._find_out(*_ROOTS)
        try:
            return read.poll(self._fetch(kind, uuid))
        except KeyRejected:
            if not self._fits_better(kind):
                raise
        return read.poll(self._fetch(self.server.get(GENERATION), uuid))

    def convert(self, uuid: str, format: str, size_mm: float | None) -> results.Conversion:
        """There is none: a model comes in the format that was ordered."""
        raise ConversionFailed(
            f"ModelsLab makes a model in the format that it was ordered in, and none of this one in {format}.",
            f"Generate it in {format} anew, or place this one and export it from Blender.",
        )

    # Which API the key is for

    def _find_out(self, *kinds: str) -> str:
        """The first of the APIs that the key opens, which is noted.

        Raises:
            KeyRejected: it opens none. ServiceBusy, ServiceDown and the like: they did not say.
        """
        refused: list[Neural4DError] = []
        for kind in kinds:
            try:
                self._call(f"{_ROOTS[kind]}/fetch/{_NOBODYS}", {})
            except (KeyRejected, NotEnoughPoints, RequestRefused) as error:
                odd = isinstance(error, RequestRefused) and error.by_api and error.http in (400, 422)
                if odd or isinstance(read.trouble(error), JobNotFound):
                    self._take(kind)
                    return kind
                missing = error.http in _NOT_HERE and error.answer.get("status") != "error"
                if kind == V6:
                    self.server.note(HAS_V6, "none" if missing else "")
                own = error.http != 403 and not missing
                if isinstance(error, RequestRefused) and error.by_api and own:
                    raise read.trouble(error) from None
                refused.append(error)
                continue
            self._take(kind)
            return kind  # whatever it says of nobody's job: it has not refused the key
        # What an account lacks is said by the API that knows its key.
        raise min(
            refused, key=lambda error: (not isinstance(error, NotEnoughPoints), not isinstance(error, KeyRejected))
        )

    def _take(self, kind: str) -> None:
        if self.server.get(GENERATION) not in ("", kind):
            self.server.note(DATA_URI, "")
        self.server.note(GENERATION, kind)

    def _fits_better(self, kind: str) -> bool:
        """Whether the key, which that API has refused, is for the other one alone; then that is noted."""
        try:
            return self._find_out(kind, *(other for other in _ROOTS if other != kind)) != kind
        except Neural4DError:
            return False

    def _fetch(self, kind: str, order: str) -> dict[str, Any]:
        try:
            return self._call(f"{_ROOTS[kind]}/fetch/{order}", {})
        except (KeyRejected, NotEnoughPoints, RequestRefused) as error:
            if not error.by_api:
                raise
            raise read.trouble(error) from None

    def _call(self, path: str, body: dict[str, Any], *, paid: bool = False) -> dict[str, Any]:
        """The answer, unless it is a refusal, with whatever status that comes."""
        try:
            answer = self.http.call(path, body, paid=paid)
        except (KeyRejected, NotEnoughPoints, RequestRefused) as error:
            if not error.by_api:
                raise
            raise read.refusal(error.answer, error.http) from None
        if read.status_of(answer) == "error":
            raise read.refusal(answer)
        return answer


def _body(request: Request, of_image: Set[str]) -> tuple[str, dict[str, Any]]:
    """Which call it is, and what it carries: options where they differ from the service's own defaults."""
    options = {option.key: request.options.get(option.key, option.default) for option in options_and_limits.OPTIONS}
    own = {option.key: option.default for option in options_and_limits.OPTIONS}
    wanted = {key: value for key, value in options.items() if value != own[key]}
    # The default of one API is not that of the other.
    wanted[_FORMAT] = request.format.lower()
    if not request.images:
        return "text_to_3d", {"prompt": request.prompt, **wanted}
    image = data_uri(request.images[0]) if _is_file(request) else request.images[0]
    meant = {key: value for key, value in wanted.items() if key in of_image}
    return "image_to_3d", {"image": image, "init_image": image, **meant}


def _is_file(request: Request) -> bool:
    return bool(request.images) and not web_addresses.is_web_address(request.images[0])


def _accepted(answer: Mapping[str, Any]) -> results.Submission:
    """What was taken.

    Raises:
        UnexpectedAnswer: it names no job, and no result either.
    """
    order, status = read.id_of(answer), read.status_of(answer)
    if not order and status not in ("success", "failed"):
        said = refusals.sentence(answer)
        raise refusals.took_nothing("ModelsLab", said, f"ModelsLab's answer {status!r} names no id: {said}")
    polls = {}
    try:
        polls[order] = read.poll(answer)
    except UnexpectedAnswer:
        if not order:
            raise  # with an id it is accepted all the same, and asked about later
    return results.Submission([order], polls=polls, details=read.details(answer))

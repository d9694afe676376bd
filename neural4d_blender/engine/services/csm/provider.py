"""CSM (Common Sense Machines): today's sessions of v3, and the older image-to-3D sessions of other servers.

Which of the two a server speaks is asked at no cost before the first request that pays, and noted. A session is asked
about where its id is from, whatever the server speaks by then. The calls of each generation stand in
``sessions_today`` and ``sessions_2024``, what is declared in ``options_and_limits``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from ...errors import (
    InvalidInput,
    Neural4DError,
    NotEnoughPoints,
    OtherGeneration,
    RequestRefused,
    UnexpectedAnswer,
    UnsupportedFeature,
)
from ...model.declaration import Declaration, Feature, Quote
from ...model.server_facts import GENERATION
from .. import results
from ..base import Provider
from . import account_list, calls, options_and_limits
from . import find_lost_session as lost
from . import sessions_2024 as older
from . import sessions_today as v3
from .options_and_limits import OLDER, PREVIEW, REFINE, RETOPOLOGY, V3

if TYPE_CHECKING:
    from ...model.request import Request

#: Fact: "none" where a server has no list of its older sessions.
LIST = "list"


class Csm(Provider):
    """The calls of CSM's sessions."""

    declaration: ClassVar[Declaration] = options_and_limits.DECLARATION

    @classmethod
    def check(cls, request: Request) -> None:
        """What does not go together at any server."""
        options = request.options
        if request.choose_cutout and cls.goes_on_by_itself(request):
            raise InvalidInput(
                "With the option auto_gen_3d CSM chooses the spin by itself.",
                "Leave the option out, or take the first spin.",
            )
        if not options.get("kit"):
            return
        for given, what in ((options.get(RETOPOLOGY), "retopology"), (request.views, "views")):
            if given:
                raise UnsupportedFeature(f"CSM makes a model in parts without {what}.", "Leave one of them out.")
        if request.format != "GLB":
            raise UnsupportedFeature(
                f"The parts of a model come as GLB files, not {request.format}.", "Choose the format GLB."
            )

    @classmethod
    def lacks(cls, feature: Feature, facts: Mapping[str, str]) -> str:
        """What only one of the generations can do."""
        generation = facts.get(GENERATION, "")
        if feature is Feature.ACCOUNT and generation == OLDER and facts.get(LIST) == "none":
            return options_and_limits.NO_LIST
        return options_and_limits.lacking(feature, generation) or super().lacks(feature, facts)

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """CSM's documents name no price; measured ones are kept under the kind of session and its models.

        With auto_gen_3d everything is charged at the creation. What older servers want ordered is quoted with the
        order, and here where only they can be meant.
        """
        if cls.goes_on_by_itself(request):
            return [Quote("session with all stages", None)]
        kind = {v3.KIT: "kit", v3.MULTIVIEW: "views"}.get(v3.kind_of(request), "session")
        models = [request.options.get(key) for key in ("geometry_model", "texture_model")]
        quotes = [Quote("picture", None)] if request.prompt.strip() else []
        quotes.append(Quote(" ".join([kind, *(str(model) for model in models if model)]), None))
        older_only = (option for option in options_and_limits.OLDER_OPTIONS if option.key in request.options)
        if any(request.options[option.key] != option.default for option in older_only):
            quotes += [cls.order_quote(PREVIEW), cls.order_quote(REFINE)]
        if chosen := request.options.get(RETOPOLOGY):
            quotes.append(cls.order_quote(f"{RETOPOLOGY} {chosen}"))
        return quotes

    @classmethod
    def goes_on_by_itself(cls, request: Request) -> bool:
        """As the option auto_gen_3d says."""
        return bool(request.options.get("auto_gen_3d"))

    def balance(self) -> results.Balance:
        """The credits, which today's CSM tells; UnexpectedAnswer at older servers."""
        if self._generation() == OLDER:
            raise UnexpectedAnswer(
                options_and_limits.lacking(Feature.BALANCE, OLDER), "Look at CSM's own page for them."
            )
        try:
            return v3.balance(self.http)
        except RequestRefused as error:
            if error.http in calls.MISSING:
                self.server.note(GENERATION, "")
            raise

    def test_key(self) -> results.Balance | None:
        """The credits; at older servers a session that does not exist is looked for: CSM looks at the key first."""
        if self._ask() == V3:
            try:
                return v3.balance(self.http)
            except (RequestRefused, UnexpectedAnswer):
                return None  # the list has told that the key is right
        try:
            calls.get(self.http, older.NO_SESSION)
        except RequestRefused as error:
            if error.http != 404 or not error.by_api:
                raise
        return None

    def list_models(self, page: int) -> results.AccountPage:
        """The account's sessions, which today's CSM lists; of the older servers some do."""
        generation = self._generation()
        try:
            return account_list.read(self.http, page, today=generation == V3)
        except RequestRefused as error:
            if error.http not in calls.MISSING:
                raise
            if self._ask() != generation:
                return self.list_models(page)
            if generation == V3:
                raise
            self.server.note(LIST, "none")
            raise UnsupportedFeature(options_and_limits.NO_LIST) from error

    def makes_pictures(self, request: Request) -> bool:
        """A prompt makes a picture, which becomes the model."""
        return bool(request.prompt.strip())

    def order_pictures(self, request: Request) -> results.Submission:
        """text_to_image."""
        generation = self._generation()
        options_and_limits.check(request, generation)
        try:
            return v3.order_picture(self.http, request)
        except RequestRefused as error:
            self._look_at_generation(error, generation)
            raise

    def pictures(self, ids: Sequence[str]) -> list[results.Cutout]:
        """The one picture that was made."""
        return v3.picture(self.http, ids[0])

    def submit(
        self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = ""
    ) -> results.Submission:
        """Create a session."""
        generation = self._generation()
        options_and_limits.check(request, generation)
        try:
            if generation == OLDER:
                return older.submit(self.http, request)
            return v3.submit(self.http, request, cutout, picture)
        except RequestRefused as error:
            self._look_at_generation(error, generation)
            raise

    def look_for(self, request: Request, tickets: Sequence[str], since: float, pictures: bool) -> results.Trace | None:
        """Look into the list of the account's sessions."""
        if pictures:
            return self._in_list(v3.PICTURE, {"prompt": request.prompt.strip()}, [], since)
        if self._generation() == OLDER:
            return self._in_older_list(request, since)
        return self._in_list(v3.kind_of(request), v3.settings_of(request), v3.images_of(request), since)

    def poll(self, uuid: str, expect_done: bool) -> results.Poll:
        """Look at the session, where it is from."""
        return older.poll(self.http, uuid) if _is_older(uuid) else v3.poll(self.http, uuid)

    def next_order(self, request: Request, poll: results.Poll) -> str:
        """Retopology, of whatever is not the result of one."""
        chosen = request.options.get(RETOPOLOGY)
        return f"{RETOPOLOGY} {chosen}" if chosen and poll.details.get("type") != RETOPOLOGY else ""

    def order(
        self, uuid: str, order: str, request: Request, choice: str, dimensions: tuple[float, float, float] | None
    ) -> str:
        """Order the preview, the refined mesh, or the retopology, which is a session of its own."""
        if order.startswith(RETOPOLOGY):
            return v3.retopologise(self.http, uuid, request)
        older.order(self.http, uuid, order, request, choice, dimensions)
        return ""

    def look_for_order(self, order: str, request: Request, since: float) -> results.Trace | None:
        """A retopology is looked for in the list; the other orders show in their session."""
        if not order.startswith(RETOPOLOGY):
            return None
        return self._in_list(RETOPOLOGY, v3.retopology_of(request), [], since) or results.Trace()

    def convert(self, uuid: str, format: str, size_mm: float | None) -> results.Conversion:
        """Every format is made along with the model, and costs nothing more."""
        return older.convert(self.http, uuid, format) if _is_older(uuid) else v3.convert(self.http, uuid, format)

    # Which generation the server speaks

    def _generation(self) -> str:
        return self.server.get(GENERATION) or self._ask()

    def _ask(self) -> str:
        """Only v3 has a list at that address."""
        generation = V3
        try:
            calls.ask_first(self.http, v3.FIRST_OF_LIST)
        except RequestRefused as error:
            if error.http not in calls.MISSING:
                raise
            generation = OLDER
        self.server.note(GENERATION, generation)
        return generation

    def _look_at_generation(self, error: RequestRefused, generation: str) -> None:
        """Raise OtherGeneration where the request was refused because the server speaks the other one by now."""
        if error.http not in calls.MISSING:
            return
        self.server.note(GENERATION, "")
        try:
            other = self._ask() != generation
        except Neural4DError:
            raise error from None  # it went out, unlike the question
        if other:
            raise OtherGeneration(error.what) from None

    # A lost creation

    def _in_list(
        self, kind: str, asked: Mapping[str, Any], images: Sequence[str], since: float
    ) -> results.Trace | None:
        try:
            return v3.look_for(self.http, kind, asked, images, since, self.server.knows)
        except (RequestRefused, NotEnoughPoints) as error:
            if error.http in calls.MISSING:
                self.server.note(GENERATION, "")
            return None

    def _in_older_list(self, request: Request, since: float) -> results.Trace | None:
        """Some of these servers have a list; whether one has is found out by the first look."""
        if self.server.get(LIST) == "none":
            return None

        def page(number: int) -> lost.Rows:
            return older.rows(self.http, f"limit={lost.PAGE}&page={number}")

        try:
            return lost.look(
                page, "session_code", lambda row: lost.agrees({}, row, request.images), since, self.server.knows
            )
        except (RequestRefused, NotEnoughPoints) as error:
            if error.http in calls.MISSING:
                self.server.note(LIST, "none")
        except UnexpectedAnswer:
            pass  # a list of another make tells nothing
        return None


def _is_older(id: str) -> bool:
    """By their codes, SESSION_1708502346_4237483; ids of v3 are hexadecimal."""
    return id.startswith(older.CODE)

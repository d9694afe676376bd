"""GoNeural: a prompt, an image, or an image asset of the account's own becomes a model, by a task with an id.

A task says what it has cost and whether that was given back, so prices are learned from it. It carries no
id of ours and there is no list of tasks: of a submission whose answer is lost only the balance tells. Some accounts
have one task of each kind at a time: where that was seen, the next one waits here until the one before it is over.
How answers are read stands in ``responses``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, ClassVar
from uuid import UUID

from ...errors import (
    HeldBack,
    InvalidInput,
    JobNotFound,
    Neural4DError,
    NotEnoughPoints,
    RequestRefused,
    ServiceBusy,
    ServiceDown,
    UnexpectedAnswer,
    UnsupportedFeature,
)
from ...http import refusals
from ...model.declaration import Declaration, Feature, Quote
from .. import results
from ..base import Provider, value_of
from . import options_and_limits
from . import responses as read

if TYPE_CHECKING:
    from ...model.request import Request

_TASKS, _BILLING = "/v1/tasks", "/v1/billing"
#: Fact: "none" where the server tells no balance, "told" where it was seen to.
BILLING = "billing"
#: Fact: "none" where the server takes no prompts.
TEXTS = "texts"
#: Fact: "one" where it was seen to refuse a second task of a kind.
AT_ONCE = "tasks at once"
#: A task that nobody has: asking for it works with a valid key only, and costs nothing.
_NOBODYS = str(UUID(int=0))
#: Seconds until somebody else's task is looked for again. Twelve such refusals in a row end a job: by then each task
#: that was in its way has been failed by the service itself.
_OTHERS = 30.0
#: Seconds until it is looked again whether a task of ours is over, and after which one that nobody asks about counts
#: for nothing: its job was cancelled.
_OURS, _UNSEEN = 1.0, 45.0


class GoNeural(Provider):
    """POST /v1/tasks/image-to-3d and text-to-3d, GET /v1/tasks/ID and /v1/billing."""

    declaration: ClassVar[Declaration] = options_and_limits.DECLARATION

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        #: By kind, tasks of ours that are under way, and when (monotonic) that was last seen.
        self._running: dict[str, dict[str, float]] = {read.IMAGE: {}, read.TEXT: {}}
        #: The balance that was read last.
        self._left: int | None = None

    @classmethod
    def check(cls, request: Request) -> None:
        """An asset's id is a UUID."""
        if asset := request.options.get("asset_id"):
            try:
                UUID(str(asset))
            except ValueError:
                raise InvalidInput(f"The option asset_id takes a UUID, not {asset!r}.") from None

    @classmethod
    def lacks(cls, feature: Feature, facts: Mapping[str, str]) -> str:
        """What is not at every server: tasks from text, and the balance."""
        if feature is Feature.TEXT and facts.get(TEXTS) == "none":
            return "This server of GoNeural makes no models from a prompt."
        if feature is Feature.BALANCE and facts.get(BILLING) == "none":
            return "This server of GoNeural does not tell how many credits are left."
        return super().lacks(feature, facts)

    @classmethod
    def quotes(cls, request: Request) -> list[Quote]:
        """No price is documented; what a task has cost is kept for its kind of input and textures."""
        kind = "text" if request.prompt.strip() else "image"
        return [Quote(kind if request.pbr is False else f"{kind}, PBR", None)]

    def balance(self) -> results.Balance:
        """GET /v1/billing.

        Raises:
            RequestRefused: the server has none, which is asked once.
        """
        none = "This server of GoNeural does not tell how many credits are left."
        if self.server.get(BILLING) == "none":
            raise RequestRefused(none, "Press Test Key to have it asked again.")
        try:
            answer = self.http.call(_BILLING, method="GET")
        except RequestRefused as error:
            if error.http not in (404, 405) or not error.by_api:
                raise
            if not self.server.get(BILLING):
                self.server.note(BILLING, "none")
            raise RequestRefused(none, "Look at GoNeural's own page.") from None
        found = [answer.get("remaining"), results.inner(answer, "data").get("remaining")]
        left = next((left for left in map(results.whole, found) if left is not None), None)
        if left is None:
            raise UnexpectedAnswer(f"The balance could not be read: it is {str(answer.get('remaining'))[:40]!r}.")
        self.server.note(BILLING, "told")
        self._left = left
        return results.Balance(left, part=results.part(answer.get("remaining")))

    def test_key(self) -> results.Balance | None:
        """Ask for the balance or, where there is none, for a task that nobody has. What was found out before of the
        server and the account is found out anew.
        """
        for fact in (BILLING, TEXTS, AT_ONCE):
            self.server.note(fact, "")
        try:
            return self.balance()
        except RequestRefused:
            if self.server.get(BILLING) != "none":
                raise
        try:
            self.http.call(f"{_TASKS}/{_NOBODYS}", method="GET")
        except RequestRefused as error:
            if error.http != 404 or not error.by_api:
                raise
        return None

    def tickets(self, request: Request, job_id: str) -> list[str]:
        """None. Asked before anything of a submission is begun, so here one that would be in vain is held back.

        Raises:
            HeldBack: a task of ours is in its way.
        """
        self._wait_for_ours(_kind(request))
        return []

    def submit(
        self, request: Request, tickets: Sequence[str], cutout: str = "", picture: str = ""
    ) -> results.Submission:
        """A form with the image, or JSON with the prompt or the id of an asset.

        Raises:
            ServiceBusy: another task has to be over first.
        """
        kind = _kind(request)
        self._wait_for_ours(kind)
        try:
            task = self._create(request, kind)
        except (RequestRefused, NotEnoughPoints, ServiceDown, ServiceBusy) as error:
            if not read.refuses_a_second(error):
                raise
            self.server.note(AT_ONCE, "one")
            busy = ServiceBusy(
                f"{refusals.sentence(error.answer).rstrip('.')}. GoNeural takes one task at a time from this account.",
                "Press Retry when the other task is over.",
                retry_after=_OURS if self._has_ours(kind) else _OTHERS,
                noted=True,  # it says nothing of how quickly the service may be called
                other_job=True,
            )
            busy.http, busy.by_api, busy.answer = error.http, error.by_api, error.answer
            raise busy from None
        task = read.task_in(task)
        try:
            task_id = next(iter(results.ids(task.get("id"))), "") or str(value_of(task, "id", str, int))
        except UnexpectedAnswer as error:
            raise refusals.took_nothing("GoNeural", refusals.sentence(task), error.what) from None
        self._running[kind][task_id] = self.system.clock.monotonic()
        polls = {}
        with suppress(UnexpectedAnswer):  # it is accepted all the same, and asked about later
            polls[task_id] = self._seen(task_id, task)
        told = read.points(task, over=False)
        return results.Submission([task_id], polls=polls, details=read.details(task), points=told)

    def _create(self, request: Request, kind: str) -> dict[str, Any]:
        options, path = request.options, f"{_TASKS}/{kind}"
        fields: dict[str, Any] = {"version": options.get("version", "premium-v1"), "pbr": request.pbr is not False}
        for name, anything in (("seed", options_and_limits.ANY_SEED), ("faceLimit", options_and_limits.ANY_FACES)):
            if options.get(name, anything[0]) not in anything:
                fields[name] = options[name]
        asset = options.get("asset_id")
        if kind == read.IMAGE and not asset:
            return self.http.call(path, fields, [("image", request.images[0])], paid=True)
        if kind == read.TEXT:
            unwanted = str(options.get("negativePrompt", "")).strip()
            fields |= {"prompt": request.prompt} | ({"negativePrompt": unwanted} if unwanted else {})
        else:
            fields["asset_id"] = asset
        try:
            return self.http.call(path, fields, paid=True)
        except RequestRefused as error:
            if error.http not in (404, 405) or not error.by_api:
                raise
            refused: Neural4DError
            if kind == read.TEXT:
                self.server.note(TEXTS, "none")
                refused = UnsupportedFeature(self.lacks(Feature.TEXT, self.server.facts))
            else:
                refused = RequestRefused(
                    f"{refusals.sentence(error.answer).rstrip('.')}. GoNeural does not know the asset {asset}.",
                    "Copy the id of an image asset of your account at GoNeural, then generate again.",
                )
            refused.http, refused.by_api, refused.answer = error.http, error.by_api, error.answer
            raise refused from None

    def _wait_for_ours(self, kind: str) -> None:
        """Raise HeldBack where the account has one task at a time, and one of ours is under way."""
        if self.server.get(AT_ONCE) == "one" and self._has_ours(kind):
            what = "GoNeural takes one task at a time from this account, and one is under way."
            raise HeldBack(what, retry_after=_OURS, noted=True, other_job=True)

    def _has_ours(self, kind: str) -> bool:
        now = self.system.clock.monotonic()
        return any(now - seen < _UNSEEN for seen in self._running[kind].copy().values())

    @classmethod
    def documents(cls, error: Neural4DError) -> bool:
        """Nobody but the service knows of the account's other tasks."""
        return read.refuses_a_second(error)

    def poll(self, uuid: str, expect_done: bool) -> results.Poll:
        """GET /v1/tasks/ID, which tells everything at once."""
        try:
            task = read.task_in(self.http.call(f"{_TASKS}/{uuid}", method="GET"))
        except RequestRefused as error:
            if error.http != 404:
                raise
            self._over(uuid)
            said = refusals.sentence(error.answer).rstrip(".") or "Not found"
            raise JobNotFound(f"{said}. GoNeural does not know this task any more.") from None
        found = self._seen(uuid, task)
        if found.outcome is results.Outcome.FAILED and found.points and self._came_back(found.points):
            from dataclasses import replace  # at Blender's start it would take longer than the service itself

            return replace(found, points=0, message=f"{found.message} {read.BACK}")
        return found

    def _seen(self, task_id: str, task: Mapping[str, Any]) -> results.Poll:
        """What the task says, with a note whether it is under way."""
        found = read.poll(task)
        if found.outcome is results.Outcome.GENERATING:
            self._running[read.kind_of(task)][task_id] = self.system.clock.monotonic()
        else:
            self._over(task_id)
        return found

    def _over(self, task_id: str) -> None:
        for running in self._running.values():
            running.pop(task_id, None)

    def _came_back(self, spent: int) -> bool:
        """Whether what a failed task has cost is on the account again, though the task does not say so: the balance
        is higher by exactly that than when it was read last, which was around the newest submission.
        """
        before = self._left
        if before is None or self.server.get(BILLING) != "told":
            return False
        try:
            return self.balance().total == before + spent
        except Neural4DError:
            return False


def _kind(request: Request) -> str:
    return read.TEXT if request.prompt.strip() else read.IMAGE

"""The page of an account's models that the panel From My Account shows; looked up when the user asks, never by itself.

Blender holds this page and no more. Nothing here waits: a question goes out, the pump brings the answer, the panel is
drawn again; then the pictures come.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from ...api import account
from ...engine.protocol import ErrorTexts, Neural4DError
from ...scene import timer_and_file_handlers
from ...scene.shared_engine import bridge

if TYPE_CHECKING:
    from ...client.jobs.replies import AccountModel, Answer
    from ...client.jobs.snapshots import Job


class Page:
    """What the panel shows.

    Attributes:
        provider: id of the service that was asked; empty as long as none was. number: of the page, from 0 on.
        models: of the page; None while they are awaited. more: there is a page after it.
        pictures: paths, by the models' ids. trouble: why nothing can be shown.
        jobs: those that have some of the models here, by id. brought: the same by the models' ids.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Know nothing, as at the start."""
        self.provider, self.number, self.more = "", 0, False
        self.trouble: ErrorTexts | None = None
        self.models: list[AccountModel] | None = None
        self.pictures: dict[str, str] = {}
        self.jobs: dict[str, Job] = {}
        self.brought: dict[str, str] = {}

    def job_of(self, model: AccountModel) -> Job | None:
        """The job that has a model here, or is about to, as it is now."""
        return self.find(self.brought.get(model.id) or model.job)

    def find(self, job_id: str) -> Job | None:
        """A job that has one of the models, as it is now; None where it is none of those."""
        return bridge.jobs.get(job_id) or self.jobs.get(job_id)

    def look_up(self, provider: str, number: int) -> None:
        """Ask for a page; what stands in the way is shown in its place."""
        self.forget()
        self.provider, self.number = provider, number
        try:
            account.check(provider, number)
            bridge.send("account", partial(self._take, provider, number), provider=provider, page=number)
        except Neural4DError as error:
            self.models, self.trouble = [], error.to_dict()
        timer_and_file_handlers.start()

    def _take(self, provider: str, number: int, answer: Answer) -> None:
        if (provider, number) != (self.provider, self.number):
            return  # another page has been asked for since
        self.models, self.more = answer.models, answer.more
        self.jobs = {job.id: job for job in answer.jobs}
        self.trouble = answer.error
        if addresses := {model.id: model.preview_url for model in answer.models if model.preview_url}:
            bridge.send("draw_pictures", self._take_pictures, provider=provider, pictures=addresses)
            timer_and_file_handlers.start()
        timer_and_file_handlers.redraw()

    def _take_pictures(self, answer: Answer) -> None:
        self.pictures |= answer.pictures  # those of a page that was turned meanwhile harm nothing
        timer_and_file_handlers.redraw()


#: The one page of this Blender.
page = Page()

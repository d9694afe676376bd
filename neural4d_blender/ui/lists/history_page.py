"""The page of the journal that the History panel shows: what was asked for, what came, and asking again.

The engine looks through the journal; Blender holds this page and no more of it. Nothing here waits: a question
goes out, the pump brings the answer, the panel is drawn again.
"""

import datetime as dt
from dataclasses import replace
from typing import TYPE_CHECKING, TypedDict

import bpy
from bpy.props import EnumProperty, StringProperty

from ...api import history as past
from ...engine import protocol
from ...engine.protocol import Neural4DError, State
from ...scene import timer_and_file_handlers, user_settings
from ...scene.session import survive
from ...scene.shared_engine import bridge

if TYPE_CHECKING:
    from ...client.jobs.replies import Answer, Total
    from ...client.jobs.snapshots import Job

#: Jobs on a page: more than one looks at, fewer than push the rest off the screen.
LENGTH = 6
_UNDER_WAY: list[State] = [state for state in State if state not in protocol.SETTLED and state is not State.READY]
_STATES: dict[str, list[State]] = {
    "ANY": [],
    "MODELS": [State.READY, State.PLACED],
    "FAILED": [State.FAILED],
    "CANCELLED": [State.CANCELLED],
    "UNDER_WAY": _UNDER_WAY,
}
_DAYS = {"TODAY": 1, "WEEK": 7, "MONTH": 30, "YEAR": 365}


class Page:
    """What the panel shows.

    Attributes:
        jobs: newest first, each with ``bytes``. total: how many fit the filters.
        totals: what was spent, by month and service; None while not known.
        offset: how many newer ones are left out. trouble: why nothing could be looked up.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Know nothing, as at the start or when another folder is set."""
        self.jobs: list[Job] = []
        self.total = 0
        self.totals: list[Total] | None = None
        self.offset = 0
        self.trouble: protocol.ErrorTexts | None = None
        self._exists: bool | None = None
        self._asked: past.HistoryQuery | None = None
        self._seen: object = None

    def has_any(self) -> bool:
        """Something was ever generated with this folder for files; looked up once."""
        if self._exists is None:
            self._exists = (user_settings.data_dir() / protocol.JOURNAL).exists()
        return self._exists or bool(bridge.jobs)

    def newest(self) -> "list[Job]":
        """The jobs of the page as they are now."""
        return [replace(bridge.jobs.get(job.id, job), bytes=job.bytes) for job in self.jobs]

    def find(self, job_id: str) -> "Job | None":
        """A job on the page as it is now, None where it is not there."""
        return next((job for job in self.newest() if job.id == job_id), None)

    def is_stale(self) -> bool:
        """Jobs have come or ended since it was looked up, or it never was."""
        return self._seen != _state_of_things()

    def look_up(self) -> None:
        """Ask for the page that the filters amount to, and for the totals."""
        self._seen, self.trouble = _state_of_things(), None
        try:
            asked = past.query(**wanted(bpy.context.window_manager.neural4d_history), limit=LENGTH, offset=self.offset)
            self._asked = asked
            bridge.send("history", lambda answer: self._take(asked, answer), **asked)
            bridge.send("totals", self._take_totals)
        except Neural4DError as error:
            self.jobs, self.total = [], 0
            self.trouble = error.to_dict()
        timer_and_file_handlers.start()

    def _take(self, asked: "past.HistoryQuery", answer: "Answer") -> None:
        if asked is not self._asked:
            return  # another question has gone out since
        if answer.error:
            self.trouble = answer.error
            return
        self.jobs, self.total = answer.jobs, answer.total
        if self.offset and not self.jobs:  # the last one of the last page was deleted
            self.offset = max(0, self.total - 1) // LENGTH * LENGTH
            self.look_up()

    def _take_totals(self, answer: "Answer") -> None:
        if not answer.error:
            self.totals = answer.totals


#: The one page of this Blender.
page = Page()


def _state_of_things() -> tuple[int, int]:
    return len(bridge.jobs), len(bridge.jobs.under_way)


def look_up_soon() -> None:
    """Have the page looked up after the present drawing, which may not start anything itself."""
    if not bpy.app.background and not bpy.app.timers.is_registered(_look_up):
        bpy.app.timers.register(_look_up, first_interval=0.0)


def _look_up() -> None:
    if page.is_stale():
        survive(page.look_up, otherwise=None)


def _filtered(_filters: bpy.types.PropertyGroup, _context: bpy.types.Context) -> None:
    page.offset = 0
    page.look_up()


class NEURAL4D_PG_history(bpy.types.PropertyGroup):
    """What the History panel looks for; of the window, so never saved."""

    text: StringProperty(
        name="Search",
        description="Words of the prompt, the name or the group, in any order",
        options={"TEXTEDIT_UPDATE"},
        update=_filtered,
    )
    provider: EnumProperty(
        name="Service",
        description="Made with this service",
        items=[
            ("ANY", "All Services", ""),
            *((one.id, one.name, "") for one in protocol.declarations()),
            ("sample", "Built-in Samples", ""),
        ],
        update=_filtered,
    )
    state: EnumProperty(
        name="State",
        description="What has become of them",
        items=[
            ("ANY", "All", "Whatever has become of it"),
            ("MODELS", "Models", "There is a model of it"),
            ("FAILED", "Failed", "No model came of it"),
            ("CANCELLED", "Cancelled", "It was cancelled"),
            ("UNDER_WAY", "Under Way", "It is not over yet"),
        ],
        update=_filtered,
    )
    period: EnumProperty(
        name="Date",
        description="When they were made",
        items=[
            ("ANY", "Any Time", ""),
            ("TODAY", "Today", ""),
            ("WEEK", "Last 7 Days", ""),
            ("MONTH", "Last 30 Days", ""),
            ("YEAR", "Last 365 Days", ""),
            ("RANGE", "Between ...", "From one day to another"),
        ],
        update=_filtered,
    )
    since: StringProperty(name="From", description="The first day, like 2031-05-24", update=_filtered)
    until: StringProperty(name="To", description="The last day, like 2031-05-24", update=_filtered)


class Filters(TypedDict):
    """Arguments of ``history``."""

    text: str
    provider: str
    state: list[State]
    since: "past.Moment | None"
    until: "past.Moment | None"


def wanted(filters: NEURAL4D_PG_history) -> Filters:
    """The arguments of ``history`` that the filters amount to, less the page."""
    since: past.Moment | None = None
    until: past.Moment | None = None
    if filters.period == "RANGE":
        since, until = filters.since.strip() or None, filters.until.strip() or None
    elif filters.period != "ANY":
        since = dt.datetime.now().astimezone().date() - dt.timedelta(_DAYS[filters.period] - 1)
    provider = "" if filters.provider == "ANY" else filters.provider
    return {
        "text": filters.text,
        "provider": provider,
        "state": _STATES[filters.state],
        "since": since,
        "until": until,
    }

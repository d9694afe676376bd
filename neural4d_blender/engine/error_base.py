"""What every error of the project has: what happened, what was kept, what it cost, what to do now.

Standard library only. The errors themselves stand in errors.py, which all others import this from.
"""

from __future__ import annotations

from typing import ClassVar, TypedDict

#: Characters of what happened: an answer that is quoted in it may have any length.
_LONGEST = 2000


class ErrorTexts(TypedDict):
    """What is told of an error, as :class:`Neural4DError` explains it: on the pipe, in the journal and beyond."""

    code: str
    what: str
    kept: str
    cost: str
    remedy: str


class Neural4DError(Exception):
    """Base of all errors of the extension.

    Args:
        what: one or two sentences that say what happened.
        remedy: what the user can do now; the class's own remedy where it is empty.
        kept: what was kept (files, a paid result); empty when there was nothing to keep.
        cost: what it cost, in words; empty when the raiser cannot know (whoever fails the job fills it in).
    """

    default_remedy: ClassVar[str] = ""
    #: The service or the way to it is down, which passes without the user doing anything.
    outage: bool = False
    #: The HTTP status that the service refused with, 0 where there was none.
    http: int = 0
    #: That refusal was JSON, as an API gives it, rather than the page of some web server.
    by_api: bool = False
    #: That JSON, for the service's provider alone: it may repeat the request.
    answer: dict[str, object] = {}

    def __init__(self, what: str, remedy: str = "", *, kept: str = "", cost: str = "") -> None:
        what = what if len(what) <= _LONGEST else f"{what[:_LONGEST]}…"
        super().__init__(what)
        self.what = what
        self.remedy = remedy or self.default_remedy
        self.kept = kept
        self.cost = cost

    @property
    def code(self) -> str:
        """The class name: what logs, reports and scripts use to tell errors apart."""
        return type(self).__name__

    def to_dict(self) -> ErrorTexts:
        """The form that travels on the pipe and stands in the journal."""
        return {"code": self.code, "what": self.what, "kept": self.kept, "cost": self.cost, "remedy": self.remedy}

"""What is looked for in the history, from what a script says. Standard library and the engine's ``protocol`` only."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import TypedDict

from ..engine.protocol import InvalidInput, State, declaration

#: A day or a moment: ``datetime.date``, ``datetime.datetime``, "2031-05-24", "2031-05-24 18:00", or seconds
#: since the epoch. Without a zone it is this computer's time.
Moment = dt.date | str | float


class HistoryQuery(TypedDict):
    """What the engine's command ``history`` takes: moments in seconds since the epoch."""

    text: str
    provider: str
    states: list[str]
    since: float | None
    until: float | None
    limit: int
    offset: int


def query(
    text: str = "",
    provider: str = "",
    state: str | Sequence[str] = "",
    since: Moment | None = None,
    until: Moment | None = None,
    limit: int = 50,
    offset: int = 0,
) -> HistoryQuery:
    """The engine's ``history`` command of the arguments of :func:`history`; InvalidInput where they mean nothing."""
    states = [state] if isinstance(state, str) else list(state)
    if unknown := [one for one in states if one and one not in list(State)]:
        raise InvalidInput(f"There is no state {unknown[0]!r}; there are: {', '.join(State)}.")
    if provider:
        declaration(provider)
    if limit < 0 or offset < 0:
        raise InvalidInput("limit and offset must be 0 or more.")
    return {
        "text": text,
        "provider": provider,
        "states": [str(one) for one in states if one],
        "since": _seconds(since, "since"),
        "until": _seconds(until, "until"),
        "limit": limit,
        "offset": offset,
    }


def _seconds(moment: Moment | None, what: str) -> float | None:
    """Since the epoch; ``until`` a day means until its end."""
    if moment is None or isinstance(moment, int | float):
        return moment
    if isinstance(moment, str):
        try:
            read = dt.datetime.fromisoformat(moment.strip())
        except ValueError as error:
            raise InvalidInput(f"{what} must be a date like 2031-05-24, not {moment!r}.") from error
        moment = read.date() if len(moment.strip()) <= len("2031-05-24") else read
    if not isinstance(moment, dt.datetime):
        days = 1 if what == "until" else 0
        moment = dt.datetime.combine(moment + dt.timedelta(days), dt.time())
    return moment.timestamp()

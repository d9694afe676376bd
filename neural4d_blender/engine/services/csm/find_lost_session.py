"""A creation of a CSM session whose answer was lost: which of the account's sessions it is, if it is one of them.

Standard library only; no I/O but the questions that it is handed. A session counts as new where it was created about
when the request went out and no job of the journal knows it. Exactly one new session that fits is the lost one. None
at all proves that nothing arrived; whatever lies between proves nothing, nor does one that only a wrong clock excludes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ...model.inputs import web_addresses
from .. import results

Rows = list[dict[str, Any]]
Known = Callable[[str], bool]

#: Seconds that a server's clock may be off, and those that a request may be under way.
_CLOCKS, _UNDER_WAY = 300.0, 600.0
#: Seconds that a time may be off that does not name its time zone.
_ZONES = 14 * 3600.0
#: Sessions on a page of the list, and pages that are read at the most.
PAGE, _PAGES = 100, 10


def look(
    page: Callable[[int], Rows], name: str, fits: Callable[[Mapping[str, Any]], bool], since: float, known: Known
) -> results.Trace:
    """Look through the list.

    Args:
        page: the sessions of a page, newest first. name: the field that is a session's id.
        fits: whether a session is what was asked for. since: when it was (seconds since the epoch).
        known: whether a job of the journal has a session of that id.
    """
    rows, whole = _read(page, since)
    new = [row for row in rows if _is_new(row, name, since, known)]
    fitting = [str(row[name]) for row in new if row.get(name) and fits(row)]
    if len(fitting) == 1:
        return results.Trace(results.Submission(fitting))
    strange = _may_be_by_another_clock(rows, name, fits, since, known)
    return results.Trace(proof=whole and not new and not strange and _newest_first(rows))


def agrees(asked: Mapping[str, Any], shown: Mapping[str, Any], images: Sequence[str]) -> bool:
    """Whether what a session shows of its input is what was asked for, as far as it shows any of it.

    Args:
        asked: words and numbers of the request. images: its pictures; those of a session may have moved elsewhere.
    """
    settings = shown.get("settings")
    said = {**shown, **(settings if isinstance(settings, Mapping) else {})}
    for key, value in asked.items():
        theirs = said.get(key)
        if theirs is not None and _plain(theirs) != _plain(value):
            return False
    several = next((said[key] for key in ("image_urls", "images") if isinstance(said.get(key), list)), None)
    if several is not None and images and len(several) != len(images):
        return False
    theirs = several or [one for key in ("image_url", "image") if isinstance(one := said.get(key), str)][:1]
    return all(_may_be(ours, one) for ours, one in zip(images, theirs, strict=False))


def _may_be(ours: str, theirs: object) -> bool:
    """A picture that came in the request itself is shown in any form; an address as it is."""
    if web_addresses.is_web_address(ours) and isinstance(theirs, str) and web_addresses.is_web_address(theirs):
        return ours == theirs
    return True


def _plain(value: object) -> object:
    return " ".join(value.split()) if isinstance(value, str) else value


def _read(page: Callable[[int], Rows], since: float) -> tuple[Rows, bool]:
    """Pages until one is older than the request; whether all were read that could show it."""
    rows: Rows = []
    for number in range(_PAGES):
        more = page(number)
        rows += more
        times = [created(row) for row in more]
        if len(more) < PAGE or all(at is not None and at < since - _CLOCKS for at in times):
            return rows, True
    return rows, False


def _newest_first(rows: Rows) -> bool:
    """Whether the list is in the order in which a new session cannot lie beyond what was read."""
    times = [created(row) for row in rows]
    known = [at for at in times if at is not None]
    return len(known) == len(times) and known == sorted(known, reverse=True)


def _is_new(row: Mapping[str, Any], name: str, since: float, known: Known) -> bool:
    at = created(row)
    off = _CLOCKS if _says_where(row.get("created_at")) else _ZONES
    if at is not None and not since - off <= at <= since + off + _UNDER_WAY:
        return False
    return not known(str(row.get(name) or ""))


def _may_be_by_another_clock(
    rows: Rows, name: str, fits: Callable[[Mapping[str, Any]], bool], since: float, known: Known
) -> bool:
    """Whether one may be it after all where this computer's clock is wrong, or was set meanwhile: one that no job knows
    and that is later, or the newest of all where it is what was asked for."""
    unknown = [row for row in rows if not known(str(row.get(name) or ""))]
    later = any((at := created(row)) is not None and at > since for row in unknown)
    return later or bool(unknown and unknown[0] is rows[0] and fits(rows[0]))


def _says_where(value: object) -> bool:
    """Whether a time is a number, or names its time zone."""
    try:
        return datetime.fromisoformat(str(value)).tzinfo is not None
    except ValueError:
        return True


def created(row: Mapping[str, Any]) -> float | None:
    """When a session was created (seconds since the epoch): ISO 8601 or milliseconds; None where it does not say."""
    value = row.get("created_at")
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else None
    except ValueError:
        number = None
    if number is not None:
        return number / 1000 if number > 1e11 else number
    try:
        at = datetime.fromisoformat(str(value))
    except ValueError:
        return None
    return (at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()

"""The command audit: what the studio's file has, its totals, and whether a line of it is missing or was changed.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from ...engine.protocol import Neural4DError
from ..console import Console, table
from ..exit_codes import Exit
from ..session import Session

_SUMS = ("payments", "points", "not_known", "refusals", "approvals", "declines", "files")


def audit(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Show it, and check it whole; Neural4DError where a line is wrong and ``--verify`` was asked for."""
    session.bridge.adopting = False
    found = session.ask("audit", limit=0 if asked.verify or asked.totals else asked.limit, timeout=300.0).audit
    if console.as_json:
        for line in found["lines"]:
            console.result("", "audit_line", line=line)
        for row in [] if asked.verify else found["totals"]:
            console.result("", "audit_total", **row)
        names = ("file", "count", "waiting", "broken")
        console.result("", "audit", **{name: found[name] for name in names}, line=found["line"])
    else:
        _print(found, asked, console)
    if found["broken"] and asked.verify:
        raise Neural4DError(
            f"{found['broken']} The first {found['count']} lines of {found['file']} are as they were written.",
            "Compare it with a copy of it.",
        )
    return Exit.DONE


def _print(found: dict[str, Any], asked: argparse.Namespace, console: Console) -> None:
    rows: list[Sequence[object]] = [("AT", "WHAT", "USER", "PROJECT", "AGENT", "SERVICE", "TOLD", "PAID", "JOB", "")]
    for one in found["lines"]:
        whose = (one["user"], one["project"], one["agent"])
        points = [_points(one.get(name), known=name in one) for name in ("told", "paid")]
        more = one.get("what") or one.get("path") or one.get("operation", "")
        rows.append((one["at"][:19], one["kind"], *whose, one["service"], *points, one["job"][:8], more[:60]))
    if found["lines"]:
        console.result(table(rows), "audit")
    if found["totals"] and not asked.verify:
        heads = ("USER", "PROJECT", "AGENT", *(name.upper().replace("_", " ") for name in _SUMS))
        sums = [[one[name] for name in ("user", "project", "agent", *_SUMS)] for one in found["totals"]]
        console.result(table([heads, *sums]), "audit")
    if not found["broken"]:
        console.result(f"{found['count']} lines of {found['file']}, none missing or changed", "audit")
    elif not asked.verify:
        console.note(str(found["broken"]))
    if found["waiting"]:
        console.note(f"{found['waiting']} more lines are not written yet.")


def _points(value: object, *, known: bool) -> object:
    """A number of points; a question mark where nobody knows it."""
    return "" if not known else "?" if value is None else value

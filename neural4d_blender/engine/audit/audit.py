"""What the studio is told of: noted in the journal as it happens, written into the file soon after, each line once.

A kill in between leaves the line in the journal, and the next engine writes it.
"""

from __future__ import annotations

import datetime as dt
import json
import platform
import sqlite3
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from ..errors import (
    ErrorTexts,
    ForbiddenByPolicy,
    Neural4DError,
    NotEnoughPoints,
    PolicyUnusable,
    QuoteMissing,
    from_dict,
)
from ..http.redaction import without
from ..model.job import Job
from ..model.job_records.costs import LOST
from ..model.variant import SaveState
from ..policy.policy import Policy
from ..store import audit_lines
from ..store.audit_lines import Line
from ..store.journal import Journal
from . import chain

#: What is told as a refusal: everything else is trouble.
REFUSALS = (ForbiddenByPolicy, PolicyUnusable, NotEnoughPoints, QuoteMissing)
_LONGEST = 500


class Audit:
    """The audit of one journal.

    Args:
        paying: whether something that may be paid is on its way for the job of that id, here.
        keys: the services' keys, which are in no line.
    """

    def __init__(self, journal: Journal, paying: Callable[[str], bool], keys: Callable[[], Iterable[str]]) -> None:
        self._journal, self._paying, self._keys = journal, paying, keys
        #: There are lines to be written.
        self.due = bool(journal.rows("SELECT 1 FROM audit_lines LIMIT 1"))
        journal.changing.append(self._note)

    @property
    def file(self) -> Path | None:
        """Where the policy wants it; None where it wants none."""
        folder = Policy.at(self._journal.folder).audit
        return folder / chain.NAME if folder else None

    # What is told

    def refused(self, error: Neural4DError, job: str, service: str, request: dict[str, Any], user: str) -> None:
        """Somebody was refused something before there was a job, or of one that is there."""
        if self._is_wanted:
            told = {"agent": request.get("agent", ""), "project": request.get("project", "")}
            self._write({**self._line("refusal", job, service, user), **told, **_of_error(error.to_dict())})

    def answered(self, job: Job, points: int, user: str, *, approved: bool) -> None:
        """A job that would go over an allowance was approved of, or declined, by that user."""
        if self._is_wanted:
            kind = "approval" if approved else "decline"
            self._write({**self._of(job, kind), "by": user, "told": points, "paid": None if approved else 0})

    def kept(self, job: Job, path: Path) -> None:
        """A file was written that is the user's own."""
        if self._is_wanted:
            self._write({**self._of(job, "file"), "path": str(path)})

    def _write(self, line: Line) -> None:
        with self._journal.transaction() as db:
            audit_lines.note(db, line)
        self.due = True

    def _note(self, db: sqlite3.Connection, job: Job) -> None:
        """What is new of a job that is about to be written; a part of that transaction."""
        if not self._is_wanted:
            return
        row = db.execute("SELECT data FROM jobs WHERE id = ?", (job.id,)).fetchone()
        try:
            before = json.loads(row[0]) if row else {}
        except ValueError:  # a damaged row: what it was is not known
            return
        self._note_payments(db, job, before.get("spent", []))
        error, known = job.error or job.rule.tries_ended, before.get("error") or before.get("tries_ended")
        if error and _is_refusal(error) and error != known:
            audit_lines.note(db, {**self._of(job, "refusal"), **_of_error(error)})
            self.due = True
        done = {save["id"]: (save["state"], save.get("error")) for save in before.get("saves", [])}
        for save in job.delivery.saves:
            was, failed = done.get(save.id, ("", None))
            if save.state is SaveState.SAVED != was:
                audit_lines.note(db, {**self._of(job, "file"), "path": save.path})
                self.due = True
            elif save.error and _is_refusal(save.error) and save.error != failed:
                audit_lines.note(db, {**self._of(job, "refusal"), **_of_error(save.error)})
                self.due = True

    def _note_payments(self, db: sqlite3.Connection, job: Job, before: list[dict[str, Any]]) -> None:
        """Each gets one line, which waits for the price as long as that is being looked at; a later one is another."""
        known = dict(_numbered(job.id, before))
        for id, entry in _numbered(job.id, job.costs.spent):
            if entry == known.get(id) and job.costs.buying:
                continue
            paid = None if entry["estimated"] else entry["points"]
            noted = audit_lines.waiting(db, id)
            if noted or id not in known:
                of_it = {"operation": entry["operation"], "told": noted["told"] if noted else entry["points"]}
                line = noted or {**self._of(job, "payment"), "id": id, **of_it}
                audit_lines.note(db, {**line, "paid": paid}, ready=not job.costs.buying)
            elif entry != known[id]:
                audit_lines.note(db, {**self._of(job, "price"), "payment": id, "told": entry["points"], "paid": paid})
            else:
                continue
            self.due = True

    @property
    def _is_wanted(self) -> bool:
        try:
            return self.file is not None
        except PolicyUnusable:  # it may be wanted, and is not known until somebody has corrected the policy
            return True

    def _of(self, job: Job, kind: str) -> Line:
        told = {"agent": job.agent, "project": job.project, "request": job.identity}
        return {**self._line(kind, job.id, job.provider, job.user), **told}

    def _line(self, kind: str, job: str, service: str, user: str) -> Line:
        now = dt.datetime.fromtimestamp(self._journal.clock.now()).astimezone()
        return {
            "id": self._journal.system.new_id(),
            "at": now.isoformat(timespec="seconds"),
            "kind": kind,
            "user": user,
            "computer": platform.node(),
            "job": job,
            "service": service,
        }

    # The file

    def write(self) -> None:
        """Write what there is; runs on any thread, and does no harm beside another one, or another engine.

        Raises:
            OSError: the file cannot be written now. PolicyUnusable: nobody knows whether there is one.
        """
        self.due, file = False, self.file
        if file is None:
            return
        try:
            with chain.alone(file.parent, self._journal.clock):
                with self._journal.transaction() as db:
                    size = file.stat().st_size if file.exists() else 0
                    lines, begins = audit_lines.take(db, size, self._is_over)
                if not lines:
                    return
                there = chain.ids_from(file, begins) if begins < size else set()
                for key in self._keys():
                    lines = [without(line, key) for line in lines]
                last = chain.add(file, [line for line in lines if line["id"] not in there])
                with self._journal.transaction() as db:
                    ids = [line["id"] for line in lines]
                    audit_lines.written(db, ids, str(file), *((last.number, last.sha256) if last else (0, "")))
        except OSError:
            self.due = True
            raise

    def _is_over(self, job: str, owner: str) -> bool:
        """Nothing more comes of a purchase of it, though the journal has it as going on: an engine was killed."""
        if owner == self._journal.owner:
            return not self._paying(job)
        return not owner or not self._journal.is_alive(owner)

    def told(self, limit: int) -> dict[str, Any]:
        """The file as it is: its last lines, its totals, and what is wrong with the first line that is wrong."""
        file = self.file
        if file is None:
            raise ForbiddenByPolicy("There is no audit: no policy names a folder for it.", "Set folders.audit in one.")
        with self._journal.reading() as db:
            head = audit_lines.head(db, str(file))
            (left,) = db.execute("SELECT COUNT(*) FROM audit_lines").fetchone()
        checked = chain.Checked()
        lines: list[Line] = []
        totals = Totals()
        if file.exists():
            for link in chain.links(file, checked, head):
                totals.add(link.says)
                lines = [*lines[-limit + 1 :], link.says] if limit > 1 else [link.says] * limit
        elif head:
            checked.broken = f"{file} is missing: there were {head[0]} lines when this computer wrote last."
        told = {"file": str(file), "count": checked.count, "broken": checked.broken, "line": checked.line}
        return {**told, "waiting": left, "lines": lines, "totals": totals.rows()}


class Totals:
    """Sums by user, project and agent."""

    def __init__(self) -> None:
        self._by_whom: dict[tuple[str, str, str], dict[str, int]] = {}
        #: By the payment's id: whose it is, and what it counts for.
        self._payments: dict[str, tuple[tuple[str, str, str], int, bool]] = {}

    def add(self, line: Line) -> None:
        """Count a line in."""
        whose = (line["user"], line["project"], line["agent"])
        sums = self._by_whom.setdefault(whose, dict.fromkeys(_COUNTED, 0))
        kind = line["kind"]
        if kind in ("payment", "price"):
            known = line["paid"] is not None
            self._payments[str(line.get("payment", line["id"]))] = (
                whose,
                line["paid"] if known else line["told"] or 0,
                known,
            )
        else:
            sums[f"{kind}s"] = sums.get(f"{kind}s", 0) + 1

    def rows(self) -> list[dict[str, Any]]:
        """One for each of them."""
        for whose, points, known in self._payments.values():
            sums = self._by_whom[whose]
            sums["payments"] += 1
            sums["points"] += points
            sums["not_known"] += not known
        names = ("user", "project", "agent")
        return [{**dict(zip(names, whose, strict=True)), **sums} for whose, sums in sorted(self._by_whom.items())]


_COUNTED = ("payments", "points", "not_known", "refusals", "approvals", "declines", "files")


def _numbered(job: str, spent: list[dict[str, Any]]) -> list[tuple[str, dict[str, Any]]]:
    """The payments of a job under names that stay: what may be lost stands before what was booked."""
    lost = [entry for entry in spent if entry["operation"] == LOST]
    booked = [entry for entry in spent if entry["operation"] != LOST]
    parts = (("lost", lost), ("payment", booked))
    return [(f"{job} {what} {number}", entry) for what, those in parts for number, entry in enumerate(those, 1)]


def _is_refusal(error: ErrorTexts) -> bool:
    return isinstance(from_dict(error), REFUSALS)


def _of_error(error: ErrorTexts) -> dict[str, Any]:
    told = " ".join(error[part] for part in ("what", "cost") if error.get(part))
    return {"code": error["code"], "what": told[:_LONGEST], "told": None, "paid": 0}

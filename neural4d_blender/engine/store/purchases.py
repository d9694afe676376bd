"""What the journal has of points: prices that were measured, what was bought when, what caps have to count.

Standard library only.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping

from ..model.job import Job
from ..model.states import State
from .damaged_rows import DELETED
from .database import Database

#: Seconds in which what was bought surely shows in the balance.
_SHOWS = 600.0
#: Seconds for which others are held up by a job in doubt that waits for the service: see Timing.outage.
_LONGEST = 86_400.0

#: What was noted since a time, or after the job itself had bought: the clock may have been set back since.
_SINCE = "(at >= ? OR purchases.rowid > (SELECT own.rowid FROM purchases AS own WHERE own.job = ?))"


class Purchases(Database):
    """The part of the journal that speaks of points."""

    def price(self, provider: str, operation: str) -> int | None:
        """Points that the operation really cost when it was last measured, or None."""
        found = self.rows("SELECT points FROM prices WHERE provider = ? AND operation = ?", provider, operation)
        return int(found[0][0]) if found else None

    def learn_price(self, provider: str, operation: str, points: int) -> None:
        """Remember what an operation really cost."""
        with self.transaction() as db:
            db.execute(
                "INSERT OR REPLACE INTO prices VALUES (?, ?, ?, ?)", (provider, operation, points, self.clock.now())
            )

    def prices(self) -> dict[str, int]:
        """All measured prices in points, keyed ``provider:operation``."""
        return {f"{p}:{o}": n for p, o, n in self.rows("SELECT provider, operation, points FROM prices")}

    def note_purchase(self, job: Job) -> None:
        """A request of the job's that may cost points is about to be sent."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO purchases VALUES (?, ?, ?)", (job.id, job.provider, self.clock.now()))

    def paid_since(self, provider: str, at: float, but: str) -> bool:
        """Whether another job than that has bought something at the service since then (seconds since the epoch), or
        may have.
        """
        which = f"purchases.provider = ? AND {_SINCE} AND job != ?"
        question = f"SELECT 1 FROM purchases WHERE {which} LIMIT 1"  # noqa: S608 (our own words)
        found = self.rows(question, provider, at, but, but)
        return bool(found or self.owners_in_doubt(provider, but, at - _SHOWS))

    def last_purchase(self, provider: str, but: str) -> tuple[int, float] | None:
        """The newest note of a request of another job's, which is another one as soon as somebody has bought.

        By its place and its time: two may be noted in one tick of the clock, and a new one may get an old one's place.
        """
        question = "SELECT rowid, at FROM purchases WHERE provider = ? AND job != ? ORDER BY rowid DESC LIMIT 1"
        found = self.rows(question, provider, but)
        return (int(found[0][0]), float(found[0][1])) if found else None

    def spent_since(self, provider: str, at: float, but: str) -> float:
        """Points that all jobs but that one which have bought something at the service since then (seconds since the
        epoch) have cost in all; infinitely many where nobody knows.
        """
        if self.owners_in_doubt(provider, but, at - _SHOWS):
            return math.inf
        question = (
            "SELECT under_way, cost, data FROM purchases JOIN jobs ON jobs.id = purchases.job "  # noqa: S608
            f"WHERE purchases.provider = ? AND {_SINCE} AND job != ?"
        )
        costs = 0.0
        for under_way, cost, data in self.rows(question, provider, at, but, but):
            told = json.loads(data)
            spent = [entry["points"] for entry in told.get("spent", [])]
            if None in spent or (under_way and not spent):
                return math.inf
            costs += cost
        return costs

    def owners_in_doubt(self, provider: str, but: str, since: float = 0.0) -> list[str]:
        """Whose jobs they are of which nobody knows whether they were paid, and came to that since then."""
        question = (
            "SELECT DISTINCT owner FROM jobs WHERE under_way AND provider = ? AND id != ? AND state IN (?, ?) "
            "AND json_extract(data, '$.entered') >= ?"
        )
        return [owner for (owner,) in self.rows(question, provider, but, State.SUBMITTING, State.UNKNOWN, since)]

    def owners_looking(self, provider: str, but: str) -> list[str]:
        """Whose such jobs are looked into: each had its next look, or came into doubt, a short while ago.

        A job that is not looked into any more, whatever became of that, holds nobody up for ever.
        """
        question = (
            "SELECT DISTINCT owner FROM jobs WHERE under_way AND provider = :service AND id != :but "
            "AND state IN (:sent, :unknown) AND json_extract(data, '$.entered') <= :now + :shows AND MAX("
            "json_extract(data, '$.entered'), MIN(COALESCE(json_extract(data, '$.until'), 0), "
            "json_extract(data, '$.entered') + :longest)) >= :now - :shows"
        )
        values = {
            "service": provider,
            "but": but,
            "sent": State.SUBMITTING,
            "unknown": State.UNKNOWN,
            "now": self.clock.now(),
            "shows": _SHOWS,
            "longest": _LONGEST,
        }
        with self.reading() as db:
            return [owner for (owner,) in db.execute(question, values)]

    def cost_of_deleted(self, job_id: str) -> tuple[int, bool] | None:
        """Points that a job has cost of which nothing else is known any more, and whether those are estimated.

        None where there is no such job.
        """
        found = self.rows("SELECT cost, data FROM jobs WHERE id = ? AND deleted != 0", job_id)
        return (int(found[0][0]), found[0][1] != DELETED) if found else None

    def spent(self) -> dict[str, int]:
        """Points spent in all, by service."""
        return dict(self.rows("SELECT provider, SUM(cost) FROM jobs GROUP BY provider"))

    def points_of(self, job_id: str) -> dict[str, int]:
        """Points that a job has committed, by day."""
        return dict(self.rows("SELECT day, points FROM points_by_day WHERE job = ?", job_id))

    def points_between(self, first: str, last: str, column: str = "", name: str = "") -> int:
        """Points that jobs have committed on these days and those between, all of them or those of one column's value.

        Args:
            column: user, project, agent or provider.
        """
        of_all = "SELECT TOTAL(points) FROM points_by_day"
        when = "WHERE day BETWEEN ? AND ?"
        if not column:
            return int(self.rows(f"{of_all} {when}", first, last)[0][0])
        joined = f"{of_all} JOIN jobs ON id = job {when} AND {column} = ?"
        return int(self.rows(joined, first, last, name)[0][0])

    def approval(self, job_id: str) -> tuple[int, bool] | None:
        """Up to how many points in all the user was asked to approve of a job, and whether that was done."""
        found = self.rows("SELECT points, approved FROM approvals WHERE job = ?", job_id)
        return (int(found[0][0]), bool(found[0][1])) if found else None

    def note_approval(self, job_id: str, points: int, approved: bool) -> None:
        """What the user has said of it, for whichever engine has the job."""
        with self.transaction() as db:
            db.execute("INSERT OR REPLACE INTO approvals VALUES (?, ?, ?)", (job_id, points, approved))

    def forget_approval(self, job_id: str) -> None:
        """The job is asked for anew, or what was said is done."""
        with self.transaction() as db:
            db.execute("DELETE FROM approvals WHERE job = ?", (job_id,))

    def agent_allowances(self) -> dict[str, int]:
        """Points that the user allows each agent, by "job", "day" and "month"; none where nobody has said so."""
        return dict(self.rows("SELECT span, points FROM agent_allowances")) or {"day": 0}

    def set_agent_allowances(self, points: Mapping[str, int]) -> None:
        """The user's word on it, which holds for every process that shares the journal."""
        if points != self.agent_allowances():
            with self.transaction() as db:
                db.execute("DELETE FROM agent_allowances")
                db.executemany("INSERT INTO agent_allowances VALUES (?, ?)", points.items())

    def group_committed(self, group: str, but: str) -> int:
        """Points that the jobs of a group cost, or may yet cost, together, less the job of that id."""
        return self._committed("team", group, but)

    def batch_committed(self, batch: str, but: str) -> int:
        """The same of a batch."""
        return self._committed("batch", batch, but)

    def _committed(self, column: str, name: str, but: str) -> int:
        of_all = f"SELECT TOTAL(committed) FROM jobs WHERE {column} = ? AND {column} != ''"  # noqa: S608 (our own words)
        of_one = f"SELECT committed FROM jobs WHERE id = ? AND +{column} = ?"  # noqa: S608
        with self.reading() as db:
            (together,) = db.execute(of_all, (name,)).fetchone()
            own = db.execute(of_one, (but, name)).fetchone()
        return int(together) - (own[0] if own else 0)

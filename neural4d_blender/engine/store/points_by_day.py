"""What each job has committed on which day, which allowances are counted by. Standard library only.

The rows of a job amount to what its row has as ``committed``: what is added belongs to the day it is added on, what is
given back, as a price that turned out lower, is taken from the newest days.
"""

from __future__ import annotations

import sqlite3
import time

TABLES = """
CREATE TABLE points_by_day (job TEXT NOT NULL, day TEXT NOT NULL, points INTEGER NOT NULL, UNIQUE (job, day));
CREATE INDEX points_by_day_of_all ON points_by_day (day, job, points);
"""


def day_of(at: float) -> str:
    """The day of a time (seconds since the epoch), as the user's calendar has it: 2031-05-24."""
    return time.strftime("%Y-%m-%d", time.localtime(at))


def note(db: sqlite3.Connection, job: str, committed: int, at: float) -> None:
    """The job of that id has committed so many points in all, what is new of them then (seconds since the epoch)."""
    rows = db.execute("SELECT day, points FROM points_by_day WHERE job = ? ORDER BY day DESC", (job,)).fetchall()
    more = committed - sum(points for _, points in rows)
    if more > 0:
        db.execute(
            "INSERT INTO points_by_day VALUES (?, ?, ?) ON CONFLICT (job, day) DO UPDATE SET points = points + ?",
            (job, day_of(at), more, more),
        )
    for day, points in rows:
        if more >= 0:
            return
        taken = min(points, -more)
        db.execute("UPDATE points_by_day SET points = points - ? WHERE job = ? AND day = ?", (taken, job, day))
        more += taken


def note_all(db: sqlite3.Connection) -> None:
    """The same of all jobs that a journal of an earlier version has, on the day that each has last bought something."""
    known = (
        "SELECT id, committed, COALESCE(at, created) AS bought FROM jobs LEFT JOIN purchases ON job = id "
        "WHERE typeof(committed) = 'integer' AND committed > 0 AND typeof(bought) = 'real' AND bought < 1e11"
    )
    for job, committed, at in db.execute(known).fetchall():
        note(db, job, committed, at)

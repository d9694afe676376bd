"""The tables of the journal, and how a journal of an earlier form becomes one of today's, in place.

Standard library only. What is asked for often stands in columns of its own, and each such question is
answered from an index alone: a row's ``data`` is thousands of bytes, which nobody wants to pass over
ten thousand times. What a search asks is in search_index.py.
"""

from __future__ import annotations

import sqlite3
import time
from pathlib import Path

from ..errors import JournalUnusable
from ..model.job import Job
from . import audit_lines, points_by_day, quotes_table, search_index
from .damaged_rows import COLUMNS, job_of

#: Counted up with each change below; SQLite keeps it in the file as ``user_version``. Version 6 has the tables of
#: version 5, and jobs that are brought in (see steps/brought_in.py): an earlier engine would send them, with no input.
VERSION = 10
_TABLES = """
CREATE TABLE IF NOT EXISTS jobs (
    id TEXT PRIMARY KEY, provider TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,
    under_way INTEGER NOT NULL, waits INTEGER NOT NULL, cost INTEGER NOT NULL, created REAL NOT NULL,
    data TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS transitions (job TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL);
CREATE TABLE IF NOT EXISTS prices (provider TEXT, operation TEXT, points INTEGER, at REAL,
    PRIMARY KEY (provider, operation));
"""
#: bytes: what the job's folder takes, NULL where that was not measured yet. deleted: seconds since the
#: epoch, 0 for a job that is there; of a deleted one the line stays, for what it cost was spent.
_COLUMNS = (
    "month TEXT NOT NULL DEFAULT ''",
    "team TEXT NOT NULL DEFAULT ''",
    "bytes INTEGER",
    "deleted REAL NOT NULL DEFAULT 0",
)
_INDICES = """
DROP INDEX IF EXISTS jobs_by_created;
CREATE INDEX IF NOT EXISTS jobs_under_way ON jobs (under_way) WHERE under_way;
CREATE INDEX IF NOT EXISTS jobs_waiting ON jobs (waits) WHERE waits;
CREATE INDEX IF NOT EXISTS jobs_to_sum ON jobs (provider, month, cost, bytes);
CREATE INDEX IF NOT EXISTS transitions_by_job ON transitions (job);
"""
#: Version 2. committed: points that caps count, which may be more than the cost while a job is under way.
_BATCHES = """
CREATE TABLE batches (id TEXT PRIMARY KEY, created REAL NOT NULL, data TEXT NOT NULL);
ALTER TABLE jobs ADD COLUMN batch TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN committed INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET committed = cost;
DROP INDEX IF EXISTS jobs_by_team;
CREATE INDEX jobs_by_team ON jobs (team, committed) WHERE team != '';
CREATE INDEX jobs_by_batch ON jobs (batch, committed) WHERE batch != '';
"""
#: Version 3. number: counts the jobs in the order they were made, from 1; deleted ones keep theirs, so none is missing.
_NUMBERS = """
ALTER TABLE jobs ADD COLUMN number INTEGER NOT NULL DEFAULT 0;
DROP INDEX IF EXISTS jobs_to_look_through;
CREATE INDEX jobs_by_number ON jobs (number, deleted);
CREATE INDEX jobs_by_created ON jobs (created, number);
"""
#: Version 4. What was found out about the server at an address (see server_facts.py); when each job last
#: bought something.
_SERVERS = """
CREATE TABLE servers (provider TEXT, url TEXT, name TEXT, value TEXT NOT NULL, at REAL NOT NULL,
    PRIMARY KEY (provider, url, name));
CREATE TABLE purchases (job TEXT PRIMARY KEY, provider TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX purchases_by_time ON purchases (provider, at);
"""
#: Version 5. The journal's stamp (see journal_stamp.py); what the user is to be told of it; answers of services to what
#: was paid, until the job is over.
_STAMP = """
CREATE TABLE stamp (name TEXT NOT NULL, count INTEGER NOT NULL);
INSERT INTO stamp VALUES (lower(hex(randomblob(16))), 0);
CREATE TABLE notices (number INTEGER PRIMARY KEY, told TEXT NOT NULL);
CREATE TABLE answers (number INTEGER PRIMARY KEY, job TEXT NOT NULL, at REAL NOT NULL, path TEXT NOT NULL,
    status INTEGER, answer TEXT NOT NULL);
CREATE INDEX answers_by_job ON answers (job);
"""
#: Version 7. On whose account, for what and by whom; what each job has committed on which day (see points_by_day.py).
_BY_WHOM = (
    "ALTER TABLE jobs ADD COLUMN user TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE jobs ADD COLUMN project TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE jobs ADD COLUMN agent TEXT NOT NULL DEFAULT '';"
    f"{points_by_day.TABLES}"
)
#: Version 9. What the user said when a job would go over an allowance, and what the user allows agents.
_ALLOWANCES = """
CREATE TABLE approvals (job TEXT PRIMARY KEY, points INTEGER NOT NULL, approved INTEGER NOT NULL);
CREATE TABLE agent_allowances (span TEXT PRIMARY KEY, points INTEGER NOT NULL);
"""


def bring_up_to_date(db: sqlite3.Connection) -> None:
    """Make the tables, or change those of an earlier version; whole or not at all.

    Args:
        db: a connection that commits nothing by itself (``isolation_level=None``).

    Raises:
        JournalUnusable: it is of a version that is not known here.
    """
    there = db.execute("PRAGMA user_version").fetchone()[0]
    if there > VERSION:
        raise newer()
    if there == VERSION:
        return
    db.execute("BEGIN IMMEDIATE")  # another Blender may be starting on the same journal
    try:
        there = db.execute("PRAGMA user_version").fetchone()[0]
        if there < 1:
            _first(db)
        if there < 2:
            _run(db, _BATCHES)
        if there < 3:
            _third(db)
        _add(db, there, {4: _SERVERS, 5: _STAMP})
        if there < 7:
            _run(db, _BY_WHOM)
            points_by_day.note_all(db)
        _add(db, there, {8: quotes_table.TABLES, 9: _ALLOWANCES, 10: audit_lines.TABLES})
        db.execute(f"PRAGMA user_version = {VERSION}")
    except BaseException:
        if db.in_transaction:  # a full disk has SQLite undo it by itself
            db.execute("ROLLBACK")
        raise
    db.execute("COMMIT")


def newer() -> JournalUnusable:
    """The journal is of a version that is not known here."""
    return JournalUnusable(
        "The job history was written by a newer version of the extension.", "Update the extension in this Blender."
    )


def _first(db: sqlite3.Connection) -> None:
    """The tables, or those of a journal that knew no history, with what history sums up."""
    _run(db, _TABLES)
    for name in _COLUMNS:
        db.execute(f"ALTER TABLE jobs ADD COLUMN {name}")
    for job in _jobs(db):
        db.execute("UPDATE jobs SET month = ?, team = ? WHERE id = ?", (month(job), team(job), job.id))
    _run(db, _INDICES)


def _third(db: sqlite3.Connection) -> None:
    """What history looks through; a journal of version 2 had it in a column."""
    _run(db, _NUMBERS)
    db.execute(search_index.TABLE)
    if "words" in {row[1] for row in db.execute("PRAGMA table_info(jobs)")}:
        db.execute("ALTER TABLE jobs DROP COLUMN words")
    made = db.execute("SELECT id FROM jobs ORDER BY created").fetchall()
    db.executemany("UPDATE jobs SET number = ? WHERE id = ?", [(number, job) for number, (job,) in enumerate(made, 1)])
    for job in _jobs(db):
        (number,) = db.execute("SELECT number FROM jobs WHERE id = ?", (job.id,)).fetchone()
        search_index.add(db, number, job)


def _jobs(db: sqlite3.Connection) -> list[Job]:
    """Those that are there."""
    rows = db.execute(f"SELECT {COLUMNS} FROM jobs WHERE deleted = 0").fetchall()  # noqa: S608 (our own words)
    folder = Path(db.execute("PRAGMA database_list").fetchone()[2]).parent
    return [job_of(folder, *row) for row in rows]


def _run(db: sqlite3.Connection, statements: str) -> None:
    for statement in statements.split(";"):  # executescript would commit what came before
        db.execute(statement)


def _add(db: sqlite3.Connection, there: int, tables: dict[int, str]) -> None:
    """The tables that are new since the version that is there."""
    for version, statements in tables.items():
        if there < version:
            _run(db, statements)


def put(db: sqlite3.Connection, number: int, job: Job, data: str, at: float) -> None:
    """Write a job's row, whether it is there or not; its place in the search index is the caller's business.

    Args:
        number: of the job, which never changes. data: the job as JSON. at: when it came to what it has committed
            (seconds since the epoch).
    """
    db.execute(
        "INSERT INTO jobs (id, provider, state, owner, under_way, waits, cost, committed, created, data, "
        "number, month, team, batch, user, project, agent) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET "
        "state = excluded.state, owner = excluded.owner, under_way = excluded.under_way, "
        "waits = excluded.waits, cost = excluded.cost, committed = excluded.committed, data = excluded.data",
        (
            *(job.id, job.provider, job.state, job.owner, job.under_way, job.waits),
            *(job.costs.total or 0, job.committed, job.created, data),
            *(number, month(job), team(job), job.batch, job.user, job.project, job.agent),
        ),
    )
    points_by_day.note(db, job.id, job.committed, at)


def next_number(db: sqlite3.Connection) -> int:
    """The number of the next job; for a transaction in which it is written."""
    return int(db.execute("SELECT IFNULL(MAX(number), 0) + 1 FROM jobs").fetchone()[0])


def month(job: Job) -> str:
    """The month it was made in, as the user's calendar has it: 2031-05."""
    return time.strftime("%Y-%m", time.localtime(job.created))


def team(job: Job) -> str:
    """The group whose cap it counts towards; empty for none."""
    return str(job.request.get("group", ""))

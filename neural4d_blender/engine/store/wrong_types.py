"""Values of the journal's columns that are of another kind than the column: put right from the row, or set aside.

SQLite keeps whatever is written into a column. Looked for when the journal is opened, so that nothing else has to ask.
Standard library and the model only.
"""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from ..errors import JournalMended
from . import schema_migrations, search_index
from .damaged_rows import COLUMNS, DELETED, DELETED_ESTIMATED, FOLDER, job_of, set_aside

_OF_JOBS = {
    **dict.fromkeys(("id", "provider", "state", "owner", "month", "team", "batch", "user", "project", "agent"), "text"),
    **dict.fromkeys(("under_way", "waits", "cost", "committed", "number"), "integer"),
    **dict.fromkeys(("created", "deleted"), "real"),
}
#: What is asked or measured anew where it is lost.
_OF_OTHERS = {
    "prices": {"provider": "text", "operation": "text", "points": "integer"},
    "servers": {"provider": "text", "url": "text", "name": "text", "value": "text"},
    "purchases": {"job": "text", "provider": "text", "at": "real"},
    "approvals": {"job": "text", "points": "integer", "approved": "integer"},
    "agent_allowances": {"span": "text", "points": "integer"},
    "audit_lines": {"id": "text", "job": "text", "line": "text", "ready": "integer"},
    "audit_heads": {"file": "text", "number": "integer", "sha256": "text"},
    "points_by_day": {"job": "text", "day": "text", "points": "integer"},
    "transitions": {"job": "text", "state": "text", "at": "real"},
}


def put_right(db: sqlite3.Connection, folder: Path) -> None:
    """Do it, in the transaction that is open, and note what the user is to be told."""
    said = []
    for table, kinds in _OF_OTHERS.items():
        for at, *row in _wrong(db, table, kinds):
            words = f"{table} {' '.join(str(value) for value in row[:2])}"
            set_aside(folder, words, repr(row))
            db.execute(f"DELETE FROM {table} WHERE rowid = ?", (at,))  # noqa: S608 (our own words)
            said.append(words)
    said += [_job(db, folder, at) for at, *_ in _wrong(db, "jobs", _OF_JOBS)]
    db.execute("UPDATE batches SET created = 0.0 WHERE typeof(created) != 'real'")
    if said:
        tell(
            db,
            JournalMended(
                f"{len(said)} rows of the job history could not be read: {', '.join(said)[:300]}.",
                kept=f"They are kept as they were in {folder / FOLDER}.",
                cost="Jobs among them were put right or say so; prices and the like are measured anew.",
            ),
        )


def _wrong(db: sqlite3.Connection, table: str, kinds: dict[str, str]) -> list[tuple[object, ...]]:
    odd = " OR ".join(f"typeof({column}) != '{kind}'" for column, kind in kinds.items())
    return db.execute(f"SELECT rowid, * FROM {table} WHERE {odd}").fetchall()  # noqa: S608 (our own words)


def _job(db: sqlite3.Connection, folder: Path, at: object) -> str:
    """A row's columns follow from its job; what it was as a whole is kept."""
    row = db.execute("SELECT * FROM jobs WHERE rowid = ?", (at,)).fetchone()
    question = f"SELECT number, deleted, {COLUMNS} FROM jobs WHERE rowid = ?"  # noqa: S608 (our own words)
    number, deleted, data, owner, id, provider, cost = db.execute(question, (at,)).fetchone()
    set_aside(folder, f"row {id}", repr(row))
    is_deleted = data in (DELETED, DELETED_ESTIMATED)  # of which nothing else is left
    job = job_of(folder, data, str(owner), str(id), str(provider), cost if type(cost) is int else 0)
    db.execute("DELETE FROM jobs WHERE rowid = ?", (at,))
    if type(number) is not int or number < 1:
        (last,) = db.execute("SELECT MAX(number) FROM jobs WHERE typeof(number) = 'integer'").fetchone()
        number = (last or 0) + 1
    search_index.remove(db, number)
    told = data if is_deleted else json.dumps(job.to_dict())
    schema_migrations.put(db, number, job, told, job.submission.sent_at or job.entered)
    if is_deleted:
        values = (deleted if type(deleted) is float else 1.0, job.id)
        db.execute("UPDATE jobs SET deleted = ?, under_way = 0, waits = 0 WHERE id = ?", values)
    else:
        search_index.add(db, number, job)
    return f"job {job.id[:8]}"


def tell(db: sqlite3.Connection, notice: JournalMended) -> None:
    """Note it, in the transaction that is open."""
    db.execute("INSERT INTO notices (told) VALUES (?)", (json.dumps(notice.to_dict()),))

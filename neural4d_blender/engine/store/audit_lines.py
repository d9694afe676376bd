"""Lines for the studio's audit that are not in its file yet, and the last one that was written here.

They come into the journal with what they tell of, in one transaction. Standard library only.
"""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterable
from typing import Any

#: ready: nothing more is found out about it. begins: bytes that the file had when it was about to be written; NULL
#: before that.
TABLES = """
CREATE TABLE audit_lines (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, job TEXT NOT NULL, line TEXT NOT NULL,
    ready INTEGER NOT NULL, begins INTEGER);
CREATE TABLE audit_heads (file TEXT PRIMARY KEY, number INTEGER NOT NULL, sha256 TEXT NOT NULL);
"""
Line = dict[str, Any]


def note(db: sqlite3.Connection, line: Line, *, ready: bool = True) -> None:
    """Have it written; one of the same ``id`` that was not written yet is put right.

    Args:
        ready: nothing more is going to be found out about it.
    """
    db.execute(
        "INSERT INTO audit_lines (id, job, line, ready) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (id) DO UPDATE SET line = excluded.line, ready = excluded.ready",
        (line["id"], line["job"], json.dumps(line), ready),
    )


def waiting(db: sqlite3.Connection, id: str) -> Line | None:
    """The line of that id, where it is not being written yet."""
    found = db.execute("SELECT line FROM audit_lines WHERE id = ? AND begins IS NULL", (id,)).fetchone()
    return json.loads(found[0]) if found else None


def take(db: sqlite3.Connection, begins: int, is_over: Callable[[str, str], bool]) -> tuple[list[Line], int]:
    """Those that are to be written now, oldest first, and from where on in the file some of them may be already.

    Args:
        begins: bytes of the file. is_over: whether nobody works any more on what a job of that id, and its owner, buys.
    """
    rows = db.execute(
        "SELECT audit_lines.number, line, ready, begins, job, COALESCE(owner, '') "
        "FROM audit_lines LEFT JOIN jobs ON jobs.id = job ORDER BY audit_lines.number"
    ).fetchall()
    taken = [row for row in rows if row[2] or is_over(row[4], row[5])]
    db.executemany(
        "UPDATE audit_lines SET begins = ? WHERE number = ?", [(begins, row[0]) for row in taken if not row[3]]
    )
    earlier = [row[3] for row in taken if row[3] is not None]
    return [json.loads(row[1]) for row in taken], min(earlier, default=begins)


def written(db: sqlite3.Connection, ids: Iterable[str], file: str, number: int, sha256: str) -> None:
    """They are in the file, whose last line has that number and hash."""
    db.executemany("DELETE FROM audit_lines WHERE id = ?", [(id,) for id in ids])
    db.execute("INSERT OR REPLACE INTO audit_heads VALUES (?, ?, ?)", (file, number, sha256))


def head(db: sqlite3.Connection, file: str) -> tuple[int, str] | None:
    """Number and hash of the line that was written last from here."""
    found: tuple[int, str] | None = db.execute(
        "SELECT number, sha256 FROM audit_heads WHERE file = ?", (file,)
    ).fetchone()
    return found

"""The file of the journal: opened, read and written by several threads and engines. Standard library only."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ..errors import JournalUnusable
from ..model.states import JOURNAL
from ..system import Clock
from . import schema

#: Seconds that another engine's transaction is waited for.
_PATIENCE = 10.0
#: What SQLite says of a file that is no journal, or not a whole one.
_DAMAGED = ("not a database", "malformed", "no such table", "no such column", "corrupt", "vtable constructor failed")


class Database:
    """The connection to ``journal.sqlite3`` in the data folder.

    Raises:
        sqlite3.Error, JournalUnusable: the file is damaged, or of a newer version.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self._lock = threading.RLock()
        self._db = sqlite3.connect(folder / JOURNAL, timeout=_PATIENCE, check_same_thread=False, isolation_level=None)
        self._switch_to_wal()
        self._db.execute("PRAGMA synchronous=FULL")  # a paid job must survive a power cut too
        schema.bring_up_to_date(self._db)

    def _switch_to_wal(self) -> None:
        """Two engines that begin a journal at the same moment: SQLite does not wait for the other one here."""
        ends = self.clock.monotonic() + _PATIENCE
        while True:
            try:
                self._db.execute("PRAGMA journal_mode=WAL")
                return
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or self.clock.monotonic() > ends:
                    raise
            self.clock.sleep(0.05)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database, for nobody else meanwhile; JournalUnusable where it cannot be read or written."""
        with self._lock:
            try:
                yield self._db
            except (sqlite3.Error, OSError) as error:
                raise unusable(self.folder, error) from error

    def rows(self, question: str, *values: Any) -> list[Any]:
        """All rows that answer the question; JournalUnusable where it cannot be read."""
        with self.reading() as db:
            return db.execute(question, values).fetchall()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All that is written inside, or nothing of it; JournalUnusable where it cannot be.

        No other engine writes meanwhile. One inside another is a part of that.
        """
        with self.reading() as db:
            if db.in_transaction:
                yield db
                return
            db.execute("BEGIN IMMEDIATE")
            try:
                yield db
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # a full disk has SQLite undo it by itself
                    db.execute("ROLLBACK")
                raise


def unusable(folder: Path, error: Exception) -> JournalUnusable:
    """What is the matter with the journal of that data folder, in words, and what helps."""
    what = f"The job journal {folder / JOURNAL} cannot be used: {error}."
    if any(words in str(error) for words in _DAMAGED):
        return JournalUnusable(
            what,
            f"Put back a copy of it, or move {JOURNAL} out of the folder: then a new one is begun.",
            kept="The file was left as it is; models in scenes and downloads are not touched.",
        )
    if "locked" in str(error):
        return JournalUnusable(what, "Another program holds it: end that, or wait for it, then try again.")
    if "no such module: fts5" in str(error):
        return JournalUnusable(what, "Use Blender's own Python, or one whose SQLite has full-text search (FTS5).")
    return JournalUnusable(what)

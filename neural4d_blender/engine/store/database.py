"""The file of the journal: opened, read and written by several threads and engines. Standard library only."""

from __future__ import annotations

import os
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from .. import network_drives
from ..clock import Clock
from ..errors import JournalDamaged, JournalUnusable
from ..model.job import Job
from ..model.states import JOURNAL
from . import journal_stamp, schema_migrations

#: Seconds that another engine's transaction is waited for.
PATIENCE = 10.0
#: A paid job must survive a power cut too. What stands in the WAL is lost with it, so it is kept short.
_SETTINGS = ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=250", "journal_size_limit=1000000")
#: A WAL is shared by way of memory, which no other computer has. EXTRA: the folder is written too, before it goes on.
_ON_A_NETWORK_DRIVE = ("journal_mode=DELETE", "synchronous=EXTRA")
#: What SQLite says of a file that is no journal, or not a whole one.
_DAMAGED = ("not a database", "malformed", "no such table", "no such column", "corrupt", "vtable constructor failed")
#: A file of this name stands beside a journal that was found damaged while it was in use, and says what SQLite said.
DAMAGED = "journal.damaged"


class Database:
    """The connection to ``journal.sqlite3`` in the data folder.

    Raises:
        sqlite3.Error, JournalUnusable: the file is damaged, or of a newer version.
    """

    def __init__(self, folder: Path, clock: Clock) -> None:
        self.folder = folder
        self.clock = clock
        self._lock = threading.RLock()
        #: What has to be taken back in memory where the transaction comes to nothing, the last one first.
        self.undo: list[Callable[[], object]] = []
        #: Told of each job that is about to be written, in that transaction.
        self.changing: list[Callable[[sqlite3.Connection, Job], None]] = []
        self._db = connect(folder / JOURNAL)
        try:
            for setting in _ON_A_NETWORK_DRIVE if network_drives.is_remote(folder) else _SETTINGS:
                self._db.execute(f"PRAGMA {setting}")
            schema_migrations.bring_up_to_date(self._db)
        except BaseException:
            self._db.close()
            raise
        # As texts: they are looked at in each transaction.
        self._damaged, self._path = os.fspath(folder / DAMAGED), os.fspath(folder / JOURNAL)
        self._file = _identity(self._path)

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The database, for nobody else meanwhile; JournalUnusable where it cannot be read or written."""
        with self._lock:
            try:
                yield self._db
            except (sqlite3.Error, OSError) as error:
                if is_damage(error):
                    note_damage(self.folder, error)
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
            self._check_there()
            db.execute("BEGIN IMMEDIATE")
            before, counted = db.total_changes, None
            self.undo.clear()
            try:
                yield db
                if db.total_changes != before:
                    counted = journal_stamp.count(db)
                db.execute("COMMIT")
            except BaseException:
                if db.in_transaction:  # a full disk has SQLite undo it by itself
                    db.execute("ROLLBACK")
                while self.undo:
                    self.undo.pop()()
                raise
            if counted:
                journal_stamp.keep(self.folder, counted)

    def tell_change(self, db: sqlite3.Connection, job: Job) -> None:
        """The job is about to be written."""
        for tell in self.changing:
            tell(db, job)

    def _check_there(self) -> None:
        """What is written into a file that was taken away is lost. A whole folder that is away may come back."""
        if not os.path.exists(self._damaged) and _identity(self._path) == self._file:
            return
        if not self.folder.is_dir():  # a drive without its cable, say: the next engine would begin an empty one there
            raise JournalUnusable(
                f"The job history {self.folder / JOURNAL} cannot be used: its folder is not there.",
                "Bring the folder back to where it was, or connect its drive again: all goes on by itself then.",
            )
        raise JournalDamaged(f"The job history {self.folder / JOURNAL} is damaged, or was taken away.")


def connect(path: Path) -> sqlite3.Connection:
    """A connection for any thread, which commits nothing by itself."""
    db = sqlite3.connect(path, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
    db.text_factory = lambda content: content.decode(errors="replace")  # a damaged text costs itself alone
    return db


def _identity(path: str) -> tuple[int, int]:
    """Of the journal's file, whatever its name is later; none where there is none."""
    try:
        there = os.stat(path)
    except FileNotFoundError:
        return 0, 0
    return there.st_dev, there.st_ino


def is_damage(error: Exception) -> bool:
    """SQLite says that the file is no journal, or not a whole one."""
    return isinstance(error, sqlite3.Error) and any(words in str(error) for words in _DAMAGED)


def note_damage(folder: Path, error: Exception) -> None:
    """Have the next engine look at the journal, and those that have it open leave it alone."""
    with suppress(OSError):
        (folder / DAMAGED).write_text(str(error), encoding="utf-8", errors="replace")


def unusable(folder: Path, error: Exception) -> JournalUnusable:
    """What is the matter with the journal of that data folder, in words, and what helps."""
    what = f"The job history {folder / JOURNAL} cannot be used: {error}."
    if is_damage(error):
        return JournalDamaged(what)
    if "locked" in str(error):
        return JournalUnusable(what, "Another program holds it: end that, or wait for it, then try again.")
    if "no such module: fts5" in str(error):
        return JournalUnusable(what, "Use Blender's own Python, or one whose SQLite has full-text search (FTS5).")
    return JournalUnusable(what)

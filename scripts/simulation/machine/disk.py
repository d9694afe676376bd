"""The disk, which may be full, and the journal's SQLite on it, where an engine may die before and after each commit.

Standard library only. The database is a real one in memory-backed files; only that it is not waited for until the
disk has it is left out.
"""

from __future__ import annotations

import errno
import os
import re
import sqlite3
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from ..world import World

_WRITES = re.compile(r"\s*(INSERT|UPDATE|DELETE|REPLACE|COMMIT|CREATE|ALTER|DROP)", re.IGNORECASE)
#: Seconds that SQLite waits for another engine's transaction.
_PATIENCE = 10.0
#: How often one of several engines is held up before it reads.
_WHIM = 0.15


class Disk:
    """Args:
    full: from which write on there is no room, and for how many seconds.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self.writes = 0
        self.full_until = -1.0
        #: Writes after which it is full, with the seconds that it stays so.
        self.fills: dict[int, float] = {}

    def check(self) -> None:
        """OSError where there is no room."""
        if self.is_full():
            raise OSError(errno.ENOSPC, "No space left on device")

    def is_full(self) -> bool:
        """Count a write; whether there is no room for it."""
        self.writes += 1
        if seconds := self.fills.pop(self.writes, 0.0):
            self._world.tell("the disk is full")
            self.full_until = self._world.scheduler.now + seconds
        return self._world.scheduler.now < self.full_until


class Connection(sqlite3.Connection):
    """What the journal talks to."""

    world: ClassVar[World]
    _uses_quote = False

    def execute(self, sql: str, *arguments: Any) -> sqlite3.Cursor:
        world = self.world
        word = sql[:6]
        if word == "PRAGMA" and "synchronous" in sql:
            return super().execute("PRAGMA synchronous=OFF")
        if word == "PRAGMA" and "checkpoint" in sql:  # a world is too short for its WAL to grow long
            return super().execute("PRAGMA wal_autocheckpoint=0")
        if word == "BEGIN ":
            return self._begin(sql)
        if word == "COMMIT":
            world.edge("commit")
            self._room()
            done = super().execute(sql)
            world.edge("committed")
            if self._uses_quote:
                self._uses_quote = False
                world.edge("committed quote")
            return done
        if _WRITES.match(sql):
            self._uses_quote |= sql.startswith("UPDATE quotes")
            self._room()
        elif (
            not self.in_transaction and world.plan.hosts > 1 and world.scheduler.current and world.whim.random() < _WHIM
        ):
            world.scheduler.breathe()
        return super().execute(sql, *arguments)

    def _room(self) -> None:
        if self.world.disk.is_full():
            if self.in_transaction:
                super().execute("ROLLBACK")  # as SQLite does by itself
            raise sqlite3.OperationalError("database or disk is full")

    def _begin(self, sql: str) -> sqlite3.Cursor:
        scheduler = self.world.scheduler
        ends = scheduler.now + _PATIENCE
        while True:
            try:
                return super().execute(sql)
            except sqlite3.OperationalError as error:
                if "locked" not in str(error) or scheduler.now >= ends or scheduler.current is None:
                    raise
            scheduler.block(None, 0.05)


def connect(path: Path, **named: Any) -> sqlite3.Connection:
    """sqlite3.connect, for the process that asks."""
    named |= {"timeout": 0.0, "factory": Connection}
    if os.name == "posix":  # its locks are this process's own, without asking the system for them each time
        connection = sqlite3.connect(f"{path.as_uri()}?vfs=unix-excl", uri=True, **named)
    else:
        connection = sqlite3.connect(path, **named)
    Connection.world.scheduler.process.on_death.append(connection.close)
    return connection

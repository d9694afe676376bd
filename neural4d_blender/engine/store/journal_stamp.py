"""The stamp of the journal: a name and a count of its transactions, kept in it and in a small file beside it.

A journal that is behind its file is an older one: a copy of yesterday, or one whose WAL is gone. The file is written
after each transaction and before anything of that leaves the process, so a kill in between leaves the file behind, and
a sound journal never looks old. Standard library only.
"""

from __future__ import annotations

import sqlite3
from contextlib import suppress
from pathlib import Path

FILE = "journal.stamp"
Stamp = tuple[str, int]


def kept(folder: Path) -> Stamp | None:
    """The file's; None where there is none that can be read, which says nothing of the journal."""
    with suppress(OSError):
        return _read((folder / FILE).read_bytes())
    return None


def of(db: sqlite3.Connection) -> Stamp | None:
    """The journal's own; None for one that has none, or whose cannot be read."""
    with suppress(sqlite3.Error, TypeError, ValueError):
        name, count = db.execute("SELECT name, count FROM stamp").fetchone()
        return str(name), int(count)
    return None


def is_behind(own: Stamp | None, there: Stamp | None) -> bool:
    """Whether a journal with that stamp of its own is another one than the file knows, or an older one."""
    return there is not None and (own is None or own[0] != there[0] or own[1] < there[1])


def count(db: sqlite3.Connection) -> Stamp:
    """One transaction more; a part of that transaction."""
    ((name, number),) = db.execute("UPDATE stamp SET count = count + 1 RETURNING name, count").fetchall()
    return name, number


def adopt(db: sqlite3.Connection, there: Stamp | None) -> None:
    """Have the journal be the one that the file knows, and no older; a part of the transaction that makes it so."""
    if there:
        db.execute("UPDATE stamp SET name = ?, count = max(count, ?)", there)


def keep(folder: Path, stamp: Stamp) -> None:
    """Write the file, unless another engine has counted on meanwhile. Where it cannot be written it stays behind."""
    file = folder / FILE
    with suppress(OSError):
        try:
            line = file.open("r+b", buffering=0)
        except FileNotFoundError:
            line = file.open("x+b", buffering=0)
        with line:
            there = _read(line.read())
            if there is None or there[0] != stamp[0] or there[1] < stamp[1]:
                line.seek(0)
                line.write(f"{stamp[0]} {stamp[1]:020}\n".encode())  # in one piece and in place: never empty


def _read(line: bytes) -> Stamp | None:
    with suppress(ValueError):
        name, count = line.decode("ascii").split()
        return name, int(count)
    return None

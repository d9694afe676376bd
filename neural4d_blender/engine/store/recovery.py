"""A journal that is missing, damaged, or an older one than was written last: noticed before it is opened, made whole.

Of what can be read of it and of the copies (backup_files.py). A damaged file is kept under another name. A job that
may have been sent since is not sent again by itself, and the user is told. Standard library only. Whatever ends the
process in the middle, the next engine comes to the same end.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from ..clock import Clock
from ..errors import JournalMended, JournalUnusable, PaymentUnknown
from ..model.batch import BatchRecord
from ..model.states import FREE_TO_CANCEL, JOURNAL, State
from ..system import System
from . import (
    backup_files,
    journal_stamp,
    lock_file,
    private_files,
    schema_migrations,
    search_index,
    wrong_types,
)
from .damaged_rows import COLUMNS, FOLDER, job_of
from .database import DAMAGED, PATIENCE, connect, is_damage

#: The new file while it is made, and when it is whole.
_PART, _WHOLE = "journal.part", "journal.mended"
_TABLES = (
    "jobs",
    "transitions",
    "prices",
    "batches",
    "servers",
    "purchases",
    "stamp",
    "notices",
    "answers",
    "points_by_day",
    "approvals",
    "agent_allowances",
    "audit_lines",
    "audit_heads",
)
#: What a value of the wrong kind brings, which costs its row: a full disk costs none.
_WRONG_KIND = (sqlite3.IntegrityError, sqlite3.DataError, sqlite3.InterfaceError, sqlite3.ProgrammingError)
_MAY_BE_SENT = PaymentUnknown(
    "This job had not been sent by what is left of the job history: whether it was sent since is not known.",
    "Look for it on the service's own page, before you press Retry.",
    cost="Unknown: it may have been paid. Retry would send it, and may pay, again.",
)
Rows = list[dict[str, Any]]


@contextmanager
def alone(folder: Path, clock: Clock) -> Iterator[None]:
    """No other engine opens a journal there meanwhile; OSError where one is at it for too long."""
    ends = clock.monotonic() + PATIENCE
    while True:
        try:
            held = lock_file.hold(folder / "journal.lock")
            break
        except OSError:
            if clock.monotonic() > ends:
                raise OSError("it is locked by another engine, which is opening it") from None
        clock.sleep(0.02)
    with held:
        yield


def mend(folder: Path, system: System) -> None:
    """Look at the journal, and make it whole where it is not.

    Raises:
        JournalUnusable: another engine has the damaged file open, or it is of a newer version.
        OSError, sqlite3.Error: it cannot be opened, or no new one written.
    """
    journal, whole, there = folder / JOURNAL, folder / _WHOLE, journal_stamp.kept(folder)
    if whole.exists():  # ended between the two names
        _exchange(folder, system)
        return
    if not journal.exists() or not journal.stat().st_size:
        if there or backup_files.traces(folder):
            _make(folder, system, "The job history was missing.", {})
        return
    if damage := _damage(folder):
        if any(lock_file.is_held(path) for path in folder.glob("engine-*.lock")):
            raise JournalUnusable(
                f"The job history {journal} is damaged ({damage}), and another Blender has it open.",
                "End that Blender, then try again: the history is made whole then.",
            )
        _make(folder, system, f"The job history was damaged ({damage}).", _salvaged(journal))
        return
    with closing(connect(journal)) as db:
        if not journal_stamp.is_behind(journal_stamp.of(db), there):
            return
        schema_migrations.bring_up_to_date(db)
        _complete(db, folder, system, "The job history is an older one than was written last.", there)


def _damage(folder: Path) -> str:
    """What SQLite says is wrong with it; empty where all is well."""
    noted = folder / DAMAGED
    try:
        with closing(connect(folder / JOURNAL)) as db:
            version = db.execute("PRAGMA user_version").fetchone()[0]
            if version > schema_migrations.VERSION:
                raise schema_migrations.newer()
            found = str(db.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.DatabaseError as error:
        if not is_damage(error):
            raise
        found = str(error)
    if found == "ok":
        found = noted.read_text(encoding="utf-8", errors="replace") if noted.exists() else ""
    return found.splitlines()[0][:100] if found else ""


def _salvaged(journal: Path) -> dict[str, Rows]:
    """All rows that can still be read, by table, from either end."""
    found: dict[str, Rows] = {}
    with closing(connect(journal)) as db:
        db.row_factory = sqlite3.Row
        for table in _TABLES:
            rows: dict[int, dict[str, Any]] = {}
            for order in ("ASC", "DESC"):
                with suppress(sqlite3.Error):
                    for row in db.execute(f"SELECT rowid AS _at, * FROM {table} ORDER BY rowid {order}"):  # noqa: S608
                        values = dict(row)
                        rows[values.pop("_at")] = values
            found[table] = [rows[at] for at in sorted(rows)]
    return found


def _make(folder: Path, system: System, what: str, salvaged: dict[str, Rows]) -> None:
    """A new journal, which takes the place of the old one when it is whole."""
    part, there = folder / _PART, journal_stamp.kept(folder)
    system.remove(part)
    with closing(connect(part)) as db:
        db.execute("PRAGMA journal_mode=MEMORY")  # no second file beside it
        schema_migrations.bring_up_to_date(db)
        db.execute("BEGIN")
        for table, rows in salvaged.items():
            for row in rows:
                _put_back(db, table, row)
        _complete(db, folder, system, what, there)
    system.replace(part, folder / _WHOLE)
    _exchange(folder, system)


def _put_back(db: sqlite3.Connection, table: str, row: dict[str, Any]) -> None:
    known = {name for _, name, *_ in db.execute(f"PRAGMA table_info({table})")}
    names = [name for name in row if name in known]
    if not names:
        return
    marks = ", ".join("?" * len(names))
    if table == "stamp":
        db.execute("DELETE FROM stamp")
    with suppress(*_WRONG_KIND):
        db.execute(
            f"INSERT OR REPLACE INTO {table} ({', '.join(names)}) VALUES ({marks})",  # noqa: S608 (our own words)
            [row[name] for name in names],
        )


def _exchange(folder: Path, system: System) -> None:
    """Keep what there is of the old journal under another name, and have the whole one take its place."""
    moment = time.strftime("%Y-%m-%d %H%M%S", time.localtime(system.clock.now()))
    for ending in ("-wal", "-shm", "-journal", ""):
        if (old := folder / f"{JOURNAL}{ending}").exists():
            (folder / FOLDER).mkdir(private_files.FOLDER, exist_ok=True)
            system.replace(old, folder / FOLDER / f"journal {moment}.sqlite3{ending}")
    system.replace(folder / _WHOLE, folder / JOURNAL)
    system.remove(folder / DAMAGED)


def _complete(
    db: sqlite3.Connection, folder: Path, system: System, what: str, there: journal_stamp.Stamp | None
) -> None:
    """Put in what the copies know better, as one transaction, and note what the user is to be told."""
    if not db.in_transaction:
        db.execute("BEGIN IMMEDIATE")
    wrong_types.put_right(db, folder)
    is_newest = there is not None and not journal_stamp.is_behind(journal_stamp.of(db), there)
    rows = db.execute(f"SELECT number, {COLUMNS} FROM jobs WHERE deleted = 0").fetchall()  # noqa: S608 (our own words)
    jobs = {job.id: (number, job) for number, job in ((number, job_of(folder, *row)) for number, *row in rows)}
    copied = {job.id: job for job in backup_files.jobs(folder)}
    deleted = {id for (id,) in db.execute("SELECT id FROM jobs WHERE deleted != 0")}
    number, from_folders = schema_migrations.next_number(db), 0
    for job in sorted(copied.values(), key=lambda job: job.created):
        known = jobs.get(job.id)
        if job.id not in deleted and (known is None or known[1].revision < job.revision):
            jobs[job.id] = (known[0] if known else number, job)
            number += known is None
            from_folders += 1
    doubtful, lost = 0, len(backup_files.traces(folder) - jobs.keys() - deleted)
    db.execute("DELETE FROM texts")
    for number, job in jobs.values():
        copy = copied.get(job.id)
        if not is_newest and job.state in FREE_TO_CANCEL and (copy is None or copy.revision < job.revision):
            job.enter(State.FAILED, system.clock.now())
            job.error, job.revision = _MAY_BE_SENT.to_dict(), job.revision + 1
            doubtful += 1
        data = json.dumps(job.to_dict())
        backup_files.keep_job(folder, job, data, system)
        schema_migrations.put(db, number, job, data, job.submission.sent_at or job.entered)
        search_index.add(db, number, job)
        if job.submission.sent_at:
            db.execute(
                "INSERT INTO purchases VALUES (?, ?, ?) ON CONFLICT (job) DO UPDATE SET at = max(at, excluded.at)",
                (job.id, job.provider, job.submission.sent_at),
            )
    _complete_batches(db, folder, {job.batch for _, job in jobs.values()} - {""})
    journal_stamp.adopt(db, there)
    told = JournalMended(
        f"{what} It was made whole: {len(jobs)} jobs are known, {from_folders} of them as their folders have it."
        + (f" What {lost} other jobs were is lost; their files are still in {folder / 'jobs'}." if lost else ""),
        kept=f"The old file is kept in {folder / FOLDER}." if "damaged" in what else "",
        cost=f"{f'{doubtful} jobs may have been sent since: they failed, and say so. ' if doubtful else ''}"
        "Points that jobs without a folder have cost may be missing from the totals.",
    )
    wrong_types.tell(db, told)
    db.execute("COMMIT")


def _complete_batches(db: sqlite3.Connection, folder: Path, of_jobs: set[str]) -> None:
    """Copies of batches are newer than any row; one that is lost is stopped, and nothing is left of its budget."""
    records = {record.id: record for record in backup_files.batches(folder)}
    known = {id for (id,) in db.execute("SELECT id FROM batches")}
    for id in of_jobs - known - records.keys():
        lost = "What this batch was is lost, and its budget with it, so it was stopped. Continue it with a budget."
        records[id] = BatchRecord(id, f"Batch {id[:8]}", budget=0, stopped=True, damaged=lost)
    for record in records.values():
        row = (record.id, record.created, json.dumps(record.to_dict()))
        db.execute("INSERT OR REPLACE INTO batches VALUES (?, ?, ?)", row)

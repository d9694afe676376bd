"""Everything the journal knows of the past: searched a page at a time, summed up, measured, deleted.

Standard library only. A page costs about the same whether there are a hundred jobs or ten thousand: what is
looked through stands in indices (see schema_migrations.py and search_index.py), and only the page's own jobs are read.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ..errors import Neural4DError
from ..model.job import Job
from ..model.states import State
from ..model.variant import Save, Variant
from . import search_index
from .damaged_rows import COLUMNS, is_sound, job_of, left_of
from .journal import Journal


class History:
    """The jobs of a journal that are over, and those that are not.

    Args:
        journal: where they stand; its folder has the files.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

    def jobs_with(self, provider: str, uuids: Sequence[str]) -> dict[str, str]:
        """Ids of the newest jobs that have, or are about to have, these models of the service; by the models' ids."""
        question = (
            "SELECT id FROM jobs WHERE provider = ? AND deleted = 0 AND state NOT IN (?, ?) AND instr(data, ?) "
            "ORDER BY number DESC LIMIT 1"
        )
        found: dict[str, str] = {}
        for uuid in uuids:
            over = (State.FAILED, State.CANCELLED)
            for (job,) in self.journal.rows(question, provider, *over, json.dumps(uuid)):
                found[uuid] = job
        return found

    def search(
        self,
        text: str = "",
        provider: str = "",
        states: Sequence[str] = (),
        since: float | None = None,
        until: float | None = None,
        limit: int = 50,
        offset: int = 0,
    ) -> tuple[list[dict[str, Any]], int]:
        """A page of the jobs that fit, newest first, and how many fit in all.

        Args:
            text: words that have to be in the prompt, the name, group, project or agent, in any order and case.
            provider: id of the service. states: one of these. Empty: any.
            since, until: made at or after, and before; seconds since the epoch.

        Returns:
            Snapshots as ``Job.to_dict`` gives them, each with ``bytes``: what its files take, None
            where that is not known yet.
        """
        match = search_index.expression(text, provider, states)
        source, key = ("texts", "rowid") if match else ("jobs", "number")
        values: list[Any] = [match] if match else []
        conditions = ["texts MATCH ?" if match else "deleted = 0"]
        with self.journal.reading() as db:
            if since is not None or until is not None:
                made, bounds = _made(db, since, until, key)
                conditions, values = [*conditions, made], [*values, *bounds]
            fits = f"FROM {source} WHERE {' AND '.join(conditions)}"
            page = f"SELECT {key} {fits} ORDER BY {key} DESC LIMIT ? OFFSET ?"
            rows = db.execute(
                f"SELECT bytes, {COLUMNS} FROM jobs WHERE number IN ({page}) ORDER BY number DESC",  # noqa: S608 (our own)
                [*values, limit, offset],
            ).fetchall()
            total = offset + len(rows)
            if len(rows) == limit or not rows:  # a page that is not full is the last one
                total = db.execute(f"SELECT COUNT(*) {fits}", values).fetchone()[0]
        return [{**self._snapshot(*row), "bytes": taken} for taken, *row in rows], total

    def _snapshot(self, data: str, *row: Any) -> dict[str, Any]:
        with suppress(ValueError, RecursionError):
            values = json.loads(data)
            if is_sound(values):
                return snapshot(values)
        return job_of(self.journal.folder, data, *row).to_dict()

    def of_agents(self, since: float) -> list[Job]:
        """The newest jobs that agents have had made since then (seconds since the epoch), newest first."""
        which = "WHERE agent != '' AND created > ? AND deleted = 0 ORDER BY number DESC LIMIT 50"
        rows = self.journal.rows(f"SELECT {COLUMNS} FROM jobs {which}", since)  # noqa: S608 (our own words)
        return [job_of(self.journal.folder, *row) for row in rows]

    def totals(self) -> list[dict[str, Any]]:
        """Jobs, points and bytes by month and service, newest month first; deleted jobs count for what they cost."""
        with self.journal.reading() as db:
            rows = db.execute(
                "SELECT month, provider, COUNT(*), SUM(cost), TOTAL(bytes) FROM jobs "
                "GROUP BY provider, month ORDER BY month DESC, provider"
            ).fetchall()
        names = ("month", "provider", "jobs", "points", "bytes")
        return [dict(zip(names, (*row[:4], int(row[4])), strict=True)) for row in rows]

    def delete(self, job: Job) -> int:
        """Remove a job's files and all that is known of it but that it was, when, where and what it cost.

        Files that were kept elsewhere and models in scenes stay as they are. SQLite writes over what it has removed
        from its own file when it needs the room.

        Returns:
            Bytes that are free now.

        Raises:
            Neural4DError: a file could not be removed; the job stays, and can be deleted again.
        """
        folder = self.journal.folder / "jobs" / job.id
        freed = _size(folder)
        try:
            self.journal.system.remove(folder)
        except OSError as error:
            self.measure(job.id)
            raise Neural4DError(
                f"The job's files could not be deleted: {error}.", "Close what has them open and delete it again."
            ) from error
        with self.journal.transaction() as db:
            db.execute(
                "UPDATE jobs SET deleted = ?, data = ?, bytes = 0, under_way = 0, waits = 0 WHERE id = ?",
                (self.journal.clock.now(), left_of(job), job.id),
            )
            search_index.remove(db, db.execute("SELECT number FROM jobs WHERE id = ?", (job.id,)).fetchone()[0])
            for table in ("transitions", "answers"):
                db.execute(f"DELETE FROM {table} WHERE job = ?", (job.id,))  # noqa: S608 (our own words)
        self.journal.mark()
        return freed

    def measure(self, *jobs: str) -> None:
        """Note what the files of these jobs take."""
        sizes = [(_size(self.journal.folder / "jobs" / job), job) for job in jobs]
        with self.journal.transaction() as db:
            db.executemany("UPDATE jobs SET bytes = ? WHERE id = ? AND deleted = 0", sizes)

    def measure_unknown(self) -> None:
        """The same for jobs that were never measured, and for those whose folder somebody has removed."""
        folder = self.journal.folder / "jobs"
        there = set(os.listdir(folder)) if folder.is_dir() else set()
        rows = self.journal.rows("SELECT id, bytes FROM jobs WHERE deleted = 0 AND (bytes IS NULL OR bytes > 0)")
        stale = [job for job, taken in rows if taken is None or job not in there]
        if stale:
            self.measure(*stale)

    def usage(self) -> int:
        """Bytes that the data folder takes: what was measured of the jobs, and all else of it."""
        taken = int(self.journal.rows("SELECT TOTAL(bytes) FROM jobs")[0][0])
        others = (path for path in os.scandir(self.journal.folder) if path.name != "jobs")
        return taken + sum(_size(path) for path in others)


def _made(db: sqlite3.Connection, since: float | None, until: float | None, key: str) -> tuple[str, list[Any]]:
    """A condition for jobs made then, where ``key`` is their number, and the values that are bound to it."""
    asked = [(condition, at) for condition, at in (("created >= ?", since), ("created < ?", until)) if at is not None]
    when, dates = " AND ".join(condition for condition, _ in asked), [at for _, at in asked]
    numbers = f"FROM jobs WHERE {when}"
    first, last, count = db.execute(f"SELECT MIN(number), MAX(number), COUNT(*) {numbers}", dates).fetchone()
    if count and count == last - first + 1:
        return f"{key} BETWEEN ? AND ?", [first, last]
    # The clock was set back at some time: others were made in between. +: not a search of the text for each of them.
    return f"+{key} IN (SELECT number {numbers})", dates


def _size(path: Path | os.DirEntry[str]) -> int:
    """Bytes that a file takes, or all files of a folder; 0 where there is none."""
    try:
        return sum(map(_size, os.scandir(path))) if path.is_dir() else path.stat().st_size
    except OSError:  # it went away while we looked
        return 0


def snapshot(data: dict[str, Any]) -> dict[str, Any]:
    """What :meth:`Job.to_dict` made, as this version would make it: for a page of jobs that nobody works on.

    What an earlier version did not know has its default.
    """
    saves = [{**_SAVE, **save} for save in data["saves"]] if data.get("saves") else []
    return {
        **_JOB,
        **data,
        "variants": [{**_VARIANT, **variant} for variant in data.get("variants", [])],
        "saves": saves,
    }


_JOB, _VARIANT, _SAVE = Job("", "", {}).to_dict(), asdict(Variant(0, "")), asdict(Save("", 0, "", ""))

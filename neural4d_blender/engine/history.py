"""Everything the journal knows of the past: searched a page at a time, summed up, measured, deleted.

Standard library only. A page costs the same whether there are a hundred jobs or ten thousand: what is
looked through stands in an index (see schema.py), and only the page's own jobs are read.
"""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .errors import Neural4DError
from .jobs import Job
from .journal import Journal


class History:
    """The jobs of a journal that are over, and those that are not.

    Args:
        journal: where they stand; its folder has the files.
    """

    def __init__(self, journal: Journal) -> None:
        self.journal = journal

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
            text: words that have to be in the prompt, the name or the group, in any order and case.
            provider: id of the service. states: one of these. Empty: any.
            since, until: made at or after, and before; seconds since the epoch.

        Returns:
            Snapshots as ``Job.to_dict`` gives them, each with ``bytes``: what its files take, None
            where that is not known yet.
        """
        where, values = ["deleted = 0"], list[Any]()
        for word in text.casefold().split():
            where.append("instr(words, ?) > 0")
            values.append(word)
        for condition, value in (("provider = ?", provider), ("created >= ?", since), ("created < ?", until)):
            if value not in ("", None):
                where.append(condition)
                values.append(value)
        if states:
            where.append(f"state IN ({', '.join('?' * len(states))})")
            values += states
        fitting = f"FROM jobs WHERE {' AND '.join(where)}"  # our own words; what was asked for is bound
        with self.journal.reading() as db:
            total = db.execute(f"SELECT COUNT(*) {fitting}", values).fetchone()[0]
            rows = db.execute(
                f"SELECT data, bytes FROM jobs WHERE rowid IN (SELECT rowid {fitting} "  # noqa: S608 (see above)
                "ORDER BY created DESC LIMIT ? OFFSET ?) ORDER BY created DESC",
                [*values, limit, offset],
            ).fetchall()
        return [{**Job.from_dict(json.loads(data)).to_dict(), "bytes": taken} for data, taken in rows], total

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

        Files that were kept elsewhere and models in scenes stay as they are.

        Returns:
            Bytes that are free now.

        Raises:
            Neural4DError: a file could not be removed; the job stays, and can be deleted again.
        """
        folder = self.journal.folder / "jobs" / job.id
        freed = _size(folder)
        try:
            if folder.exists():
                shutil.rmtree(folder)
        except OSError as error:
            self.measure(job.id)
            raise Neural4DError(
                f"The job's files could not be deleted: {error}.", "Close what has them open and delete it again."
            ) from error
        with self.journal.transaction() as db:
            db.execute(
                "UPDATE jobs SET deleted = ?, data = '{}', words = '', bytes = 0, under_way = 0, waits = 0 "
                "WHERE id = ?",
                (time.time(), job.id),
            )
            db.execute("DELETE FROM transitions WHERE job = ?", (job.id,))
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
        with self.journal.reading() as db:
            rows = db.execute("SELECT id, bytes FROM jobs WHERE deleted = 0 AND (bytes IS NULL OR bytes > 0)")
            stale = [job for job, taken in rows.fetchall() if taken is None or job not in there]
        if stale:
            self.measure(*stale)

    def usage(self) -> int:
        """Bytes that the data folder takes: what was measured of the jobs, and all else of it."""
        with self.journal.reading() as db:
            taken = int(db.execute("SELECT TOTAL(bytes) FROM jobs").fetchone()[0])
        others = (path for path in self.journal.folder.iterdir() if path.name != "jobs")
        return taken + sum(_size(path) for path in others)


def _size(path: Path) -> int:
    """Bytes that a file takes, or all files of a folder; 0 where there is none."""
    try:
        if not path.is_dir():
            return path.stat().st_size
        return sum(_size(child) for child in path.iterdir())
    except OSError:  # it went away while we looked
        return 0

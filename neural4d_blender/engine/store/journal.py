"""The job journal: an SQLite file (WAL) that knows every job ever made and each of its transitions.

Standard library only. One transaction a transition, so a killed engine leaves a journal that says exactly how far each
job was. Several Blender windows share one journal: a job belongs to the engine that holds it, and an engine is alive as
long as the operating system holds its lock file.
"""

from __future__ import annotations

import functools
import json
import os
import sqlite3
from collections.abc import Callable, Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..errors import JournalDamaged, JournalMended, JournalUnusable, WorkedOnElsewhere
from ..model.batch import BatchRecord
from ..model.job import Job
from ..model.states import JOURNAL, UNFINISHED, State
from ..system import SYSTEM, System
from . import backup_files, lock_file, private_files, recovery, schema_migrations, search_index, wrong_types
from .damaged_rows import COLUMNS, batch_of, job_of
from .database import unusable
from .purchases import Purchases

#: Answers that are kept at the most: the newest ones.
_ANSWERS_OF_A_JOB, _ANSWERS = 12, 1000
#: Seconds after which a lock file is no new engine's.
_OLD = 86_400.0


class Journal(Purchases):
    """All access to the journal of one data folder.

    Args:
        folder: the data folder; made if it is not there. Holds ``journal.sqlite3``.

    Raises:
        JournalUnusable: the folder cannot be written, or the file is damaged or of a newer version.
    """

    def __init__(self, folder: Path, system: System = SYSTEM) -> None:
        self.owner = f"{os.getpid()}-{system.new_id()[:8]}"
        self._states: dict[str, State] = {}
        self.system = system
        self._ending = False
        try:
            private_files.make_folder(folder)
            with recovery.alone(folder, system.clock):
                recovery.mend(folder, system)
                self._alive = lock_file.hold(folder / f"engine-{self.owner}.lock")
                for lock in folder.glob("engine-*.lock"):
                    with suppress(OSError):  # another engine is at it too
                        if lock.stat().st_mtime < system.clock.now() - _OLD:  # or one that is just being made
                            lock_file.is_held(lock)  # which removes what an engine has left that is no more
                private_files.make_file(folder / JOURNAL)
                private_files.shut(folder)
                super().__init__(folder, system.clock)
            with self.transaction() as db:
                wrong_types.put_right(db, folder)
                self.mark()
        except (OSError, sqlite3.Error) as error:
            raise unusable(folder, error) from error

    def close(self) -> None:
        """Give up every job held, so that the next engine takes them over at once."""
        with self._lock:
            with suppress(JournalUnusable):
                self.mark()
            self._db.close()
            self._alive.close()
            self.system.discard(self.folder / f"engine-{self.owner}.lock")

    def let_go(self, but: Collection[str]) -> None:
        """This engine ends: its unfinished jobs are anybody's now, those of these ids when it has ended."""
        with suppress(OSError):  # a full disk, say: then the others see it when this one has ended
            if not self._ending:
                lock_file.mark(self._alive)
                self._ending = True
        with self.transaction() as db:
            held = [job for (job,) in db.execute("SELECT id FROM jobs WHERE under_way AND owner = ?", (self.owner,))]
            free = [(job,) for job in held if job not in but]
            db.executemany("UPDATE jobs SET owner = '' WHERE id = ?", free)

    def save(self, *jobs: Job, batch: BatchRecord | None = None) -> None:
        """Write jobs (and a batch) as they are now, in one transaction; a change of state is a transition too.

        Raises:
            WorkedOnElsewhere: another engine has taken one of them since it was read; nothing is written.
        """
        try:
            with self.transaction() as db:
                if batch:
                    data = json.dumps(batch.to_dict())
                    backup_files.keep_batch(self.folder, batch, data, self.system)
                    db.execute("INSERT OR REPLACE INTO batches VALUES (?, ?, ?)", (batch.id, batch.created, data))
                marks = [self._write(db, job) for job in jobs]
                if any(marks) and any(job.under_way or job.waits for job in jobs):
                    (self.folder / UNFINISHED).touch()  # before it is written: a crash comes when it likes
        except JournalDamaged:
            for job in jobs:  # of these it is made whole
                job.revision += 1
                self._copy(job)
            raise
        self._states |= {job.id: job.state for job in jobs}
        if any(marks):
            self.mark()

    def _write(self, db: sqlite3.Connection, job: Job) -> bool:
        """Write one job; True where Blender's next start has to know of it now, or no longer."""
        question = "SELECT under_way, waits, owner, state, number FROM jobs WHERE id = ?"
        before = db.execute(question, (job.id,)).fetchone()
        if before and before[2] != self.owner and (before[2] != job.owner or (before[0] and self.is_alive(before[2]))):
            raise taken_elsewhere()
        self.tell_change(db, job)
        job.owner = self.owner
        self.undo.append(functools.partial(setattr, job, "revision", job.revision))
        self.undo.append(functools.partial(self._states.pop, job.id, None))  # of a transaction that this is a part of
        job.revision += 1
        number = before[4] if before else schema_migrations.next_number(db)
        data = json.dumps(job.to_dict())
        backup_files.keep_job(self.folder, job, data, self.system)
        schema_migrations.put(db, number, job, data, self.clock.now())
        if not job.keeps_answers:
            db.execute("DELETE FROM answers WHERE job = ?", (job.id,))
        if before is None:
            search_index.add(db, number, job)
        elif before[3] != job.state:
            search_index.set_state(db, number, job)
        if self._states.get(job.id) is not job.state:
            db.execute("INSERT INTO transitions VALUES (?, ?, ?)", (job.id, job.state, self.clock.now()))
        return before is None or before[:2] != (job.under_way, job.waits)

    def get(self, job_id: str) -> Job | None:
        """The job as it was last written, or None."""
        found = self._jobs("WHERE id = ? AND deleted = 0", job_id)
        return found[0] if found else None

    def newest(self, limit: int = 200) -> list[Job]:
        """The newest jobs, newest first."""
        return self._jobs("WHERE deleted = 0 ORDER BY number DESC LIMIT ?", limit)

    def _jobs(self, which: str, *values: Any) -> list[Job]:
        rows = self.rows(f"SELECT {COLUMNS} FROM jobs {which}", *values)  # noqa: S608 (our own words)
        return [job_of(self.folder, *row) for row in rows]

    def transitions(self, job_id: str) -> list[tuple[State, float]]:
        """Every state the job was in, with the time (seconds since the epoch) it got there."""
        rows = self.rows("SELECT state, at FROM transitions WHERE job = ? ORDER BY rowid", job_id)
        return [(State(state), at) for state, at in rows]

    def take_over(self, wanted: Callable[[Job], bool] = lambda _: True) -> list[Job]:
        """Make the unfinished jobs of engines that are no more ours, and return them, oldest first.

        Args:
            wanted: whether a job is to be taken; the others stay for the next engine.
        """
        with self.transaction() as db:
            # +: SQLite is not to go through all jobs in that order.
            rows = db.execute(f"SELECT {COLUMNS} FROM jobs WHERE under_way ORDER BY +created").fetchall()  # noqa: S608
            dead = {owner for owner in {row[1] for row in rows} if owner != self.owner and not self.is_alive(owner)}
            left = (job_of(self.folder, *row) for row in rows if row[1] in dead)
            taken = [job for job in left if wanted(job) or not job.under_way]
            for job in (job for job in taken if not job.under_way):  # its row is damaged: it is over
                self._write(db, job)
            db.executemany("UPDATE jobs SET owner = ? WHERE id = ?", [(self.owner, job.id) for job in taken])
        for job in taken:
            job.owner = self.owner
            self._states[job.id] = job.state
            self._copy(job)  # what an earlier version has left has none
        return taken

    def _copy(self, job: Job) -> None:
        with suppress(OSError):
            backup_files.keep_job(self.folder, job, json.dumps(job.to_dict()), self.system)

    def notices(self) -> list[dict[str, str]]:
        """What the user is to be told of the journal, oldest first, each as ``Neural4DError.to_dict`` has it."""
        told = self.rows(
            "SELECT told FROM notices WHERE json_valid(told) AND json_type(told) = 'object' ORDER BY number"
        )
        return [JournalMended("").to_dict() | json.loads(notice) for (notice,) in told]

    def forget_notices(self) -> None:
        """The user has been told."""
        with self.transaction() as db:
            db.execute("DELETE FROM notices")

    def may_touch(self, job: Job) -> bool:
        """No other living engine (another Blender window) holds the job."""
        return job.owner in ("", self.owner) or not job.under_way or not self.is_alive(job.owner)

    def will_be_free(self, job: Job) -> bool:
        """An engine that is about to end, and waits for a service's answer to the job, holds it until then."""
        return job.under_way and job.owner != self.owner and self._ends(job.owner)

    def waits_for_others(self) -> bool:
        """There are such jobs."""
        rows = self.rows("SELECT DISTINCT owner FROM jobs WHERE under_way AND owner != ?", self.owner)
        return any(self._ends(owner) for (owner,) in rows)

    def _ends(self, owner: str) -> bool:
        return lock_file.is_marked(self.folder / f"engine-{owner}.lock")

    def is_elsewhere(self, job: Job) -> bool:
        """Another living engine was the last to say anything of the job: what came of it stands in that Blender."""
        return job.owner not in ("", self.owner) and self.is_alive(job.owner)

    def server_facts(self, provider: str, url: str) -> dict[str, str]:
        """What is known of the server at that address, by name."""
        return dict(self.rows("SELECT name, value FROM servers WHERE provider = ? AND url = ?", provider, url))

    def note_server(self, provider: str, url: str, name: str, value: str) -> None:
        """Keep a fact of that server; an empty value takes it away."""
        with self.transaction() as db:
            if value:
                row = (provider, url, name, value, self.clock.now())
                db.execute("INSERT OR REPLACE INTO servers VALUES (?, ?, ?, ?, ?)", row)
            else:
                db.execute("DELETE FROM servers WHERE provider = ? AND url = ? AND name = ?", (provider, url, name))

    def knows_model(self, provider: str, uuid: str) -> bool:
        """Whether one of the newest jobs has, or had, a model or picture of that id."""
        question = (
            "SELECT 1 FROM (SELECT data FROM jobs WHERE provider = ? ORDER BY number DESC LIMIT 2000) "
            "WHERE instr(data, ?) LIMIT 1"
        )
        return bool(self.rows(question, provider, json.dumps(uuid)))

    def keep_answer(self, job_id: str, path: str, status: int | None, answer: str) -> None:
        """Keep what the service answered to a request that may cost points, until the job is over.

        Args:
            path: of the request. status: HTTP status. answer: as it came; without the key.
        """
        with self.transaction() as db:
            row = (job_id, self.clock.now(), path, status, answer.encode(errors="replace").decode())
            db.execute("INSERT INTO answers (job, at, path, status, answer) VALUES (?, ?, ?, ?, ?)", row)
            for which, most, values in (("WHERE job = ?", _ANSWERS_OF_A_JOB, [job_id]), ("", _ANSWERS, [])):
                db.execute(
                    f"DELETE FROM answers {which} {'AND' if which else 'WHERE'} number <= "  # noqa: S608 (our own words)
                    f"(SELECT number FROM answers {which} ORDER BY number DESC LIMIT 1 OFFSET {most})",
                    values * 2,
                )

    def answers(self, job_id: str) -> list[str]:
        """Those that are kept of a job, oldest first."""
        return [answer for (answer,) in self.rows("SELECT answer FROM answers WHERE job = ? ORDER BY number", job_id)]

    def others_in_doubt(self, provider: str, but: str) -> bool:
        """Whether an engine is finding out whether another job than that was paid."""
        return any(owner == self.owner or self.is_alive(owner) for owner in self.owners_looking(provider, but))

    def batch(self, batch_id: str) -> BatchRecord | None:
        """The batch as it was last written, or None."""
        found = self.rows("SELECT data FROM batches WHERE id = ?", batch_id)
        return batch_of(self.folder, found[0][0], batch_id) if found else None

    def batches(self, limit: int = 50) -> list[BatchRecord]:
        """The newest batches, newest first."""
        rows = self.rows("SELECT data, id FROM batches ORDER BY created DESC LIMIT ?", limit)
        return [batch_of(self.folder, *row) for row in rows]

    def jobs_of(self, batch_id: str) -> list[Job]:
        """All jobs of a batch, in the order of its input."""
        found = self._jobs("WHERE batch = ? AND batch != '' AND deleted = 0", batch_id)
        return sorted(found, key=lambda job: job.item)

    def choosing(self, batch_id: str, provider: str) -> set[str]:
        """The ids of the batch's jobs which the service has begun, and goes on with when their user has chosen."""
        which = "WHERE waits AND batch = ? AND provider = ? AND state = ? AND deleted = 0"
        found = self._jobs(which, batch_id, provider, State.CHOOSING_CUTOUT)
        return {job.id for job in found if job.at_service}

    def is_alive(self, owner: str) -> bool:
        """An engine of that name is there."""
        return lock_file.is_held(self.folder / f"engine-{owner}.lock")

    def mark(self) -> None:
        """Have the file :data:`UNFINISHED` there while something is under way or waits, and only then."""
        marker = self.folder / UNFINISHED
        with self.transaction() as db:  # or another engine's job would lose it
            if db.execute("SELECT 1 FROM jobs WHERE under_way UNION SELECT 1 FROM jobs WHERE waits LIMIT 1").fetchone():
                marker.touch()
            else:
                self.system.discard(marker)


def taken_elsewhere(*, ends: bool = False) -> WorkedOnElsewhere:
    """Two Blenders have wanted the same job at the same moment, and the other one was first.

    Args:
        ends: that one has been quit, and its engine waits for the service's answer to the job.
    """
    if ends:
        return WorkedOnElsewhere("The service's answer to this job is still waited for.", "Try again in a moment.")
    return WorkedOnElsewhere("This job is being worked on by another Blender window.", "Use that window for it.")

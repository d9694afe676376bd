"""A journal as version 0 wrote it, before it could be searched; for tests of what becomes of one."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from neural4d_blender.engine.jobs import Job

_TABLES = """
CREATE TABLE jobs (
    id TEXT PRIMARY KEY, provider TEXT NOT NULL, state TEXT NOT NULL, owner TEXT NOT NULL,
    under_way INTEGER NOT NULL, waits INTEGER NOT NULL, cost INTEGER NOT NULL, created REAL NOT NULL,
    data TEXT NOT NULL);
CREATE INDEX jobs_by_created ON jobs (created);
CREATE INDEX jobs_under_way ON jobs (under_way) WHERE under_way;
CREATE INDEX jobs_waiting ON jobs (waits) WHERE waits;
CREATE TABLE transitions (job TEXT NOT NULL, state TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX transitions_by_job ON transitions (job);
CREATE TABLE prices (provider TEXT, operation TEXT, points INTEGER, at REAL, PRIMARY KEY (provider, operation));
"""


def write(folder: Path, jobs: list[Job]) -> None:
    """Write such a journal into the data folder."""
    folder.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(folder / "journal.sqlite3")
    db.executescript(_TABLES)
    for job in jobs:
        row = (job.id, job.provider, job.state, "1-gone", job.under_way, job.waits, job.cost or 0, job.created)
        db.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, json.dumps(job.to_dict())))
        db.execute("INSERT INTO transitions VALUES (?, ?, ?)", (job.id, job.state, job.created))
    db.execute("INSERT INTO prices VALUES ('neural4d', 'text', 55, 0)")
    db.commit()
    db.close()

"""A journal as versions 0 and 2 wrote it; for tests of what becomes of one."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

from neural4d_blender.engine.model.job import Job

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
#: Done to these tables, and to their rows, on the way to version 2.
_SECOND = """
ALTER TABLE jobs ADD COLUMN words TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN month TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN team TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN bytes INTEGER;
ALTER TABLE jobs ADD COLUMN deleted REAL NOT NULL DEFAULT 0;
UPDATE jobs SET words = lower(data), month = strftime('%Y-%m', created, 'unixepoch'),
    team = coalesce(json_extract(data, '$.request.group'), '');
DROP INDEX jobs_by_created;
CREATE INDEX jobs_to_look_through ON jobs (deleted, created, provider, state, words);
CREATE INDEX jobs_to_sum ON jobs (provider, month, cost, bytes);
CREATE TABLE batches (id TEXT PRIMARY KEY, created REAL NOT NULL, data TEXT NOT NULL);
ALTER TABLE jobs ADD COLUMN batch TEXT NOT NULL DEFAULT '';
ALTER TABLE jobs ADD COLUMN committed INTEGER NOT NULL DEFAULT 0;
UPDATE jobs SET committed = cost;
CREATE INDEX jobs_by_team ON jobs (team, committed) WHERE team != '';
CREATE INDEX jobs_by_batch ON jobs (batch, committed) WHERE batch != '';
INSERT INTO jobs (id, provider, state, owner, under_way, waits, cost, created, data, month, deleted, committed)
    VALUES ('gone', 'csm', 'placed', '1-gone', 0, 0, 7, 1.0, '{}', '1970-01', 99.0, 7);
PRAGMA user_version = 2;
"""


def write(folder: Path, jobs: list[Job], version: int = 0) -> None:
    """Write such a journal into the data folder; version 2 has a deleted job besides."""
    folder.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(folder / "journal.sqlite3")
    db.executescript(_TABLES)
    for job in jobs:
        row = (job.id, job.provider, job.state, "1-gone", job.under_way, job.waits, job.costs.total or 0, job.created)
        db.execute("INSERT INTO jobs VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", (*row, json.dumps(job.to_dict())))
        db.execute("INSERT INTO transitions VALUES (?, ?, ?)", (job.id, job.state, job.created))
    db.execute("INSERT INTO prices VALUES ('neural4d', 'text', 55, 0)")
    if version == 2:
        db.executescript(_SECOND)
    db.commit()
    db.close()

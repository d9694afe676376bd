"""Copies of what the journal knows, as files: of each job in its own folder, of each batch in ``batches``.

A journal that is lost, damaged or an older one is made whole of them (see recovery.py). Standard library and the model
only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ..model.batch import BatchRecord
from ..model.job import Job
from ..system import System
from . import damaged_rows, private_files

#: A job's, in its folder.
JOB = "job.json"
_JOBS, _BATCHES = "jobs", "batches"


def keep_job(folder: Path, job: Job, data: str, system: System) -> None:
    """Write a job's copy, which has to be there before its row is.

    Args:
        folder: the data folder. data: the row's JSON.

    Raises:
        OSError: it cannot be written, though the job's request is about to be sent, or may have been.
    """
    try:
        _write(folder / _JOBS / job.id / JOB, data, system)
    except OSError:
        if job.submission.in_doubt:
            raise


def keep_batch(folder: Path, record: BatchRecord, data: str, system: System) -> None:
    """Write a batch's copy; its budget is kept that way too."""
    with suppress(OSError):
        _write(folder / _BATCHES / f"{damaged_rows.file_name(record.id)}.json", data, system)


def _write(path: Path, data: str, system: System) -> None:
    part = path.with_name(f"{path.name}.part")
    content = data.encode()
    try:
        part.write_bytes(content)
    except FileNotFoundError:
        private_files.make_folder(path.parent)
        part.write_bytes(content)
    system.replace(part, path)


def jobs(folder: Path) -> Iterator[Job]:
    """The jobs that there are copies of; one that is damaged as damaged_rows.py has it."""
    for path in (folder / _JOBS).glob(f"*/{JOB}"):
        if (text := _read(path)) is not None:
            provider = re.search(r'"provider": "(\w+)"', text)
            job = damaged_rows.job_of(folder, text, "", path.parent.name, provider[1] if provider else "", 0)
            if job.id == path.parent.name:
                yield job


def traces(folder: Path) -> set[str]:
    """Ids of the jobs that there is anything left of: a copy, or what was said between here and the service."""
    return {path.parent.name for name in (JOB, "exchanges.jsonl") for path in (folder / _JOBS).glob(f"*/{name}")}


def batches(folder: Path) -> Iterator[BatchRecord]:
    """The same of batches."""
    for path in (folder / _BATCHES).glob("*.json"):
        if (text := _read(path)) is not None:
            yield damaged_rows.batch_of(folder, text, path.stem)


def _read(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return None

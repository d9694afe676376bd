"""Rows of the journal that cannot be read whole: what can be is a failed job, or a batch that is stopped, and the row
itself is kept as a file.

Standard library and the model only.
"""

from __future__ import annotations

import json
import re
import types
import typing
from collections.abc import Callable
from contextlib import suppress
from dataclasses import is_dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from ..errors import Neural4DError
from ..model.batch import MAX_CONCURRENCY, BatchRecord
from ..model.job import RECORDS, Job
from ..model.request import Request
from ..model.states import State
from ..model.variant import Save, Variant, are_facts
from . import private_files

#: The data of a job that was deleted; of one whose cost is estimated.
DELETED, DELETED_ESTIMATED = "{}", '{"cost_estimated": true}'

Check = Callable[[Any], bool]

#: What :func:`job_of` reads a job from.
COLUMNS = "data, owner, id, provider, cost"
#: The folder of the rows that were set aside, in the data folder.
FOLDER = "set aside"
_UNREADABLE = (ValueError, TypeError, KeyError, AttributeError, RecursionError)


def job_of(folder: Path, data: Any, owner: str, job_id: str, provider: str, cost: int) -> Job:
    """The job of a row, owned by whoever the row says: it may have been taken over since it was written."""
    try:
        values = json.loads(data)
        job = Job.from_dict(values) if is_sound(values) else None
    except _UNREADABLE:
        job = None
    job = job or _rest_of(folder, data, job_id, provider, cost)
    job.owner = owner
    return job


def left_of(job: Job) -> str:
    """What stays of a deleted job beside the columns of its row: whether its cost is estimated."""
    return DELETED_ESTIMATED if job.to_dict()["cost_estimated"] else DELETED


def is_sound(values: Any) -> bool:
    """Each field that is there has the type it is declared with."""
    return _fits(values, _CHECKS)


def _fits(values: Any, checks: dict[str, Check]) -> bool:
    return type(values) is dict and all(name not in values or check(values[name]) for name, check in checks.items())


def _has(values: Any, checks: dict[str, Check]) -> bool:
    """The same, and all of them are there."""
    return _fits(values, checks) and values.keys() >= checks.keys()


def _rest_of(folder: Path, data: Any, job_id: str, provider: str, cost: int) -> Job:
    """What can be read of it, as a failed job. Where a submission may have gone out, Retry asks the service first."""
    try:
        values = json.loads(data)
    except _UNREADABLE:
        values = None
    values = values if type(values) is dict else {}
    known = {name: values[name] for name, check in _CHECKS.items() if name in values and check(values[name])}
    for name, check in (("variants", _check(Variant)), ("saves", _check(Save))):
        parts = values.get(name)
        known[name] = [part for part in parts if check(part)] if type(parts) is list else []
    lost = sorted(values.keys() & _CHECKS.keys() - known.keys()) or ["all"]
    try:
        job = Job.from_dict({"request": {}, **known, "id": str(job_id), "provider": str(provider)})
    except _UNREADABLE:
        job, lost = Job(str(job_id), str(provider), {}), ["all"]
    if "spent" in lost or "all" in lost:
        job.costs.spent = [{"operation": "as noted before", "points": cost, "estimated": True}] if cost else []
    job.submission.in_doubt = job.submission.in_doubt or (bool(known.get("submission", 1)) and not job.variants)
    file = set_aside(folder, str(job_id), str(data))
    job.state, job.error = State.FAILED, Neural4DError(
        f"What the history says of this job cannot be read whole ({', '.join(lost)[:80]}).",
        "Press Retry to go on with what can be read: the service is asked before anything is sent.",
        kept=f"The row as it was is kept in {file}.",
        cost=f"{cost} points had been noted for it; whether that is all is not known."
        if cost else "What it has cost is not known.",
    ).to_dict()  # fmt: skip
    return job


def batch_of(folder: Path, data: Any, batch_id: str) -> BatchRecord:
    """The batch of a row. One that cannot be read whole is stopped; where its budget is lost, nothing is left of it."""
    try:
        values = json.loads(data)
    except _UNREADABLE:
        values = None
    values = values if type(values) is dict else {}
    known = {name: values[name] for name, check in _OF_BATCH.items() if name in values and check(values[name])}
    lost = [] if "id" in known else ["all"]
    lost += sorted(values.keys() & _OF_BATCH.keys() - known.keys())
    record = BatchRecord.from_dict({**known, "id": str(batch_id)})
    if lost:
        file = set_aside(folder, f"batch {batch_id}", str(data))
        record.name, record.stopped = record.name or f"Batch {record.id[:8]}", True
        record.budget = record.budget if known.keys() >= {"budget"} else 0
        record.damaged = (
            f"What the history says of this batch cannot be read whole ({', '.join(lost)[:80]}), so it was stopped. "
            f"The row as it was is kept in {file}. Continue it with a budget to go on."
        )
    return record


def set_aside(folder: Path, name: str, content: str) -> Path:
    """Keep as a file what cannot be read, unless that was done before; returns the file."""
    file = folder / FOLDER / f"{file_name(name)}.json"
    with suppress(OSError):
        file.parent.mkdir(private_files.FOLDER, exist_ok=True)
        if not file.exists():
            file.write_text(content, encoding="utf-8", errors="surrogatepass")
    return file


def file_name(id: str) -> str:
    """An id as a part of a file's name."""
    return re.sub(r"[^0-9A-Za-z-]", "_", id)[:80]


def _check(hint: Any) -> Check:
    """Whether a value of a JSON text is what a field was declared to be, as far as that says it."""
    parts = [_check(part) for part in typing.get_args(hint)]
    match typing.get_origin(hint) or hint:
        case types.UnionType:
            return lambda value: any(part(value) for part in parts)
        case kind if kind is list:
            return lambda value: type(value) is list and all(map(parts[0], value))
        case kind if kind is dict and len(parts) == 2:
            return lambda value: type(value) is dict and all(map(parts[1], value.values()))
        case kind if kind in (bool, int, float):
            return _is_number
        case kind if kind is Any:
            return lambda value: True
        case kind if isinstance(kind, type) and is_dataclass(kind):
            checks = _checks_of(kind)
            return lambda value: _fits(value, checks)
        case kind if typing.is_typeddict(kind):
            return lambda value: type(value) is dict
        case kind if issubclass(kind, Enum):
            members = {member.value for member in kind}
            return lambda value: type(value) is str and value in members
        case kind:
            return lambda value: type(value) is kind


def _checks_of(cls: type) -> dict[str, Check]:
    checks = {name: _check(hint) for name, hint in typing.get_type_hints(cls).items()}
    return checks | ({"facts": are_facts} if cls is Variant else {})


def _is_number(value: Any) -> bool:
    return type(value) in (bool, int, float) and -1e300 < value < 1e300  # and so it is none that is no number


def _is_moment(value: Any) -> bool:
    return _is_number(value) and 0 <= value < 1e11


def _is_request(value: Any) -> bool:
    """Scripts may have given other scalars than the fields are declared with, and they went through."""
    return _fits(value, _COLLECTIONS)


_HINTS = typing.get_type_hints(Request)
_COLLECTIONS = {name: _check(hint) for name, hint in _HINTS.items() if typing.get_origin(hint) in (list, dict)}
# The fields of its records stand in a row as the job's own, a submission's number under the name of the whole.
_OF_RECORDS = {name: check for record in RECORDS.values() for name, check in _checks_of(record).items()}
_CHECKS = {name: check for name, check in _checks_of(Job).items() if name not in RECORDS} | _OF_RECORDS
_CHECKS |= {"submission": _CHECKS.pop("number"), "request": _is_request}
_CHECKS |= dict.fromkeys(("created", "entered", "until", "sent_at"), _is_moment)
_CUTOUT = dict.fromkeys(("key", "url", "path"), _check(str))
_PAYMENT = {"operation": _check(str), "points": _check(int | None), "estimated": _check(bool)}
_CHECKS["spent"] = lambda value: type(value) is list and all(_has(one, _PAYMENT) for one in value)
_CHECKS["cutouts"] = lambda value: type(value) is list and all(_has(one, _CUTOUT) for one in value)
_OF_BATCH = _checks_of(BatchRecord) | {
    "concurrency": lambda value: type(value) is int and 1 <= value <= MAX_CONCURRENCY,
    "budget": lambda value: value is None or (type(value) is int and value >= 0),
}

"""Rows of the journal that cannot be read whole: what can be is a failed job, and the row itself is kept as a file.

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
from ..model.job import RECORDS, Job
from ..model.request import Request
from ..model.states import State
from ..model.variant import Save, Variant

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


def is_sound(values: Any) -> bool:
    """Each field that is there has the type it is declared with."""
    return _fits(values, _CHECKS)


def _fits(values: Any, checks: dict[str, Check]) -> bool:
    return type(values) is dict and all(name not in values or check(values[name]) for name, check in checks.items())


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
    file = folder / FOLDER / f"{re.sub(r'[^0-9A-Za-z-]', '_', str(job_id))[:80]}.json"
    with suppress(OSError):
        file.parent.mkdir(exist_ok=True)
        if not file.exists():
            file.write_text(str(data), encoding="utf-8", errors="surrogatepass")
    job.state, job.error = State.FAILED, Neural4DError(
        f"What the journal says of this job cannot be read whole ({', '.join(lost)[:80]}).",
        "Press Retry to go on with what can be read: the service is asked before anything is sent.",
        kept=f"The row as it was is kept in {file}.",
        cost=f"{cost} points had been noted for it; whether that is all is not known."
        if cost else "What it has cost is not known.",
    ).to_dict()  # fmt: skip
    return job


def _check(hint: Any) -> Check:
    """Whether a value of a JSON text is what a field was declared to be. What a dict holds is not looked at."""
    parts = [_check(part) for part in typing.get_args(hint)] if typing.get_origin(hint) is not dict else []
    match typing.get_origin(hint) or hint:
        case types.UnionType:
            return lambda value: any(part(value) for part in parts)
        case kind if kind is list:
            return lambda value: type(value) is list and all(map(parts[0], value))
        case kind if kind in (bool, int, float):
            return lambda value: type(value) in (bool, int, float)
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
    return {name: _check(hint) for name, hint in typing.get_type_hints(cls).items()}


def _is_request(value: Any) -> bool:
    """Scripts may have given other scalars than the fields are declared with, and they went through."""
    return _fits(value, _COLLECTIONS)


_HINTS = typing.get_type_hints(Request)
_COLLECTIONS = {name: _check(hint) for name, hint in _HINTS.items() if typing.get_origin(hint) in (list, dict)}
# The fields of its records stand in a row as the job's own, a submission's number under the name of the whole.
_OF_RECORDS = {name: check for record in RECORDS.values() for name, check in _checks_of(record).items()}
_CHECKS = {name: check for name, check in _checks_of(Job).items() if name not in RECORDS} | _OF_RECORDS
_CHECKS |= {"submission": _CHECKS.pop("number"), "request": _is_request}

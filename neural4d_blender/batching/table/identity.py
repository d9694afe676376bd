"""What makes a job, or a batch, the same as an earlier one: its key, or what it is made of.

The journal takes each id once, so the same id is never paid twice, whatever died in between. Standard library, client
and the engine's ``protocol`` only.
"""

from __future__ import annotations

import hashlib
import json
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any, cast

from ...client.engine_client import Bridge
from ...client.jobs.snapshots import Job
from ...client.paths import expanded
from ...client.request_reply import ask
from ...engine.protocol import InvalidInput, Request, State
from . import table_reader
from .table_reader import Row

#: All ids that are made of a key, or of what a row says, are of this name space.
_OURS = uuid.uuid5(uuid.NAMESPACE_URL, "https://neural4d.invalid/keys")
#: What may be another one each time the same is asked for: copies of pictures, where files go, limits, who asks, and
#: what is noted for others.
_PASSING = frozenset(
    {
        *("images", "views", "references", "texture_folder", "keep_in", "max_points", "group", "group_points"),
        *("project", "agent", "metadata"),
    }
)
#: The same key may be used once more for something else so often, each time because nothing came of it.
_TRIES = 100
_AS_TEXT = json.JSONEncoder(sort_keys=True, default=str).encode  # json.dumps would make one for each row


def check_key(key: object) -> str:
    """The key as it is compared; InvalidInput where it is none."""
    if not isinstance(key, str) or not 1 <= len(key.strip()) <= 200:
        raise InvalidInput(f"key takes a text of 1 to 200 characters, not {key!r}.")
    return key.strip()


def batch_id(key: str) -> str:
    """The id of the batch of that key."""
    return str(uuid.uuid5(_OURS, f"batch {key}"))


def job_id(key: str, attempt: int = 1) -> str:
    """The id of the job of that key."""
    return str(uuid.uuid5(_OURS, f"job {key}" if attempt == 1 else f"job {key}\n{attempt}"))


def said(source: table_reader.Source, rows: Iterable[Row]) -> list[str]:
    """What each row of a source says, wherever that lies: of a folder of images the names, and how large they are.

    What a row only has its job carry makes no other model of it.
    """
    folder = expanded(cast("str", source)) if table_reader.name_of(source) else None
    if folder and folder.is_dir():  # the names alone will not do: cameras give the same ones to other pictures
        values = [{"image": row.where, "bytes": (folder / row.where).stat().st_size} for row in rows]
    else:
        values = [
            {name: value for name, value in row.values.items() if name != "metadata" and not name.startswith("meta.")}
            for row in rows
        ]
    return [_AS_TEXT(one) for one in values]


def row_ids(batch: str, texts: Iterable[str]) -> list[str]:
    """The ids of a batch's jobs, by what each row says; rows that say the same are told apart by their order.

    They are those of ``uuid.uuid5``, which takes four times as long, and there are thousands.
    """
    space, seen, ids = hashlib.sha1(uuid.UUID(batch).bytes, usedforsecurity=False), defaultdict[str, int](int), []
    for text in texts:
        seen[text] += 1
        hashed = space.copy()
        hashed.update(f"{seen[text]} {text}".encode())
        told = hashed.hexdigest()
        variant = "89ab"[int(told[16], 16) & 3]
        ids.append(f"{told[:8]}-{told[8:12]}-5{told[13:16]}-{variant}{told[17:20]}-{told[20:32]}")
    return ids


def is_same(told: Request, asked: Request) -> bool:
    """Both requests ask for the same model."""
    names = [field.name for field in fields(Request) if field.name not in _PASSING]
    same = all(getattr(told, name) == getattr(asked, name) for name in names)
    counts = [(len(one.images), sorted(one.views), len(one.references)) for one in (told, asked)]
    return same and counts[0] == counts[1]


def _is_free(job: Job) -> bool:
    """Nothing came of it, and nothing was paid for it: its key may be used for something else."""
    return job.state in (State.FAILED, State.CANCELLED) and job.cost == 0 and not job.in_doubt


def has_history(bridge: Bridge) -> bool:
    """There may be jobs of before: an engine need not be started to find out that there are none. A journal that is
    lost is made whole of what else is in its folder.
    """
    folder = bridge.settings.data_dir()
    return bridge.running or (folder.is_dir() and any(folder.iterdir()))


def known_by_key(bridge: Bridge, key: str, provider: str, asked: Request) -> tuple[str, Job | None]:
    """The id for the job of a key, and the job where there is one already.

    Raises:
        InvalidInput: the key was used for something else, that was made or may have been paid.
    """
    if not has_history(bridge):
        return job_id(key), None
    for attempt in range(1, _TRIES):
        wanted = job_id(key, attempt)
        told = ask(bridge, "find", job=wanted).jobs
        if not told:
            return wanted, None
        if told[0].provider == provider and is_same(told[0].request, asked):
            return wanted, told[0]
        if not _is_free(told[0]):
            title = told[0].request.title
            raise InvalidInput(
                f"The key {key!r} was used for another request before: {title!r}, job {wanted[:8]}.",
                "Ask for the same, or use another key.",
            )
    raise InvalidInput(f"The key {key!r} was used {_TRIES} times.", "Use another key.")


def plain(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as they stand in the journal."""
    read: dict[str, Any] = json.loads(json.dumps(dict(values), default=str))
    return read

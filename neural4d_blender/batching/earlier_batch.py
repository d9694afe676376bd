"""Knows the batch that the same call, or command, has begun before, so that nothing of it is paid twice.

A farm starts the same line again and again, on whatever computer is free: what was asked for stands in the batch's
record, and is compared here before anything is sent. Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from typing import Any, NotRequired, TypedDict, cast

from ..client.jobs.new_jobs import message_of
from ..client.jobs.snapshots import Job
from ..client.paths import expanded, is_same_file
from ..client.request_reply import ask
from ..engine import protocol
from ..engine.protocol import BatchRecord, InvalidInput, State
from . import start_batch
from .batch import AS_BEFORE, Batch, OnProgress
from .host_without_blender import Host
from .preflight import Item
from .table import identity, table_reader

#: The key of a batch's settings that holds what was asked for.
COMMAND = "command"
#: How many of the newest batches are looked at: more than a data folder ever holds.
_ALL = 1_000_000
_WHOLE = (1, 1)
_TEXTS = ("table", "digest", "output", "shard", "files")
_ANOTHER = "choose another output (--output) to make it anew"
_SAME = "Ask for the same ones, or choose another output (--output)."


class Command(TypedDict):
    """What was asked for, see :func:`command`; what was noted before there were ``settings`` has none."""

    table: str
    digest: str
    output: str
    shard: str
    files: str
    settings: NotRequired[dict[str, Any]]


def command(
    source: table_reader.Source, said: Iterable[str], *, output: str, shard: str, files: str, settings: dict[str, Any]
) -> Command:
    """What tells a batch from others, and what may not change before it is done.

    Args:
        said: what each row says, see :func:`.table.identity.said`.
        output: the folder for the files, as an absolute path. files: which kinds of them.
        settings: what holds for rows that say nothing.
    """
    named = table_reader.name_of(source)
    return {
        "table": str(expanded(cast("str", source)).resolve()) if named else "",
        "digest": hashlib.sha256("\n".join(said).encode(errors="surrogatepass")).hexdigest(),
        "output": output,
        "shard": shard.strip(),
        "files": files,
        "settings": identity.plain({name: value for name, value in settings.items() if name != "metadata"}),
    }


def find(host: Host, own: Command, key: str = "") -> BatchRecord | None:
    """The batch that was begun before with the same key, or the same output, share and table; None where none was.

    The table is the same where its content or its path is.

    Raises:
        InvalidInput: the table was begun in another number of shares, which have rows in common with this one; or the
            key is another batch's.
    """
    if not identity.has_history(host.bridge):
        return None  # nothing was begun here at all
    records = start_batch.newest(host, _ALL)
    told = {record.id: told_of(record) for record in records}
    if key:
        return _of_key(key, records, own)
    if not own["output"]:
        return None
    there = {batch: one for batch, one in told.items() if one and is_same_file(one["output"] or "?", own["output"])}
    alike = [batch for batch, one in there.items() if one["digest"] == own["digest"]]
    alike += [
        batch
        for batch, one in there.items()
        if batch not in alike and one["table"] and own["table"] and is_same_file(one["table"], own["table"])
    ]
    share = _share(own["shard"])
    known = next((batch for batch in alike if _share(there[batch]["shard"]) == share), None)
    if known is None:
        for batch in alike:
            _check_shares(share, there[batch], own)
        if damaged := next((record for record in records if record.damaged and not told[record.id]), None):
            raise InvalidInput(f"{damaged.damaged} It may be this one: {damaged.id}.", f"Or {_ANOTHER}.")
        return None
    return next(record for record in records if record.id == known)


def _of_key(key: str, records: Iterable[BatchRecord], own: Command) -> BatchRecord | None:
    found = next((record for record in records if record.id == identity.batch_id(key)), None)
    told = told_of(found) if found else None
    if told and (told["output"], told["shard"]) != (own["output"], own["shard"]):
        where = told["output"] or "the scene"
        what = f"The key {key!r} is of a batch that goes to {where}."
        raise InvalidInput(what, "Use the same output and share, or another key.")
    return found


def told_of(record: BatchRecord) -> Command | None:
    """What was asked for with the batch; None where that was not noted, or cannot be read."""
    told = record.settings.get(COMMAND)
    if not isinstance(told, dict) or not isinstance(told.get("settings", {}), dict):
        return None
    return cast("Command", told) if all(isinstance(told.get(name), str) for name in _TEXTS) else None


def note(record: BatchRecord, own: Command) -> None:
    """Have the record of a new batch say what was asked for."""
    record.settings |= {"output": own["output"], COMMAND: own}


def refuse(record: BatchRecord, how: str) -> InvalidInput:
    """It was begun before, and nobody has said that it is to go on."""
    return InvalidInput(
        f"This batch was begun already, with this output: {record.id[:8]}.", f"{how} to go on with it, or {_ANOTHER}."
    )


def is_changed(record: BatchRecord, own: Command) -> bool:
    """The table says something else than when it was begun.

    Raises:
        InvalidInput: the batch was begun for something else altogether.
    """
    told = told_of(record)
    if told is None:
        return False
    if told["files"] != own["files"]:
        raise InvalidInput(f"This batch was begun for other files: {told['files']}.", _SAME)
    settings, asked = told.get("settings", own["settings"]), own["settings"]
    if settings != asked:
        options = settings.get("options", {})
        words = ", ".join(f"{name} {value}" for name, value in {**settings, **options}.items() if name != "options")
        raise InvalidInput(f"This batch was begun with other settings: {words}.", _SAME)
    return told["digest"] != own["digest"]


def go_on(
    host: Host,
    begun: Batch,
    own: Command,
    items: Sequence[Item] | None = None,
    *,
    size: int = 0,
    budget: int | None = AS_BEFORE,
    concurrency: int = AS_BEFORE,
    on_progress: OnProgress | None = None,
) -> Batch:
    """Go on with a batch that was begun, and pay nothing that was paid.

    Args:
        items: what its table amounts to now, where that has changed: what it says no more is left out, what is new is
            made, and all other rows are as they were. size: how many rows it has now.

    Raises:
        InvalidInput: the table has nothing in common with the one that was begun.
    """
    for provider in {job.provider for job in begun.jobs()}:
        host.require_ready(protocol.declaration(provider))
    if items is not None:
        _correct(host, begun, own, items, size)
        begun = start_batch.attach(host, begun.id, on_progress)
    begun.on_progress = on_progress
    begun.resume(budget=budget, concurrency=concurrency)
    return begun


def _correct(host: Host, begun: Batch, own: Command, items: Sequence[Item], size: int) -> None:
    """Have the engine know the rows as they are now."""
    ids, before = {item.job for item in items}, {job.id: job.item for job in begun.jobs()}
    gone = {item for job, item in before.items() if job not in ids}
    # In another place a row would be another share's too.
    moved = _share(own["shard"]) != _WHOLE and gone != {item.index for item in items if item.job not in before}
    if moved or not ids & before.keys():
        raise InvalidInput(
            f"{own['table'] or 'The list'} has changed since this batch was begun.",
            "Choose another output (--output) for the new table.",
        )
    new = [item for item in items if item.job not in before and item.known is None]
    jobs = start_batch.new_jobs(host, new, begun.record, collections=False)
    also = {item.job: item.index for item in items if item.known and item.job not in before}
    settings = {**begun.record.settings, COMMAND: own, "also": also, "without": sorted(before.keys() - ids)}
    ask(
        host.bridge,
        "correct_batch",
        timeout=120.0,
        batch=begun.id,
        changes={"settings": settings, "size": size},
        items={item.job: item.index for item in items},
        **message_of(jobs),
    )


def left(jobs: Iterable[Job]) -> list[Item]:
    """What of these jobs has to be paid for when they go on."""
    ended = (State.READY, State.PLACED, State.CHOOSING_CUTOUT)
    return [
        Item(job.item, job.id, job.provider, job.request)
        for job in jobs
        if not job.cost and job.state not in ended and not (job.state == State.FAILED and job.retry_pays)
    ]


def left_of(begun: Batch | None, items: Sequence[Item]) -> list[Item]:
    """The same of a table: its new rows, and what is left of the others."""
    before = {item.job: item for item in left(job for job in begun.jobs())} if begun else {}
    return [before.get(item.job, item) for item in items]


def _check_shares(share: tuple[int, int], told: Command, own: Command) -> None:
    """Refuse a share that has rows in common with one that was begun, which would be paid twice; InvalidInput."""
    number, count = _share(told["shard"])
    if count == share[1]:
        return
    if told["digest"] != own["digest"]:
        raise InvalidInput(
            f"{own['table'] or 'The list'} has changed since this batch was begun.",
            "Choose another output (--output) for the new table.",
        )
    if (number, count) == _WHOLE:
        raise InvalidInput("This table was begun here as a whole.", f"Go on without a share, or {_ANOTHER}.")
    raise InvalidInput(
        f"This table was begun here in {count} shares ({number}/{count}).",
        f"Go on with {count} shares ({number}/{count}), or {_ANOTHER}.",
    )


def _share(text: str) -> tuple[int, int]:
    """Its number and how many there are; what is no share at all is refused later, with the rows."""
    match = re.fullmatch(r"(\d+)/(\d+)", text.strip() or "1/1")
    return (int(match[1]), int(match[2])) if match else (0, 0)

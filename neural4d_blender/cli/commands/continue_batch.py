"""Knows the batch that the same command has begun before, so that nothing of it is paid twice.

A farm starts the same line again and again, on whatever computer is free: what a command asks for stands in its
batch's record, and is compared here before anything is sent. Standard library, client, batching and the engine's
``protocol`` only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import re
from pathlib import Path
from typing import NotRequired, TypedDict, cast

from ...batching import start_batch, table_reader
from ...batching.batch import AS_BEFORE, Batch
from ...batching.generate_arguments import Arguments
from ...client.paths import expanded, is_same_file
from ...engine import protocol
from ...engine.protocol import BatchRecord, InvalidInput
from ..argument_types import NO_LIMIT
from ..session import Desk

#: The key of a batch's settings that holds what its command asked for.
COMMAND = "command"
#: How many of the newest batches are looked at: more than a data folder ever holds.
_ALL = 1_000_000
_WHOLE = (1, 1)
_TEXTS = ("table", "digest", "output", "shard", "files")
_ANOTHER = "choose another --output to make it anew"
_SAME = "Ask for the same ones, or choose another --output."


class Command(TypedDict):
    """What a command asked for, see :func:`identity`; what was noted before there were ``settings`` has none."""

    table: str
    digest: str
    output: str
    shard: str
    files: str
    settings: NotRequired[Arguments]


def identity(folder: Path, files: str, settings: Arguments, asked: argparse.Namespace) -> Command:
    """What tells this command's batch from others, and what may not change before it is done.

    Args:
        folder: for the files. files: which kinds of them. settings: what holds for lines that say nothing.
    """
    return {
        "table": str(expanded(asked.table).resolve()),
        "digest": _digest(asked.table),
        "output": str(folder),
        "shard": asked.shard.strip(),
        "files": files,
        "settings": settings,
    }


def _digest(table: str) -> str:
    """The content of a table, or of a folder of images, wherever it lies."""
    read = table_reader.read(table)
    rows = [dict(row.values) for row in read]
    if (folder := expanded(table)).is_dir():
        # The names alone will not do: cameras give the same ones to other pictures.
        rows = [{"image": row.where, "bytes": (folder / row.where).stat().st_size} for row in read]
    return hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()


def go_on(desk: Desk, own: Command, asked: argparse.Namespace) -> Batch | None:
    """The batch that the same command has begun before, going on; None where there is none.

    It is the same where output and share are, and either the content of the table or its path.

    Raises:
        InvalidInput: there is one, and the command does not say that it is to go on, or asks for something else; or
            the table was begun in another number of shares, which have lines in common with this one.
    """
    records = start_batch.newest(desk, _ALL)
    told = {record.id: _told(record) for record in records}
    there = {batch: one for batch, one in told.items() if one and is_same_file(one["output"], own["output"])}
    alike = [batch for batch, one in there.items() if one["digest"] == own["digest"]]
    alike += [batch for batch in there if batch not in alike and is_same_file(there[batch]["table"], own["table"])]
    share = _share(own["shard"])
    known = next((batch for batch in alike if _share(there[batch]["shard"]) == share), None)
    if known is None:
        for batch in alike:
            _check_shares(share, there[batch], own)
        if damaged := next((record for record in records if record.damaged and not told[record.id]), None):
            raise InvalidInput(f"{damaged.damaged} It may be this one: {damaged.id}.", f"Or {_ANOTHER}.")
        return None
    if not asked.go_on:
        raise InvalidInput(
            f"This batch was begun already, with this output: {known[:8]}.",
            f"Add --continue to go on with it, or {_ANOTHER}.",
        )
    _check_same(there[known], own, asked.table)
    started = start_batch.attach(desk, known)
    for provider in {line.provider for line in started.lines()}:
        desk.require_ready(protocol.declaration(provider))
    budget = {None: AS_BEFORE, NO_LIMIT: None}.get(asked.budget, asked.budget)
    started.resume(budget=budget, concurrency=asked.concurrency or AS_BEFORE)
    return started


def _told(record: BatchRecord) -> Command | None:
    """What the batch's command asked for; None where no command began it, or that cannot be read."""
    told = record.settings.get(COMMAND)
    if not isinstance(told, dict) or not isinstance(told.get("settings", {}), dict):
        return None
    return cast("Command", told) if all(isinstance(told.get(name), str) for name in _TEXTS) else None


def note(record: BatchRecord, own: Command) -> None:
    """Have the record of a new batch say what its command asked for."""
    record.settings |= {"output": own["output"], COMMAND: own}


def _check_same(told: Command, own: Command, table: str) -> None:
    """Refuse to go on with a batch that was begun for something else; InvalidInput."""
    if told["digest"] != own["digest"]:
        raise _changed(table)
    if told["files"] != own["files"]:
        raise InvalidInput(f"This batch was begun for other files: {told['files']}.", _SAME)
    settings = told.get("settings", own["settings"])
    if settings != own["settings"]:
        options = settings.get("options", {})
        words = ", ".join(f"{name} {value}" for name, value in {**settings, **options}.items() if name != "options")
        raise InvalidInput(f"This batch was begun with other settings: {words}.", _SAME)


def _check_shares(share: tuple[int, int], told: Command, own: Command) -> None:
    """Refuse a share that has lines in common with one that was begun, which would be paid twice; InvalidInput."""
    number, count = _share(told["shard"])
    if count == share[1]:
        return
    if told["digest"] != own["digest"]:
        raise _changed(own["table"])
    if (number, count) == _WHOLE:
        raise InvalidInput("This table was begun here as a whole.", f"Go on without --shard, or {_ANOTHER}.")
    raise InvalidInput(
        f"This table was begun here in {count} shares ({number}/{count}).",
        f"Go on with {count} shares (--shard {number}/{count}), or {_ANOTHER}.",
    )


def _share(text: str) -> tuple[int, int]:
    """Its number and how many there are; what is no share at all is refused later, with the lines."""
    match = re.fullmatch(r"(\d+)/(\d+)", text.strip() or "1/1")
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _changed(table: str) -> InvalidInput:
    return InvalidInput(
        f"{table} has changed since this batch was begun.", "Choose another --output for the new table."
    )

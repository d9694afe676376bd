"""The commands batch and merge: a whole table of jobs, in shares, and the reports of shares made one.

Standard library, client, bulk and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ..bulk import report as reports
from ..bulk import sources, starting
from ..bulk.batch import AS_BEFORE, Batch
from ..bulk.plan import Item
from ..engine import protocol
from ..engine.protocol import BatchRecord, InvalidInput, Neural4DError, UnsupportedFeature
from . import finishing
from .codes import Exit, code_of_many
from .console import Console
from .desk import Desk
from .plan import Plan, file_stem

#: The key of a batch's settings by which a command knows its own.
_COMMAND = "command"


def batch(desk: Desk, asked: argparse.Namespace, console: Console) -> int:
    """Make a model of each line of a table, or of each image of a folder."""
    folder = Path(asked.output).resolve()
    if not asked.files_only and not desk.blender:
        raise UnsupportedFeature(
            "Without Blender models are kept as the services made them.",
            "Add --files-only, or run the command with Blender or with bpy.",
        )
    if asked.report and Path(asked.report).suffix.lower() not in reports.ENDINGS:
        raise InvalidInput(f"A report is a .csv or a .json, not {Path(asked.report).name}.")
    desk.planned = lambda item: _plan(item, folder, asked)
    identity = _identity(folder, asked)
    started = None if asked.dry_run else _begun(desk, identity, asked)
    if started is None:
        items, record = starting.check(
            desk,
            asked.table,
            {"provider": asked.provider},
            layout="files" if asked.files_only else "cursor",
            output=str(folder),
            shard=asked.shard,
            concurrency=asked.concurrency or BatchRecord.concurrency,
            budget=asked.budget,
        )
        if items and not asked.files_only:
            desk.check(desk.planned(items[0]), protocol.declaration(items[0].provider))
        if asked.dry_run:
            return _price(desk, items, console)
        if not items:
            console.result("There is nothing in this share.", "nothing")
            return Exit.DONE
        record.settings |= {"output": str(folder), _COMMAND: identity}
        started = starting.start(desk, items, record)
    return _finish(desk, started, asked, console)


def _plan(item: Item, folder: Path, asked: argparse.Namespace) -> Plan:
    stem = str(folder / f"{item.index + 1:04d} {file_stem(item.request.title)}")
    files = [f"{stem}.{kind}" for kind in _kinds(asked)]
    return Plan(files, f"{stem}.png" if asked.thumbnails else "", every_variant=item.request.place_all)


def _kinds(asked: argparse.Namespace) -> list[str]:
    return list(dict.fromkeys(asked.type or ["glb"]))


def _price(desk: Desk, items: list[Item], console: Console) -> int:
    estimate = starting.estimate(desk, items)
    unknown = f", and {estimate.unpriced} at a price nobody knows" if estimate.unpriced else ""
    text = f"{estimate.items} jobs: {estimate.points} points{unknown}"
    console.result(text, "price", **asdict(estimate))
    return Exit.DONE


def _identity(folder: Path, asked: argparse.Namespace) -> dict[str, str]:
    """What tells this command's batch from others, and its table from what it was."""
    rows = [dict(row.values) for row in sources.read(asked.table)]
    digest = hashlib.sha256(json.dumps(rows, sort_keys=True).encode()).hexdigest()
    files = "as made" if asked.files_only else " ".join([*_kinds(asked), *["thumbnails"] * asked.thumbnails])
    own = {"table": str(Path(asked.table).resolve()), "output": str(folder), "shard": asked.shard.strip()}
    return own | {"digest": digest, "files": files}


def _begun(desk: Desk, own: dict[str, str], asked: argparse.Namespace) -> Batch | None:
    """The batch that the same command has begun before, going on; None where there is none.

    Raises:
        InvalidInput: there is one, and the command does not say that it is to go on, or its table has changed.
    """
    desk.bridge.adopting = False  # what earlier commands left is resume's business
    for known in starting.newest(desk, 1000):
        told: dict[str, Any] = known.settings.get(_COMMAND, {})
        if any(told.get(name) != own[name] for name in ("table", "output", "shard")):
            continue
        if not asked.go_on:
            raise InvalidInput(
                f"This batch was begun already, with this output: {known.id[:8]}.",
                "Add --continue to go on with it, or choose another --output to make it anew.",
            )
        if told["digest"] != own["digest"]:
            raise InvalidInput(
                f"{asked.table} has changed since this batch was begun.", "Choose another --output for the new table."
            )
        if told["files"] != own["files"]:
            raise InvalidInput(
                f"This batch was begun for other files: {told['files']}.",
                "Ask for the same ones, or choose another --output.",
            )
        started = starting.attach(desk, known.id)
        for provider in {line.provider for line in started.lines()}:
            desk.require_ready(protocol.declaration(provider))
        desk.bridge.adopting = True
        budget = AS_BEFORE if asked.budget is None else asked.budget
        started.resume(budget=budget, concurrency=asked.concurrency or AS_BEFORE)
        return started
    return None


def _finish(desk: Desk, batch: Batch, asked: argparse.Namespace, console: Console) -> int:
    """Wait for the batch, write its files, and its report however it ends."""
    ids = [line.job for line in batch.lines()]
    failures: dict[str, Neural4DError] = {}
    try:
        failures = finishing.finish(desk, ids, console, asked.timeout)
    finally:
        if asked.report:
            path = reports.write(_lines(desk, batch, failures), asked.report)
            console.note(f"{path}: {batch.progress}")
    told = asdict(batch.progress) | {"failed": len(failures), "done": len(ids) - len(failures)}
    text = f"{told['done']} of {len(ids)} done, {len(failures)} failed, {batch.cost} points"
    console.result(text, "batch", batch=batch.id, report=asked.report, **told)
    return code_of_many(len(ids) - len(failures), list(failures.values()))


def _lines(desk: Desk, batch: Batch, failures: dict[str, Neural4DError]) -> list[reports.Line]:
    lines = []
    for line in batch.lines():
        failure = failures.get(line.job)
        files = finishing.written(desk.bridge.jobs[line.job]) or line.files
        error = line.error or (f"{finishing.told(failure)['code']}: {failure.what}" if failure else "")
        lines.append(replace(line, files=files, error=error))
    return lines


def merge(desk: Desk, asked: argparse.Namespace, console: Console) -> int:
    """Join the reports of a batch's shares."""
    lines = reports.merge(asked.report)
    path = reports.write(lines, asked.output)
    done = sum(line.done for line in lines)
    missing = (lines[0].of if lines else 0) - len(lines)
    points = sum(line.points or 0 for line in lines)
    gaps = f", {missing} in no report" if missing else ""
    text = f"{path}: {done} of {len(lines) + missing} done, {len(lines) - done} failed{gaps}, {points} points"
    told = {"done": done, "failed": len(lines) - done, "missing": missing, "points": points}
    console.result(text, "report", report=str(path), **told)
    if done == len(lines) + missing:
        return Exit.DONE
    return Exit.SOME_FAILED if done else Exit.FAILED

"""The commands batch and merge: a whole table of jobs, in shares, and the reports of shares made one.

Standard library, client, batching and the engine's ``protocol`` only.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

from ...batching import earlier_batch, start_batch
from ...batching.batch import AS_BEFORE, Batch
from ...batching.preflight import Item
from ...batching.reports import report_files as reports
from ...batching.table import identity, table_reader
from ...batching.table.generate_arguments import Arguments
from ...client.paths import expanded
from ...engine import protocol
from ...engine.protocol import BatchRecord, Neural4DError, NotFit
from ..argument_types import NO_LIMIT, kinds_of
from ..console import Console
from ..exit_codes import Exit, code_of_many
from ..output import wait_and_write
from ..output.price_text import in_words
from ..planned_files import Plan, file_stem
from ..session import Session
from ..settings import settings_of
from . import check_outputs


def batch(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Make a model of each line of a table, or of each image of a folder."""
    folder = expanded(asked.output).resolve()
    check_outputs.check(session, folder, asked)
    own_settings = settings_of(protocol.declaration(asked.provider), asked)
    settings = cast("Arguments", {"provider": asked.provider, **own_settings})
    session.planned = lambda item: _plan(item, folder, asked)
    rows = table_reader.read(asked.table)
    said = identity.said(asked.table, rows)
    key = identity.check_key(asked.key) if asked.key else ""
    own = earlier_batch.command(
        *(asked.table, said),
        output=str(folder),
        shard=asked.shard,
        files=_files(asked),
        settings=dict(settings),
    )
    known = earlier_batch.find(session, own, key)
    if known and not (asked.go_on or asked.dry_run or key):
        raise earlier_batch.refuse(known, "Add --continue")
    begun = start_batch.attach(session, known.id) if known else None
    if known and begun and not earlier_batch.is_changed(known, own):
        if asked.dry_run:
            return _price(session, earlier_batch.left(begun.jobs()), console, begun=True)
        return _finish(session, _continued(session, begun, own, asked), asked, console)
    items, record = _checked(session, asked, rows, said, settings, folder, begun, key)
    if asked.dry_run:
        return _price(session, earlier_batch.left_of(begun, items), console, begun=bool(begun))
    if begun:
        return _finish(session, _continued(session, begun, own, asked, items, len(rows)), asked, console)
    if not items:
        return _nothing(asked, console)
    earlier_batch.note(record, own)
    return _finish(session, start_batch.start(session, items, record), asked, console)


def _continued(
    session: Session,
    begun: Batch,
    own: earlier_batch.Command,
    asked: argparse.Namespace,
    items: list[Item] | None = None,
    size: int = 0,
) -> Batch:
    budget = {None: AS_BEFORE, NO_LIMIT: None}.get(asked.budget, asked.budget)
    at_once = asked.concurrency or AS_BEFORE
    return earlier_batch.go_on(session, begun, own, items, size=size, budget=budget, concurrency=at_once)


def _checked(
    session: Session,
    asked: argparse.Namespace,
    rows: Sequence[table_reader.Row],
    said: Sequence[str],
    settings: Arguments,
    folder: Path,
    begun: Batch | None,
    key: str,
) -> tuple[list[Item], BatchRecord]:
    """What the table amounts to now, with the files that could be written of it."""
    items, record = start_batch.check(
        *(session, rows, said, settings),
        name=table_reader.name_of(asked.table),
        layout="files" if asked.files_only else "cursor",
        output=str(folder),
        shard=asked.shard,
        concurrency=asked.concurrency or BatchRecord.concurrency,
        budget=None if asked.budget == NO_LIMIT else asked.budget,
        batch_id=begun.id if begun else identity.batch_id(key) if key else "",
        known={job.id: job for job in begun.jobs()} if begun else {},
    )
    for item in () if asked.files_only else items:
        if item.known is None:
            session.check(_plan(item, folder, asked), protocol.declaration(item.provider))
    return items, record


def _plan(item: Item, folder: Path, asked: argparse.Namespace) -> Plan:
    stem = str(folder / f"{item.index + 1:04d} {file_stem(item.request.title)}")
    files = [f"{stem}.{kind}" for kind in kinds_of(asked)]
    picture = f"{stem}.png" if asked.thumbnails else ""
    return Plan(files, picture, every_variant=item.request.place_all, made_for=asked.made_for)


def _files(asked: argparse.Namespace) -> str:
    return (
        "as made"
        if asked.files_only
        else " ".join([*kinds_of(asked), *["thumbnails"] * asked.thumbnails, *[asked.made_for] * bool(asked.made_for)])
    )


def _price(session: Session, items: list[Item], console: Console, *, begun: bool) -> int:
    estimate = start_batch.estimate(session, items)
    unknown = f", and {estimate.unpriced} at a price nobody knows" if estimate.unpriced else ""
    priced, documented = estimate.items - estimate.unpriced, estimate.documented
    some_of = documented if documented < priced else 0
    price = in_words(estimate.points, documented=documented > 0, some_of=some_of)
    text = f"{estimate.items} jobs{' that are left' * begun}: {price}{unknown}"
    console.result(text, "price", **asdict(estimate))
    return Exit.DONE


def _nothing(asked: argparse.Namespace, console: Console) -> int:
    """More shares than lines: this one has none, and a report that says so, for ``merge`` to find."""
    if asked.report:
        reports.write([], asked.report)
    console.result("There is nothing in this share.", "nothing", report=asked.report)
    return Exit.DONE


def _finish(session: Session, batch: Batch, asked: argparse.Namespace, console: Console) -> int:
    """Wait for the batch, write its files, and its report however it ends."""
    ids = [line.job for line in batch.lines()]
    failures: dict[str, Neural4DError] = {}
    try:
        failures = wait_and_write.finish(session, ids, console, asked.timeout)
    finally:
        if asked.report:
            path = reports.write(_lines(session, batch, failures), asked.report)
            console.note(f"{path}: {batch.progress}")
    unsent = batch.progress.unsent
    unfit = sum(isinstance(failure, NotFit) for failure in failures.values())
    counts = {"done": len(ids) - len(failures), "failed": len(failures) - unfit - unsent, "not_fit": unfit}
    told = asdict(batch.progress) | counts
    points = f"{'about ' * batch.cost_estimated}{batch.cost} points"
    lacking = f", {unfit} not fit" * bool(unfit) + f", {unsent} not sent" * bool(unsent)
    text = f"{told['done']} of {len(ids)} done, {told['failed']} failed{lacking}, {points}"
    console.result(text, "batch", batch=batch.id, report=asked.report, **told)
    return code_of_many(told["done"], list(failures.values()), allow_failed=asked.allow_failed)


def _lines(session: Session, batch: Batch, failures: dict[str, Neural4DError]) -> list[reports.Line]:
    lines = []
    for line in batch.lines():
        failure = failures.get(line.job)
        files = wait_and_write.written(session.bridge.jobs[line.job]) or line.files
        error, code = line.error, line.code
        if failure and not error:
            code = wait_and_write.told(failure)["code"]
            error = f"{code}: {failure.what}"
        lines.append(replace(line, files=files, error=error, code=code))
    return lines


def merge(session: Session, asked: argparse.Namespace, console: Console) -> int:
    """Join the reports of a batch's shares."""
    lines = reports.merge_reports(asked.report)
    path = reports.write(lines, asked.output)
    done = sum(line.done for line in lines)
    missing = (lines[0].of if lines else 0) - len(lines)
    points = sum(line.points or 0 for line in lines)
    unfit, unsent = (sum(line.state == state for line in lines) for state in (reports.NOT_FIT, reports.UNSENT))
    failed = len(lines) - done - unfit - unsent
    gaps = f", {unfit} not fit" * bool(unfit) + f", {unsent} not sent" * bool(unsent)
    gaps += f", {missing} in no report" * bool(missing)
    text = f"{path}: {done} of {len(lines) + missing} done, {failed} failed{gaps}, {points} points"
    told = {"done": done, "failed": failed, "not_fit": unfit, "unsent": unsent, "missing": missing, "points": points}
    console.result(text, "report", report=str(path), **told)
    if unsent:
        return Exit.UNSENT
    if done == len(lines) + missing or (asked.allow_failed and not missing):
        return Exit.DONE
    return Exit.SOME_FAILED if done else Exit.FAILED

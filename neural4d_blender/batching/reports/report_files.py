"""What became of a batch, one line an item: written as CSV or JSON, read again, and several made one.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import MappingProxyType
from typing import Any

from ...client.jobs import ranking
from ...client.jobs.box_fit import shown_mm
from ...client.jobs.snapshots import Job, Variant
from ...client.paths import expanded
from ...engine.file_replacement import reason
from ...engine.protocol import IDLE, USES, BatchRecord, BudgetUsedUp, Facts, InvalidInput, Neural4DError, State
from ...engine.system import SYSTEM
from ..table.argument_types import checked
from .cells import columns_of, texts_of, values_of
from .report_facts import facts_of, sums_of

#: The state of an item that the budget did not cover.
UNSENT = "unsent"
#: The state of an item whose model is there, and is not fit for what was required.
NOT_FIT = "not_fit"
#: A report's ending says which kind it is.
ENDINGS = (".csv", ".json")


@dataclass
class Line:
    """One item.

    Attributes:
        item: its number in the input, from 1. of: how many items the whole input has.
        input: the prompt, or the images. name: what it is called. provider: id of the service.
        state: as ``Job.state``; "not_fit" where the model is there, and is not fit for what was required; "unsent"
            where the budget did not cover it.
        points: what it cost; empty where nothing was paid or nobody knows.
        seconds: of work, waiting for its turn or for a user left out.
        width_mm, depth_mm, height_mm: of the model; faces: its triangles. Empty where they were not measured.
        files: what was kept, or the prepared .blend. error: why there is no model.
        job, batch: their ids. shard: "2/8", or empty.
        points_estimated: what a part of the points was for is not known, or whether something more was paid.
        render, game, print: whether the model is fit for that; empty where it was not checked. With _score (0 to 1),
            and with _reason the first thing that speaks against it, in short.
        schema: the version of these columns. key: your own name for it. code: that of the error, a class's name.
        size_mm, axis, seed: what was asked for. started, ended: when (ISO 8601, UTC). table: stands for the table's
            content: reports of other tables are not merged. version: the extension's, that wrote it.
        user, host: on whose account, and the computer that wrote it; empty unless NEURAL4D_NAME_USERS says that they
            are to be named. project, agent: for what and by whom it was asked for.
        options: what else was asked for, as ``generate`` calls it. variant: index of the model that is told of.
        service_id: the service's own id of it. request_id: an id of ours that the paid request carried.
        blender: the Blender that wrote the report. generation: which documents the service's server follows.
        repairs: what was put right of the model, and what was left, in sentences; retopology too.
        metadata: what the user had the job carry; in a .csv a column ``meta.NAME`` each, as texts.
        sha256, bytes: of each of the files, when the report was written.
        report: all that was found, as ``Report.to_json`` gives it; in a .json only.
    """

    item: int
    of: int
    input: str
    name: str
    provider: str
    state: str
    points: int | None
    seconds: float
    width_mm: float | None
    depth_mm: float | None
    height_mm: float | None
    faces: int | None
    files: list[str]
    error: str
    job: str
    batch: str
    shard: str
    points_estimated: bool = False
    render: bool | None = None
    render_score: float | None = None
    render_reason: str = ""
    game: bool | None = None
    game_score: float | None = None
    game_reason: str = ""
    print: bool | None = None
    print_score: float | None = None
    print_reason: str = ""
    schema: int = 0
    key: str = ""
    code: str = ""
    size_mm: float | None = None
    axis: str = ""
    seed: int | None = None
    started: str = ""
    ended: str = ""
    sha256: list[str] = field(default_factory=list)
    bytes: list[int] = field(default_factory=list)
    table: str = ""
    version: str = ""
    user: str = ""
    project: str = ""
    agent: str = ""
    host: str = ""
    options: dict[str, Any] = field(default_factory=dict)
    variant: int | None = None
    service_id: str = ""
    request_id: str = ""
    blender: str = ""
    generation: str = ""
    metadata: dict[str, Any] = field(default_factory=dict)
    repairs: str = ""
    report: dict[str, Any] | None = None

    @property
    def done(self) -> bool:
        """There is a model."""
        return self.state in (State.READY, State.PLACED) and not self.error


_NAMES = frozenset(one.name for one in fields(Line))


def is_unsent(job: Job) -> bool:
    """The batch's budget did not cover it, so it was not sent; with a larger one it goes on."""
    return job.state == State.FAILED and bool(job.error and job.error["code"] == BudgetUsedUp.__name__)


def line(job: Job, batch: BatchRecord, servers: Mapping[str, Mapping[str, str]] = MappingProxyType({})) -> Line:
    """The line of a job in the batch of that record.

    Args:
        servers: what is known of each service's server.
    """
    request = job.request
    made = [variant for variant in job.variants if variant.blend or variant.model]
    own = ranking.own(job) or (made[0] if made else None)
    facts, measured = (own.facts, shown_mm(job, own)) if own else (Facts(), [])
    width, depth, height = [round(side, 3) for side in measured] if measured else (None, None, None)
    saved = [save.path for save in job.saves if save.path]
    errors = [job.error, *(save.error for save in job.saves)]
    short = ranking.shortfall(job)
    told = next((error for error in errors if error), short and short.to_dict())
    return Line(
        item=job.item + 1,
        of=batch.size,
        input=request.prompt or "; ".join(request.originals or request.images),
        name=request.title,
        provider=job.provider,
        state=NOT_FIT if short else UNSENT if is_unsent(job) else str(job.state),
        points=job.cost,
        seconds=round(sum(spent for state, spent in job.seconds.items() if state not in IDLE), 2),
        width_mm=width,
        depth_mm=depth,
        height_mm=height,
        faces=facts.get("triangles"),
        files=saved or [variant.blend for variant in made if variant.blend],
        error=" ".join([f"{told['code']}: {told['what']}", *([told["kept"], told["cost"]] if short else [])])
        if told
        else "",
        job=job.id,
        batch=batch.id,
        shard=batch.shard,
        points_estimated=job.cost_estimated,
        repairs=" ".join(facts.get("repairs", ())),
        **{**facts_of(job, batch, own, servers), "code": told["code"] if told else ""},
        **(_verdicts(own) if own else {}),
    )


def _verdicts(variant: Variant) -> dict[str, Any]:
    if variant.report is None:
        return {}
    found: dict[str, Any] = {"report": variant.facts["report"]}
    for use in USES:
        verdict, reasons = variant.report.verdict(use), ranking.why(variant, use)
        found |= {use: verdict.ok, f"{use}_score": verdict.score, f"{use}_reason": reasons[0] if reasons else ""}
    return found


def write(lines: Iterable[Line], path: str | os.PathLike[str]) -> Path:
    """Write a report, whole or not at all; its ending, .csv or .json, says which kind.

    Raises:
        InvalidInput: another ending. Neural4DError: it cannot be written.
    """
    target = expanded(path)
    records = [asdict(one) for one in lines]
    records = [{**record, **sums_of(record)} for record in records]
    _check_ending(target)
    part = target.with_name(target.name + ".part")
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        with open(part, "w", encoding="utf-8", errors="surrogateescape", newline="", opener=_private) as file:
            if target.suffix.lower() == ".json":
                json.dump(records, file, ensure_ascii=False, indent=1)
            else:
                columns = columns_of((one.name for one in fields(Line)), records)
                writer = csv.DictWriter(file, columns)
                writer.writeheader()
                writer.writerows(map(texts_of, records))
        SYSTEM.again(lambda: os.replace(part, target), 0.5)  # in a window it is waited for
    except OSError as error:
        with suppress(OSError):
            part.unlink(missing_ok=True)
        raise Neural4DError(
            f"The report could not be written to {target}: {reason(error)}.",
            "Close it where it is open, as in a spreadsheet, or choose another place for it.",
        ) from error
    return target


@checked
def read(path: str | os.PathLike[str]) -> list[Line]:
    """The lines of a report that :func:`write` made.

    Raises:
        InvalidInput: it cannot be read, or is no report.
    """
    source = expanded(path)
    _check_ending(source)
    try:
        with source.open(encoding="utf-8-sig", errors="surrogateescape", newline="") as file:
            is_json = source.suffix.lower() == ".json"
            records = json.load(file) if is_json else map(values_of, csv.DictReader(file))
            return [Line(**{name: record[name] for name in record if name in _NAMES}) for record in records]
    except OSError as error:
        raise InvalidInput(f"{source} cannot be read: {error.strerror or error}.") from error
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise InvalidInput(f"{source.name} is no report of a batch.") from error


@checked
def merge_reports(paths: Iterable[str | os.PathLike[str]], path: str | os.PathLike[str] = "") -> list[Line]:
    """Join the reports of a batch's shards, or of its runs, and write the whole where a path is given.

    Of an item that is in several, the line that got furthest is kept.

    Raises:
        InvalidInput: one is no report, or they are of different inputs.
    """
    best: dict[int, Line] = {}
    whole, table = 0, ""
    for source in paths:
        for one in read(source):
            known, whole, table = best.get(one.item), whole or one.of, table or one.table
            if one.table and one.table != table:  # what wrote none did not know better
                raise InvalidInput(f"{source} is the report of another table.", "Merge reports of one table's shares.")
            if one.of != whole:
                what = f"that one has {one.of} items, not {whole}"
                raise InvalidInput(f"{source} is the report of another input: {what}.")
            if known is None or (one.done, one.points or 0) > (known.done, known.points or 0):
                best[one.item] = one
    lines = [best[number] for number in sorted(best)]
    if path:
        write(lines, path)
    return lines


def _private(path: str, flags: int) -> int:
    """Prompts are nobody else's business."""
    return os.open(path, flags, 0o600)


def _check_ending(path: Path) -> None:
    if path.suffix.lower() not in ENDINGS:
        raise InvalidInput(f"A report is a .csv or a .json, not {path.name}.")

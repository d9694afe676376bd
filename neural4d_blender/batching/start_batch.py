"""Starts a batch, or takes one up again. Standard library, client and the engine's ``protocol`` only."""

from __future__ import annotations

import os
import shutil
import time
import uuid
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType

from ..client.jobs.job_target import Target
from ..client.jobs.new_jobs import NewJob
from ..client.jobs.snapshots import Job
from ..client.paths import expanded, is_same_file
from ..client.request_reply import ask, go_on
from ..engine import protocol
from ..engine.protocol import BatchRecord, Declaration, ImageLimits, InvalidInput, Neural4DError, Request
from . import preflight
from . import scene_grid as layouts
from .batch import AS_BEFORE, Batch, OnProgress
from .host_without_blender import Host
from .preflight import Estimate, Item
from .reports import report_files
from .table import identity
from .table.generate_arguments import Arguments, Picture
from .table.table_reader import Row


def check(
    host: Host,
    rows: Sequence[Row],
    said: Iterable[str],
    defaults: Arguments,
    *,
    name: str,
    layout: str,
    output: str,
    shard: str,
    concurrency: int,
    budget: int | None,
    together: bool = False,
    by_service: Mapping[str, Arguments] | None = None,
    batch_id: str = "",
    known: Mapping[str, Job] = MappingProxyType({}),
) -> tuple[list[Item], BatchRecord]:
    """Everything about a batch that can be looked at before anything is sent; raises InvalidInput.

    Args:
        said: what each row says, see :func:`.table.identity.said`. name: what to call the batch.
        together: all models come into the scene at once, as one undo step.
        defaults, by_service: arguments of ``generate`` where a row says nothing: for all of them, and for those of
            one service.
        batch_id: its id; a new one where it is empty. known: its jobs, where it was begun before, by their ids.
    """
    layouts.check(layout)
    keep_in = host.folder(output) if layout == "files" else ""
    record = BatchRecord(
        id=batch_id or str(uuid.uuid4()),
        name=name,
        concurrency=concurrency,
        budget=budget,
        size=len(rows),
        shard=shard.strip(),
        settings={"layout": layout, "output": keep_in, "together": together},
        created=time.time(),
    )
    record.check()
    copies: list[Path] = []
    ids = identity.row_ids(record.id, said)

    def pictures(paths: list[Picture], service: Declaration, job: str, limits: ImageLimits) -> list[str]:
        if not paths:
            return []
        copies.append(_folder(host, job))
        return host.pictures(paths, service, copies[-1], limits)

    def identify(index: int, provider: str, request: Request) -> tuple[str, Job | None]:
        if request.key:
            return identity.known_by_key(host.bridge, request.key, provider, request)
        return ids[index], known.get(ids[index])

    try:
        servers, services = host.bridge.servers, host.bridge.settings.services()
        items = preflight.plan(
            *(rows, defaults, pictures, servers),
            boxed=host.boxed,
            by_service=by_service,
            services=services,
            shard=shard,
            keep_in=keep_in,
            identify=identify,
        )
        _check_keys(items)
        if budget is not None:
            preflight.check_budget(items, host.prices())
    except Neural4DError:
        _discard(copies)
        raise
    return items, record


def _check_keys(items: list[Item]) -> None:
    if twice := [one for one, count in Counter(item.job for item in items).items() if count > 1]:
        key = next(item.request.key for item in items if item.job in twice)
        raise InvalidInput(f"More than one row has the key {key!r}.", "Give each row a key of its own.")


def estimate(host: Host, items: list[Item]) -> Estimate:
    """What the items would cost, now that they are not to be sent after all."""
    _discard([_folder(host, item.job) for item in items if item.known is None])
    return preflight.estimate(items, host.prices())


def _folder(host: Host, job: str) -> Path:
    return host.bridge.settings.data_dir() / "jobs" / job


def _discard(copies: list[Path]) -> None:
    """Remove the copies of pictures that are not going to be sent."""
    for folder in copies:
        shutil.rmtree(folder, ignore_errors=True)


def start(
    host: Host,
    items: list[Item],
    record: BatchRecord,
    *,
    spacing_mm: float | None = None,
    collections: bool = False,
    on_progress: OnProgress | None = None,
) -> Batch:
    """Send the items and return at once.

    Raises:
        OnlineAccessOff, KeyMissing, InvalidInput: nothing was sent.
    """
    new = [item for item in items if item.known is None]
    try:
        for provider in sorted({item.provider for item in items}):
            host.require_ready(protocol.declaration(provider))
    except Neural4DError:
        _discard([_folder(host, item.job) for item in new])
        raise
    host.take_boxes(new)
    jobs = new_jobs(host, new, record, spacing_mm=spacing_mm, collections=collections)
    record.settings |= {"also": {item.job: item.index for item in items if item.known}}
    host.bridge.submit_many(record, jobs)
    for job in (item.known for item in items if item.known):
        host.bridge.jobs[job.id] = job
        if job.left:  # asked for by its key
            go_on(host.bridge, job.id)
    host.wake()
    host.mark_places(new)
    return Batch(host, record, [item.job for item in items], on_progress)


def new_jobs(
    host: Host,
    items: list[Item],
    record: BatchRecord,
    *,
    spacing_mm: float | None = None,
    collections: bool = False,
) -> list[NewJob]:
    """The items as they are sent, each with its place."""
    step = spacing_mm or layouts.spacing_mm(item for item in items if not item.request.keep_in)
    jobs, nowhere = [], Target()
    for item in items:
        request, target = item.request, nowhere
        if not request.keep_in:
            offset = layouts.offset(record.settings["layout"], item.index, record.size, step)
            target = host.target(item, offset, (item.job, request.title) if collections else None)
            if record.settings.get("together"):
                target["together"] = True
            if not item.pack_images:
                request = replace(request, texture_folder=host.texture_folder())
        jobs.append(NewJob(item.job, item.provider, request, target, item.index))
    return jobs


def resume(
    host: Host,
    which: str | os.PathLike[str] = "",
    *,
    budget: int | None = AS_BEFORE,
    concurrency: int = AS_BEFORE,
    on_progress: OnProgress | None = None,
) -> Batch:
    """Take up a batch of the journal: the newest one, or that of an id, a report or a folder of files.

    Raises:
        InvalidInput: there is no such batch. JobFailed: another Blender is working on it.
    """
    batch = attach(host, which, on_progress)
    batch.resume(budget=budget, concurrency=concurrency)
    return batch


def attach(host: Host, which: str | os.PathLike[str] = "", on_progress: OnProgress | None = None) -> Batch:
    """The same without going on: what is known of a batch."""
    record = _find(host, which)
    told = ask(host.bridge, "batch", timeout=120.0, batch=record.id)
    (host.bridge.batches[record.id],) = told.batches
    settings = host.bridge.batches[record.id].settings
    without, also = set(settings.get("without", ())), settings.get("also", {})
    mine = {job.id: job.item for job in host.bridge.jobs.values() if job.batch == record.id and job.id not in without}
    mine |= {job: item for job, item in also.items() if job in host.bridge.jobs}
    return Batch(host, record, sorted(mine, key=mine.__getitem__), on_progress)


def newest(host: Host, limit: int = 50) -> list[BatchRecord]:
    """The newest batches of the journal, newest first."""
    return ask(host.bridge, "batches", limit=limit).batches


def _find(host: Host, which: str | os.PathLike[str]) -> BatchRecord:
    wanted = str(expanded(which)) if which else ""  # no path is not the folder one stands in
    if Path(wanted).suffix.lower() in (".csv", ".json"):
        lines = report_files.read(wanted)
        wanted = lines[0].batch if lines else ""
    known = newest(host, 1000)
    if wanted and os.path.isdir(wanted):  # which takes any text
        found = [one for one in known if (output := one.settings.get("output")) and is_same_file(output, wanted)]
    else:
        found = [record for record in known if record.id.startswith(wanted)]
    if not found or (len(found) > 1 and wanted and not Path(wanted).is_dir()):
        raise InvalidInput(
            f"There is {'more than one' if found else 'no'} batch {which!r} in this history.",
            "Name it by its id, its report, or its folder of files.",
        )
    return found[0]

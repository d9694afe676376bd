"""The Python API where there is no Blender: batches whose results are files, as the services made them.

Standard library, client and the engine's ``protocol`` only. In Blender, ``api`` has these names.
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Unpack

from ..client.jobs.snapshots import Job
from ..client.request_reply import ask
from ..engine.protocol import (
    Balance,
    BatchRecord,
    Declaration,
    Feature,
    ImageLimits,
    Request,
    declaration,
    declarations,
)
from . import begin_batch, preflight, start_batch
from .batch import AS_BEFORE, Batch, OnProgress
from .file_job import FileJob
from .history_query import Moment, query
from .host_without_blender import Host
from .preflight import Estimate
from .reports.report_files import merge_reports
from .table import identity, table_reader
from .table.argument_types import checked
from .table.generate_arguments import Arguments, Picture, WithoutPrompt
from .table.table_reader import Row

__all__ = [
    "Balance", "Batch", "Estimate", "FileJob", "balance", "batch", "batches", "estimate", "find_batch", "generate",
    "history", "merge_reports", "providers", "resume",
]  # fmt: skip

_host: Host | None = None


def host() -> Host:
    """The one engine of this Python; started by the first command."""
    global _host
    if _host is None:
        _host = Host()
    return _host


def close() -> None:
    """End this Python's engine, as the end of Python does; the next call starts one, by the settings of then."""
    global _host
    if _host is not None:
        _host.bridge.stop()
        _host = None


@checked
def batch(
    source: table_reader.Source,
    *,
    output: str | os.PathLike[str],
    concurrency: int = 4,
    budget: int | None = None,
    on_progress: OnProgress | None = None,
    shard: str = "",
    dry_run: bool = False,
    key: str = "",
    go_on: bool = False,
    layout: str = "files",
    by_service: Mapping[str, Arguments] | None = None,
    **defaults: Unpack[Arguments],
) -> Any:
    """Start many jobs whose models go into a folder; see ``help(neural4d.batch)`` in Blender for the whole story."""
    return begin_batch.begin(
        host(),
        source,
        defaults,
        by_service=by_service,
        layout=layout,
        output=os.fspath(output),
        shard=shard,
        concurrency=concurrency,
        budget=budget,
        key=key,
        go_on=go_on,
        dry_run=dry_run,
        on_progress=on_progress,
    )


@checked
def resume(
    which: str | os.PathLike[str] = "",
    *,
    budget: int | None = AS_BEFORE,
    concurrency: int = AS_BEFORE,
    on_progress: OnProgress | None = None,
) -> Batch:
    """Go on with a batch of the journal: the newest, or by id, report or folder; pays nothing that was paid."""
    return start_batch.resume(host(), which, budget=budget, concurrency=concurrency, on_progress=on_progress)


@checked
def find_batch(which: str | os.PathLike[str] = "") -> Batch:
    """A batch of this computer's journal, to be read: its results, progress and report. Nothing goes on by that.

    Args:
        which: as :func:`resume` takes it.
    """
    return start_batch.attach(host(), which)


@checked
def batches(limit: int = 50) -> list[BatchRecord]:
    """The newest batches of the journal, newest first."""
    return start_batch.newest(host(), limit)


@checked
def providers() -> list[Declaration]:
    """What each service can do."""
    return declarations()


@checked
def generate(
    prompt: str = "", *, output: str | os.PathLike[str], key: str = "", **arguments: Unpack[WithoutPrompt]
) -> FileJob:
    """Start a job whose models go into the folder ``output``, as the service makes them, and return at once.

    Args:
        key: your own name for it: called once more with it, it is the same job, and nothing is paid twice.
        **arguments: those of ``generate`` in Blender that do not need one: image, views, provider, variants, ...

    Raises:
        InvalidInput, UnsupportedFeature: something does not fit; nothing was sent. KeyMissing: likewise.
    """
    here = host()
    told = {"prompt": prompt, **arguments, **({"key": key} if key else {})}

    def pictures(paths: list[Picture], service: Declaration, job: str, limits: ImageLimits) -> list[str]:
        return here.pictures(paths, service, here.bridge.settings.data_dir() / "jobs" / job, limits)

    def identify(_index: int, provider: str, request: Request) -> tuple[str, Job | None]:
        if not request.key:
            return str(uuid.uuid4()), None
        return identity.known_by_key(here.bridge, request.key, provider, request)

    (item,) = preflight.plan(
        [Row("generate", told, Path.cwd())],
        *(Arguments(), pictures, here.bridge.servers),
        boxed=here.boxed,
        services=here.bridge.settings.services(),
        keep_in=here.folder(os.fspath(output)),
        identify=identify,
    )
    if item.known:
        here.bridge.jobs[item.job] = item.known
        job = FileJob(here.bridge, item.job)
        return job.resume() if item.known.left else job
    here.require_ready(declaration(item.provider))
    here.bridge.submit(item.job, item.provider, item.request, {})
    return FileJob(here.bridge, item.job)


@checked
def estimate(
    prompt: str = "", *, output: str | os.PathLike[str] = "", key: str = "", **arguments: Unpack[WithoutPrompt]
) -> int | None:
    """Points that :func:`generate` with the same arguments is going to cost; None where nobody knows."""
    return preflight.price(Row("estimate", {"prompt": prompt, **arguments}, Path.cwd()), host().prices())


@checked
def balance(provider: str = "neural4d", timeout: float = 60.0) -> Balance:
    """Ask the service for the points that are left; UnsupportedFeature where it does not tell."""
    declaration(provider).require(Feature.BALANCE)
    host().require_ready(declaration(provider))
    return ask(host().bridge, "balance", timeout, provider=provider).points


@checked
def history(
    text: str = "",
    provider: str = "",
    state: str | Sequence[str] = "",
    since: Moment | None = None,
    until: Moment | None = None,
    limit: int = 50,
    offset: int = 0,
) -> list[FileJob]:
    """The jobs that fit, newest first, and goes on with none of them; see ``help(neural4d.history)`` in Blender."""
    asked = query(text, provider, state, since, until, limit, offset)
    return [FileJob(host().bridge, job.id, job) for job in ask(host().bridge, "history", **asked).jobs]

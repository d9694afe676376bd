"""The Python API where there is no Blender: batches whose results are files, as the services made them.

Standard library, client and the engine's ``protocol`` only. In Blender, ``api`` has these names.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Unpack

from ..engine.protocol import BatchRecord, Declaration, declarations
from . import begin_batch, start_batch, table_reader
from .batch import AS_BEFORE, Batch, OnProgress
from .generate_arguments import Arguments
from .host import Host
from .preflight import Estimate
from .report import merge_reports

__all__ = ["Batch", "Estimate", "batch", "batches", "merge_reports", "providers", "resume"]

_host: Host | None = None


def host() -> Host:
    """The one engine of this Python; started by the first command."""
    global _host
    if _host is None:
        _host = Host()
    return _host


def batch(
    source: table_reader.Source,
    *,
    output: str,
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
        output=output,
        shard=shard,
        concurrency=concurrency,
        budget=budget,
        key=key,
        go_on=go_on,
        dry_run=dry_run,
        on_progress=on_progress,
    )


def resume(
    which: str = "",
    *,
    budget: int | None = AS_BEFORE,
    concurrency: int = AS_BEFORE,
    on_progress: OnProgress | None = None,
) -> Batch:
    """Go on with a batch of the journal: the newest, or by id, report or folder; pays nothing that was paid."""
    return start_batch.resume(host(), which, budget=budget, concurrency=concurrency, on_progress=on_progress)


def batches(limit: int = 50) -> list[BatchRecord]:
    """The newest batches of the journal, newest first."""
    return start_batch.newest(host(), limit)


def providers() -> list[Declaration]:
    """What each service can do."""
    return declarations()

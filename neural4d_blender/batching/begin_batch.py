"""A batch from a script: begun, or gone on with where it was begun before.

Standard library, client and the engine's ``protocol`` only.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Mapping
from typing import Any

from ..engine.protocol import InvalidInput
from . import earlier_batch, start_batch
from .batch import AS_BEFORE, Batch, OnProgress
from .host_without_blender import Host
from .preflight import Estimate
from .table import identity, table_reader
from .table.generate_arguments import Arguments


class BatchArguments(Arguments, total=False):
    """What :func:`begin` takes of a script that starts a batch, beside what it is made of."""

    concurrency: int
    budget: int | None
    layout: str
    spacing_mm: float | None
    collections: bool
    together: bool
    output: str | os.PathLike[str]
    shard: str
    key: str
    go_on: bool
    on_progress: OnProgress | None
    by_service: Mapping[str, Arguments] | None


def begin(
    host: Host,
    source: table_reader.Source,
    defaults: Arguments,
    *,
    by_service: Mapping[str, Arguments] | None,
    layout: str,
    output: str,
    shard: str,
    concurrency: int,
    budget: int | None,
    key: str,
    go_on: bool,
    dry_run: bool,
    together: bool = False,
    spacing_mm: float | None = None,
    collections: bool = False,
    on_progress: OnProgress | None = None,
) -> Batch | Estimate:
    """See :func:`neural4d_blender.api.batches.batch`."""
    key = identity.check_key(key) if key else ""
    if not isinstance(source, str | Mapping) and not hasattr(source, "__fspath__"):
        try:
            source = list(source)  # it is looked through more than once
        except TypeError:
            raise InvalidInput(f"A batch is made of a list or a file, not of {source!r}.") from None
    folder = host.folder(output) if layout == "files" else ""
    rows = table_reader.read(source)
    said = identity.said(source, rows)
    settings: dict[str, Any] = {**defaults, "by_service": by_service} if by_service else {**defaults}
    files = "as made" if folder else "models in a scene"
    own = earlier_batch.command(source, said, output=folder, shard=shard, files=files, settings=settings)
    known = earlier_batch.find(host, own, key) if key or folder else None
    if known and not (key or go_on):
        raise earlier_batch.refuse(known, f"Say go_on=True, or call resume({known.id[:8]!r}),")
    begun = start_batch.attach(host, known.id) if known else None
    changed = known is not None and earlier_batch.is_changed(known, own)
    again = functools.partial(
        earlier_batch.go_on,
        host,
        budget=AS_BEFORE if budget is None else budget,
        concurrency=concurrency,
        on_progress=on_progress,
    )
    if begun and not changed:
        if dry_run:
            return start_batch.estimate(host, earlier_batch.left(begun.jobs()))
        return again(begun, own)
    items, record = start_batch.check(
        *(host, rows, said, defaults),
        name=table_reader.name_of(source),
        layout=layout,
        output=output,
        shard=shard,
        concurrency=concurrency,
        budget=budget,
        together=together,
        by_service=by_service,
        batch_id=known.id if known else identity.batch_id(key) if key else "",
        known={job.id: job for job in begun.jobs()} if begun else {},
    )
    if dry_run:
        return start_batch.estimate(host, earlier_batch.left_of(begun, items))
    if begun:
        return again(begun, own, items, size=len(rows))
    earlier_batch.note(record, own)
    return start_batch.start(
        host, items, record, spacing_mm=spacing_mm, collections=collections, on_progress=on_progress
    )

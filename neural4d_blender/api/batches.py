"""Batches in Blender: many models from one table, placed in the scene or written to a folder.

The part of the Python API that starts many jobs at once; may import batching, job and scene.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal, Unpack, overload

from ..batching import begin_batch, start_batch
from ..batching.batch import AS_BEFORE, Batch, OnProgress, Progress
from ..batching.begin_batch import BatchArguments
from ..batching.preflight import Estimate
from ..batching.reports.report_files import Line, merge_reports
from ..batching.table import table_reader
from ..batching.table.argument_types import checked
from ..batching.table.generate_arguments import Arguments
from ..engine.protocol import (
    BatchRecord,
)
from .host_in_blender import HOST

__all__ = ["Batch", "Estimate", "Line", "Progress", "batch", "batches", "find_batch", "merge_reports", "resume"]


@overload
def batch(source: table_reader.Source, *, dry_run: Literal[True], **arguments: Unpack[BatchArguments]) -> Estimate: ...
@overload
def batch(
    source: table_reader.Source, *, dry_run: Literal[False] = False, **arguments: Unpack[BatchArguments]
) -> Batch: ...
@overload
def batch(source: table_reader.Source, *, dry_run: bool, **arguments: Unpack[BatchArguments]) -> Batch | Estimate: ...
@checked
def batch(
    source: table_reader.Source,
    *,
    concurrency: int = 4,
    budget: int | None = None,
    layout: str = "grid",
    spacing_mm: float | None = None,
    collections: bool = False,
    together: bool = False,
    output: str | os.PathLike[str] = "",
    shard: str = "",
    dry_run: bool = False,
    key: str = "",
    go_on: bool = False,
    on_progress: OnProgress | None = None,
    by_service: Mapping[str, Arguments] | None = None,
    **defaults: Unpack[Arguments],
) -> Batch | Estimate:
    """Start many jobs and return at once.

    In a window the models arrive while you go on working, each as one undo step; elsewhere ``batch.wait()`` does it:

        batch = neural4d.batch("prompts.csv", concurrency=4, budget=2000, size_mm=100)
        batch.wait()
        for job in batch.results: print(job.state, job.cost, job.objects)
        batch.report("report.csv")

    Everything is checked before anything is sent, and all items are in the journal before the first one goes to a
    service: a batch that was stopped, crashed or used up its budget goes on with ``neural4d.resume()`` and pays
    nothing twice.

    Args:
        source: a list of prompts and of dictionaries with the arguments of :func:`generate`; or a file: .csv, whose
            columns are those arguments, or .jsonl, an object a line; or a folder of images. A service's own options are
            columns ``options.NAME``, or JSON in the column ``options``. ``image`` is a path, relative to the file;
            several have ``;`` between them, as ``references`` have. In a list it may be a bpy.types.Image. The sides
            are columns ``view.left``, ``view.back``, ``view.right``, or JSON in the column ``views``. Of pictures that
            are made first the first one is taken, unless an item says ``choose_cutout``. ``location`` is three
            numbers, ``fit`` an object's name, or several with ``;``. Columns ``meta.NAME`` are ``metadata``,
            and no reason to make a row anew. Empty cells say nothing.
        concurrency: how many may be at one service at once, from the upload to the finished model. Downloads and
            preparations do not count.
        budget: points that all of it may cost together, looked at before each submission; what is under way counts.
            Where it does not cover the next item the rest stops for free, and ``batch.resume(budget=...)`` goes on.
        layout: "grid" or "row" from the 3D cursor on, "cursor" (all in that one place), or "files": nothing is placed,
            the service's own files go to ``output``. An item's own ``location`` goes before it.
        spacing_mm: between the middles of neighbours; a quarter more than the largest size where it is None.
        collections: a collection of its own for each item.
        together: the models wait for the last one, and come into the scene all at once, as one undo step.
        output: the folder for layout="files"; the files' names begin with the item's number.
        shard: "2/8" does the second of eight parts: every eighth item, from the second on. Each part needs a data
            folder of its own (NEURAL4D_DATA_DIR) and has its own budget; :func:`merge_reports` joins the reports.
        dry_run: send nothing, and return an Estimate: items, points, by_service, and how many of the prices are
            documented only; of a batch that was begun, what is left of it.
        key: your own name for the batch: called once more with it, also by another process, the same batch goes on,
            and rows that have changed since are made anew. The same of a row, in its column ``key``, and the same
            job: whatever batch has that row. Rows without one are known by what they say.
        go_on: without a key a batch of the same table and ``output`` is refused where it was begun before; so it
            goes on instead.
        on_progress: called with (batch, job) whenever a job has come to another state.
        by_service: arguments of :func:`generate` for the items of one service: {"csm": {"format": "OBJ"}}.
        **defaults: arguments of :func:`generate` for every item without its own: size_mm=100, provider="csm".
            ``options`` are for the items of the service that is the default.

    Raises:
        InvalidInput: something is wrong with the input; the text names every line with what is wrong in it.
        OnlineAccessOff, KeyMissing: nothing was sent.
    """
    return begin_batch.begin(
        HOST,
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
        together=together,
        spacing_mm=spacing_mm,
        collections=collections,
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
    """Go on with a batch of this computer's journal, and pay nothing that was paid.

    Models that stood in a file which was never saved, or was not since they came, as after a crash, or is gone, come to
    the open one instead, at no cost, to where they stood. For those of another file that is still there, open that.

    Args:
        which: its id, its report, or its folder of files; the newest one where it is empty.
        budget: a new one; as it was where it is left out.
        concurrency: likewise.
        on_progress: see :func:`batch`.

    Raises:
        InvalidInput: there is no such batch. JobFailed: another Blender is working on it.
    """
    return start_batch.resume(HOST, which, budget=budget, concurrency=concurrency, on_progress=on_progress)


@checked
def find_batch(which: str | os.PathLike[str] = "") -> Batch:
    """A batch of this computer's journal, to be read: its results, progress and report. Nothing goes on by that.

    Args:
        which: as :func:`resume` takes it.
    """
    return start_batch.attach(HOST, which)


@checked
def batches(limit: int = 50) -> list[BatchRecord]:
    """The newest batches of the journal, newest first: ``id``, ``name``, ``size``, ``budget``, ``stopped``, ..."""
    return start_batch.newest(HOST, limit)


def attached(batch_id: str) -> list[str]:
    """The ids of a batch's jobs, of which this Blender knows then how they are; nothing goes on by that."""
    return [job.id for job in start_batch.attach(HOST, batch_id).results]

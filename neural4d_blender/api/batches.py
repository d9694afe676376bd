"""Batches in Blender: many models from one table, placed in the scene or written to a folder.

The part of the Python API that starts many jobs at once; may import batching, job and scene.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Unpack

import bpy

from ..batching import begin_batch, start_batch
from ..batching.batch import AS_BEFORE, Batch, OnProgress, Progress
from ..batching.host import Host
from ..batching.preflight import Estimate, Item
from ..batching.reports.report import Line, merge_reports
from ..batching.table import table_reader
from ..batching.table.generate_arguments import Arguments, Picture
from ..client.jobs import snapshots
from ..client.jobs.box_fit import prompt_of
from ..client.jobs.job_target import Target
from ..engine.protocol import (
    BatchRecord,
    Declaration,
    ErrorTexts,
    Feature,
    ImageLimits,
    InvalidInput,
    State,
    is_web_address,
)
from ..scene import timer_and_file_handlers, user_settings
from ..scene.engine_process import bridge
from ..scene.finished_jobs import place_finished_models, recover_unsaved
from ..scene.images.export import export_image
from ..scene.placing import targets
from ..scene.placing.fitting import boxes, fit_into_box
from ..scene.placing.placeholder import ask_for as ask_for_placeholder
from ..scene.placing.placement import metres_per_unit
from ..scene.session import session
from ..scene.start_job import require_ready
from .jobs.job import Job

__all__ = ["Batch", "Estimate", "Line", "Progress", "batch", "batches", "find_batch", "merge_reports", "resume"]


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
        _HOST,
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


def resume(
    which: str = "",
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
    return start_batch.resume(_HOST, which, budget=budget, concurrency=concurrency, on_progress=on_progress)


def find_batch(which: str = "") -> Batch:
    """A batch of this computer's journal, to be read: its results, progress and report. Nothing goes on by that.

    Args:
        which: as :func:`resume` takes it.
    """
    return start_batch.attach(_HOST, which)


def batches(limit: int = 50) -> list[BatchRecord]:
    """The newest batches of the journal, newest first: ``id``, ``name``, ``size``, ``budget``, ``stopped``, ..."""
    return start_batch.newest(_HOST, limit)


def attached(batch_id: str) -> list[str]:
    """The ids of a batch's jobs, of which this Blender knows then how they are; nothing goes on by that."""
    return [job.id for job in start_batch.attach(_HOST, batch_id).results]


class SceneHost(Host):
    """Blender: the pump places what is ready, and a model can be put anywhere in a scene."""

    def __init__(self) -> None:
        super().__init__(bridge)

    def pump(self) -> bool:
        """Take in what the engine says, and place what is ready."""
        return place_finished_models.pump()

    def wake(self) -> None:
        """The timer works the pump in a window."""
        timer_and_file_handlers.start()

    def prices(self) -> dict[str, int]:
        """In a window, where nothing waits, those that the engine has told so far."""
        return super().prices() if bpy.app.background else bridge.prices

    def job(self, job_id: str) -> Job:
        """The job of the Python API."""
        return Job(job_id)

    def settled(self, job: snapshots.Job) -> bool:
        """Nothing more happens to the job by itself; a ready model is in the scene, or cannot be put there now."""
        if recover_unsaved.is_on_its_way(job.id):
            return False
        if job.state == State.READY and not job.request.keep_in:
            return bool(session.placings.trouble.get(job.id) or place_finished_models.waiting_for(job))
        return super().settled(job)

    def trouble(self, job: snapshots.Job) -> ErrorTexts | None:
        """What keeps a finished model out of the scene."""
        return session.placings.trouble.get(job.id)

    def require_ready(self, service: Declaration) -> None:
        """OnlineAccessOff or KeyMissing, where the service cannot be used now."""
        require_ready(service)

    def pictures(self, paths: list[Picture], service: Declaration, folder: Path, limits: ImageLimits) -> list[str]:
        """A file that fits the limits as it is, a copy that does in place of every other one."""
        return [_fitting(path, service, folder, limits) for path in paths]

    def target(self, item: Item, offset: tuple[float, float], own: tuple[str, str] | None) -> Target:
        """In the open file: in its box, or from the 3D cursor on."""
        if item.boxed:
            return {**item.boxed, "placeholder": item.placeholder}
        bound = targets.bind(item.location, item.collection)
        if item.location is None:
            scale = 0.001 / metres_per_unit(targets.scene_of(bound))
            x, y, z = bound["location"]
            bound["location"] = [x + offset[0] * scale, y + offset[1] * scale, z]
        bound["placeholder"] = item.placeholder
        if own:
            bound["own"] = own
        return bound

    def boxed(self, values: Arguments) -> tuple[Target, list[float]]:
        """In the boxes of the open scene; a box whose item says nothing else gives the prompt."""
        things = [box if isinstance(box, bpy.types.Object) else bpy.data.objects.get(box) for box in values["fit"]]
        if lost := [name for name, thing in zip(values["fit"], things, strict=True) if thing is None]:
            raise InvalidInput(f"There is no object {lost[0]!r}.")
        found = [thing for thing in things if thing is not None]
        target, sides = fit_into_box.into(
            found,
            seat=values.get("seat", "FLOOR"),
            stretch=values.get("stretch", ""),
            turns=values.get("quarter_turns", True),
            collection=values.get("collection", ""),
        )
        if not (values.get("prompt") or values.get("bring_in") or values["image"] or values["options"]):
            values["prompt"] = prompt_of(found[0].name)
        return target, sides

    def take_boxes(self, items: list[Item]) -> None:
        """Mark them, all at once: each change of an object has Blender look at the scene anew."""
        boxes.mark(fit for item in items if item.boxed for fit in item.boxed["fit"])

    def bring_here(self, jobs: list[snapshots.Job]) -> list[str]:
        """Into the open file, those whose own was closed or lost before it was saved."""
        return recover_unsaved.bring_here(jobs)

    def mark_places(self, items: list[Item]) -> None:
        """A placeholder for each item that asks for one; a batch makes none by itself, since each is an undo step."""
        for item in items:
            if item.placeholder and not item.request.keep_in:
                ask_for_placeholder(item.job)

    def folder(self, path: str) -> str:
        """The folder for files; ``//`` is the open file's."""
        return super().folder(str(user_settings.located(path)) if path else "")

    def texture_folder(self) -> str:
        """Beside the open .blend; InvalidInput where that was never saved."""
        return user_settings.texture_folder()


def _fitting(picture: str | bpy.types.Image, service: Declaration, folder: Path, limits: ImageLimits) -> str:
    if isinstance(picture, str) and is_web_address(picture):
        return picture
    service.require(Feature.IMAGE)
    if isinstance(picture, str):
        try:
            limits.check(picture)
            return picture
        except InvalidInput:
            pass  # a copy may fit
    elif not isinstance(picture, bpy.types.Image):
        raise InvalidInput(f"A picture is a path or an image of Blender's, not {picture!r}.")
    return str(export_image(picture, limits, folder))


_HOST = SceneHost()

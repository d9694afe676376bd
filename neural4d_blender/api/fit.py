"""Models in boxes: fitted anew, and a whole blockout dressed. May import scene and the rest of the API."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Literal, Unpack, overload

import bpy

from ..batching.batch import Batch, OnProgress
from ..batching.preflight import Estimate
from ..batching.table.argument_types import checked
from ..batching.table.generate_arguments import Arguments
from ..client.jobs.box_fit import prompt_of
from ..engine.protocol import InvalidInput, Neural4DError, State
from ..scene.placing import targets
from ..scene.placing.fitting import boxes, fit_into_box
from ..scene.placing.placement import undo_step
from ..scene.shared_engine import bridge
from .batches import batch

__all__ = ["dress", "refit"]

#: Boxes to fill, or the collection that they are in.
Boxes = bpy.types.Collection | Iterable[bpy.types.Object]


class DressArguments(Arguments, total=False):
    """What :func:`dress` takes beside the boxes."""

    style: str
    budget: int | None
    vary: bool
    prompts: Mapping[str, str] | None
    together: bool
    concurrency: int
    shard: str
    on_progress: OnProgress | None


@overload
def dress(what: Boxes, *, dry_run: Literal[True], **arguments: Unpack[DressArguments]) -> Estimate: ...
@overload
def dress(what: Boxes, *, dry_run: Literal[False] = False, **arguments: Unpack[DressArguments]) -> Batch: ...
@overload
def dress(what: Boxes, *, dry_run: bool, **arguments: Unpack[DressArguments]) -> Batch | Estimate: ...
@checked
def dress(
    what: Boxes,
    *,
    style: str = "",
    budget: int | None = None,
    vary: bool = False,
    prompts: Mapping[str, str] | None = None,
    together: bool = False,
    concurrency: int = 4,
    shard: str = "",
    dry_run: bool = False,
    on_progress: OnProgress | None = None,
    **defaults: Unpack[Arguments],
) -> Batch | Estimate:
    """Fill a whole blockout with models: a batch of a job for each name, and return at once.

    Boxes of equal names, less numbers behind them, are one job, and all but the first get linked duplicates. Each
    model takes its place as one undo step; the box of one that failed stays as it is. A batch like every other:
    ``report``, ``resume`` after a crash, shares.

    Args:
        what: the boxes, or the collection that they are in: every object in it that has a size and is not filled.
        style: goes behind every prompt.
        budget: points that all of it may cost together, see :func:`batch`.
        vary: a job of its own for each box, whatever it is called.
        prompts: by what a name asks for, whatever its capitals are ("oak chair"), where that is not the prompt itself.
        together: the models wait for the last one, and take their places all at once, as one undo step.
        concurrency: how many may be at one service at once.
        shard: "2/8" does the second of eight parts.
        dry_run: send nothing, and return an Estimate.
        on_progress: called with (batch, job) whenever a job has come to another state.
        **defaults: arguments of :func:`generate` for every job: provider="csm", variants=2, seat="WALL".

    Raises:
        InvalidInput: there is no box in it, or something is wrong with one. OnlineAccessOff, KeyMissing: likewise.
    """
    rows = list(plan(what, style=style, vary=vary, prompts=prompts or {}))
    if not rows:
        raise InvalidInput("There is no box to fill.", "Choose boxes, or a collection with boxes that are not filled.")
    if not bpy.app.background:
        defaults.setdefault("placeholder", True)
    return batch(
        rows,
        layout="cursor",
        budget=budget,
        together=together,
        concurrency=concurrency,
        shard=shard,
        dry_run=dry_run,
        on_progress=on_progress,
        **defaults,
    )


def plan(
    what: bpy.types.Collection | Iterable[bpy.types.Object], *, style: str, vary: bool, prompts: Mapping[str, str]
) -> Iterable[Arguments]:
    """The rows of the batch: prompt, name and boxes of each job, in the order of the names."""
    given = fillable(what.all_objects) if isinstance(what, bpy.types.Collection) else what and boxes.given(what)
    called = {prompt_of(name).lower(): prompt for name, prompt in prompts.items()}
    groups: dict[str, list[bpy.types.Object]] = {}
    for box in sorted(given or (), key=lambda thing: thing.name):
        key = prompt_of(box.name).lower()
        groups.setdefault(box.name if vary else key, []).append(box)
    named = {prompt_of(box.name).lower() for together in groups.values() for box in together}
    if unknown := [name for name in prompts if prompt_of(name).lower() not in named]:
        there = ", ".join(sorted(named)) or "none"
        raise InvalidInput(
            f"prompts has {', '.join(map(repr, unknown))}, and no box is called that; the boxes are called: {there}.",
            "Correct the names in prompts=; numbers behind a name and capitals do not count.",
        )
    for together in groups.values():
        name = prompt_of(together[0].name)
        prompt = called.get(name.lower(), name)
        yield {"prompt": f"{prompt}, {style}" if style.strip() else prompt, "name": name, "fit": together}


def fillable(things: Iterable[bpy.types.Object]) -> list[bpy.types.Object]:
    """Those of the objects that could be filled, and no job is going to."""
    under_way = [job for job in bridge.jobs.values() if job.under_way or job.left or job.state == State.READY]
    return boxes.fillable(things, {fit["id"] for job in under_way for fit in job.target.get("fit", ())})


@checked
def refit(thing: bpy.types.Object) -> list[bpy.types.Object]:
    """Fit a model to its box anew, or all models to the box that is given, as it is now; costs nothing.

    One undo step.

    Args:
        thing: the model, anything below its root, or a box.

    Returns:
        The models' root objects.

    Raises:
        InvalidInput: it has no box, or that is gone, or it is none of a model here. Neural4DError: the scene is busy.
    """
    (thing,) = boxes.given(thing)
    roots = fit_into_box.to_refit(thing)
    if why := targets.blocked():
        raise Neural4DError(why, "Try again then.")
    with undo_step(f"Refit {thing.name}"[:60]):
        fit_into_box.refit(roots, thing.users_scene[0] if thing.users_scene else roots[0].users_scene[0])
    return roots

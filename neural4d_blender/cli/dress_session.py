"""Dressing a blockout from the command line: what of it needs Blender. May import bpy, scene and api."""

from __future__ import annotations

import argparse
from pathlib import Path

import bpy

from ..api import batches, fit
from ..batching.batch import AS_BEFORE, Batch, OnProgress
from ..batching.preflight import Estimate
from ..batching.table.generate_arguments import Arguments
from ..client.paths import is_same_file
from ..engine.protocol import InvalidInput, Neural4DError
from ..scene.shared_engine import bridge
from .commands.dress import budget

#: How many of the newest batches may have begun with this file.
_LOOKED_AT = 50


def dress(settings: Arguments, asked: argparse.Namespace, on_progress: OnProgress) -> Batch | Estimate:
    """Begin, or go on with what the same command has begun before; see :class:`.session.Session`."""
    room = bpy.data.collections.get(asked.collection)
    if room is None:
        there = ", ".join(collection.name for collection in bpy.data.collections) or "none"
        raise InvalidInput(
            f"There is no collection {asked.collection!r} in this file; there are: {there}.",
            "Name the file before --command: blender scene.blend --command neural4d dress ...",
        )
    begun = None if asked.dry_run or asked.anew else _begun(room, asked.shard.strip())
    if begun and not asked.go_on:
        raise InvalidInput(
            f"These boxes were begun to be filled before, in batch {begun[:8]}.",
            "Add --continue to go on with it, which pays nothing twice, or --anew to pay for all of them again.",
        )
    points = budget(asked)
    if begun:
        given = AS_BEFORE if asked.budget is None else points
        at_once = AS_BEFORE if asked.concurrency is None else asked.concurrency
        return batches.resume(begun, budget=given, concurrency=at_once, on_progress=on_progress)
    return fit.dress(
        room,
        style=asked.style,
        vary=asked.vary,
        budget=points,
        concurrency=asked.concurrency or 4,
        shard=asked.shard,
        dry_run=asked.dry_run,
        on_progress=on_progress,
        **settings,
    )


def save(path: Path) -> None:
    """Write the open file there, and leave the one that was opened as it is."""
    try:
        bpy.ops.wm.save_as_mainfile(filepath=str(path), copy=True, check_existing=False)
    except RuntimeError as error:
        what = f"{path} could not be written: {error}"
        raise Neural4DError(what, "Run the command with --continue: the models cost nothing again.") from error


def _begun(room: bpy.types.Collection, shard: str) -> str:
    """The id of the newest batch that was to fill boxes of this file's collection; empty where there is none."""
    names = {thing.name for thing in room.all_objects}
    for record in batches.batches(_LOOKED_AT):
        if record.shard != shard or record.settings.get("output"):
            continue
        for job in batches.attached(record.id):
            target = bridge.jobs[job].target
            mine = names & {one["box"] for one in target.get("fit", ())}
            if mine and bpy.data.filepath and is_same_file(target.get("file", ""), bpy.data.filepath):
                return record.id
    return ""

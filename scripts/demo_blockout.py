"""The demo of a blockout inside Blender: a room of 30 boxes, a picture, models in their place, another picture.

May import bpy and demo_set. Lengths are metres.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import bpy
from mathutils import Matrix, Vector

from scripts import demo_set

#: Name, sides, and the places (x, y, degrees about Z) of each box.
_FURNITURE: list[tuple[str, tuple[float, float, float], list[tuple[float, float, float]]]] = [
    ("wooden table", (1.6, 0.9, 0.75), [(x, y, 0) for x in (-1.5, 1.5) for y in (-1.0, 1.4)]),
    (
        "wooden chair",
        (0.45, 0.45, 0.9),
        [
            (x + side * 0.5, y + front * 0.75, 180 if front > 0 else 0)
            for x in (-1.5, 1.5)
            for y in (-1.0, 1.4)
            for side in (-1, 1)
            for front in (-1, 1)
        ],
    ),
    ("red rocket", (0.5, 0.5, 1.4), [(-2.9, 2.6, 0), (2.9, 2.6, 0)]),
    ("cute bird", (0.35, 0.25, 0.3), [(x * 0.6 - 2.1, 2.7, 30 * x) for x in range(8)]),
]


def run(order: dict[str, Any], neural4d: ModuleType, tell: Callable[..., None]) -> dict[str, Any]:
    """Build, dress, save and render; returns what demo_run.py shows.

    Args:
        order: blend, png (paths), seconds (until it is given up). tell: says a line.
    """
    context: Any = bpy.context
    scene = context.scene
    for thing in list(bpy.data.objects):
        bpy.data.objects.remove(thing)
    room = _build_room(scene)
    context.view_layer.update()
    before = Path(order["png"]).with_stem("demo-before")
    demo_set.build([list(room.objects)], [f"{len(room.objects)} boxes"])
    bpy.data.objects.remove(bpy.data.objects[f"{len(room.objects)} boxes"])
    demo_set.prepare_render(scene, str(before))
    bpy.ops.render.render(write_still=True)
    tell(say=f"a room of {len(room.objects)} boxes: {before.name}")
    batch = neural4d.dress(room, placeholder=False, on_progress=lambda _batch, job: _say(job, tell))
    batch.wait(order["seconds"])
    roots = [root for job in batch.results for root in job.objects]
    scene.render.filepath = order["png"]
    context.preferences.filepaths.save_version = 0
    bpy.ops.wm.save_as_mainfile(filepath=order["blend"])
    tell(say=f"rendering {Path(order['png']).name}")
    bpy.ops.render.render(write_still=True)
    models = [{"prompt": job.title, "cost": job.cost, "boxes": len(job.objects)} for job in batch.results]
    told = {"models": models, "placed": len(roots), "left": neural4d.balance().total}
    return told | {"blend": order["blend"], "png": order["png"], "before": str(before)}


def _say(job: Any, tell: Callable[..., None]) -> None:
    if job.state in ("generating", "placed", "failed"):
        tell(say=f"{job.title}: {job.state}")


def _build_room(scene: bpy.types.Scene) -> bpy.types.Collection:
    room = bpy.data.collections.new("Room")
    scene.collection.children.link(room)
    mesh = bpy.data.meshes.new("Box")
    corners = [Vector((x, y, z)) for x in (-0.5, 0.5) for y in (-0.5, 0.5) for z in (0.0, 1.0)]
    faces = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    mesh.from_pydata(corners, [], faces)
    for name, sides, places in _FURNITURE:
        for x, y, degrees in places:
            box = bpy.data.objects.new(name, mesh)
            turned = Matrix.Rotation(math.radians(degrees), 4, "Z")
            box.matrix_basis = Matrix.Translation((x, y, 0)) @ turned @ Matrix.Diagonal((*sides, 1))
            room.objects.link(box)
    return room

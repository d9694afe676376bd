"""Boxes that models are to fill, any objects of the scene: marked, found again, and put away when they are filled.

Main thread of the host only; may import bpy. The room inside of them is box_room.py's, and what a model's own lengths
have to do with it client/jobs/box_fit.py's.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Collection, Iterable

import bpy

from ....client.jobs.box_fit import check
from ....client.jobs.job_target import Fit
from ....engine.protocol import InvalidInput
from .. import MORE, PLACEHOLDER, provenance

#: Custom property of a box: its id, which a job's target names.
MARK = "neural4d_box"
#: Custom property of the collection of boxes that are filled, and its name.
BLOCKOUT, _NAME = "neural4d_blockout", "Blockout"
_SOLID = frozenset({"MESH", "CURVE", "SURFACE", "FONT", "META", "CURVES", "POINTCLOUD", "VOLUME", "GREASEPENCIL"})


def given(things: bpy.types.Object | Iterable[bpy.types.Object] | None) -> list[bpy.types.Object]:
    """The objects that somebody gives as boxes, each once.

    Raises:
        InvalidInput: there is none, or one is no object, or was deleted.
    """
    found = [things] if isinstance(things, bpy.types.Object | str) else list(things or ())
    if not found:
        raise InvalidInput("There is no box to fill.", "Choose one, or several, or leave fit out.")
    for thing in found:
        try:
            is_object = bool(thing.name) and isinstance(thing, bpy.types.Object)
        except (AttributeError, ReferenceError):  # it was deleted
            is_object = False
        if not is_object:
            raise InvalidInput(f"{thing!r:.100} is no object of the open file.", "Give the object itself.")
    return list(dict.fromkeys(found))


def bind(box: bpy.types.Object, seat: str, stretch: str, *, turns: bool) -> Fit:
    """What a target says of a box that a model is to fill; changes nothing, see :func:`mark`.

    Raises:
        InvalidInput: there is no such seat or side.
    """
    check(seat, stretch)
    return {"box": box.name, "id": "", "seat": seat, "stretch": stretch, "turns": turns}


def mark(fits: Iterable[Fit]) -> None:
    """Mark the boxes, so that they are found when they were renamed, and note that in what targets say of them."""
    users = Counter(known for thing in bpy.data.objects if (known := thing.get(MARK)))
    done = {}
    for fit in fits:
        if fit["id"]:  # of a job that is started once more
            continue
        box = bpy.data.objects[fit["box"], None]
        if box.name not in done:
            known = box.get(MARK)
            if not known or users[known] > 1:  # it is a copy
                users[known] -= 1
                box[MARK] = uuid.uuid4().hex
            done[box.name] = box[MARK]
        fit["id"] = done[box.name]


def find(fit: Fit, *, by_name: bool = False) -> bpy.types.Object | None:
    """The box in the open file; None where it is gone.

    Args:
        by_name: an object of its name will do that is no other box: the file was not saved since it was marked.
    """
    named: bpy.types.Object | None = bpy.data.objects.get((fit["box"], None))
    marked = [thing for thing in bpy.data.objects if thing.get(MARK) == fit["id"] and _is_own(thing)]
    if named in marked or (by_name and named and not marked and not named.get(MARK)):
        return named
    return next(iter(marked), None)


def _is_own(thing: bpy.types.Object) -> bool:
    """It stands in the open file, and another file has no say in it."""
    return bool(thing.users_collection) and not (thing.library or thing.override_library)


def fillable(things: Iterable[bpy.types.Object], awaited: Collection[str] = ()) -> list[bpy.types.Object]:
    """Those that could be filled: objects with a size of their own that are no model or part of one, nor filled.

    Args:
        awaited: ids of boxes that a model is on its way to; they are left out as well.
    """
    filled = {*awaited, *(fit["id"] for thing in bpy.data.objects if (fit := provenance.fit_of(thing)))}
    return [
        thing
        for thing in things
        if (thing.type in _SOLID or (thing.type == "EMPTY" and not thing.children))
        and provenance.root_of(thing) is None
        and not (thing.get(PLACEHOLDER) or thing.get(MORE))
        and thing.get(MARK) not in filled
    ]


def put_away(box: bpy.types.Object, scene: bpy.types.Scene) -> None:
    """Hide a box that is filled: in the collection Blockout, and nowhere else. It stays as it was."""
    if box.library or box.override_library:
        return
    scene = scene if scene in box.users_scene or not box.users_scene else box.users_scene[0]
    blockout = next((child for child in scene.collection.children if child.get(BLOCKOUT)), None)
    if blockout is None:
        blockout = bpy.data.collections.new(_NAME if _NAME not in bpy.data.collections else f"{_NAME} (filled)")
        blockout[BLOCKOUT] = True
        blockout.hide_render = True
        scene.collection.children.link(blockout)
        for layer in scene.view_layers:
            layer.layer_collection.children[blockout.name].hide_viewport = True
    for collection in box.users_collection:
        if collection != blockout:
            collection.objects.unlink(box)
    if box.name not in blockout.objects:
        blockout.objects.link(box)

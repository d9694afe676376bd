"""Where a model is to stand: bound when Generate is pressed, looked up again when the model is ready.

A target is plain data, because everything in Blender that it speaks of may be gone or renamed by then.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from numbers import Real
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix, Vector

from ...client.paths import is_same_file
from ...engine.protocol import InvalidInput
from .. import main_thread
from ..session import session
from . import lod_collections, provenance
from .replacement import check_replaceable

if TYPE_CHECKING:
    from ...client.jobs.job_target import Replaced, Target

#: Between models that stand side by side, as a part of the width of the one that comes.
GAP = 0.1
#: As far from the origin, or farther, Blender's numbers end.
_FAR = 3.4e38


def bind(location: Sequence[float] | None = None, collection: str = "", scene: bpy.types.Scene | None = None) -> Target:
    """The target for a job started now.

    Args:
        location: in Blender units; the 3D cursor where it is None.
        collection: name of the collection to link to; the active one where it is empty.

    Raises:
        InvalidInput: the location is not three numbers; or the scene is linked from another file.
    """
    main_thread.require("A place in the scene")
    scene = scene or bpy.context.scene
    if scene.library:
        what = f"The scene {scene.name} is linked from another file, so no model can be put into it."
        raise InvalidInput(what, "Switch to a scene of this file.")
    if not collection:
        active = bpy.context.view_layer.active_layer_collection.collection
        collection = active.name if active != scene.collection else ""
    return {
        "session": session.file.id,
        "file": bpy.data.filepath,
        "scene": scene.name,
        "collection": collection,
        "location": _point(scene.cursor.location[:] if location is None else location),
    }


def next_to(root: bpy.types.Object, number: int = 1) -> Target:
    """The target to the right of a model, in the first of its collections, for what is made again of its request.

    Args:
        number: 1 for the first one beside it, 2 for the next.
    """
    across = [corner.x for corner in world_corners(root)]
    place = world_matrix(root).translation
    step = number * (1 + GAP) * (max(across) - min(across))
    home: Target = {"collection": _collection_name(root), "again_of": root.get(provenance.JOB)}
    if fit := provenance.fit_of(root):
        home["fit"] = [{**fit, "beside": number + fit.get("beside", 0)}]
    return {**bind((place.x + step, place.y, place.z), scene=_scene_with(root)), **home}


def in_place_of(root: bpy.types.Object) -> Target:
    """The target that is a model's own place; should it be gone by then, its location.

    Raises:
        InvalidInput: it belongs to another file, or one of its linked duplicates does.
    """
    check_replaceable(root)
    replaced: Replaced = {"name": root.name, "job": root.get(provenance.JOB)}
    place = world_matrix(root).translation[:]
    return {**bind(place, scene=_scene_with(root)), "collection": _collection_name(root), "replaces": replaced}


def replaced_by(target: Target) -> bpy.types.Object | None:
    """The model whose place the target is; None where it is no such target, or the model is gone."""
    replaced = target.get("replaces")
    if not replaced:
        return None
    named: bpy.types.Object | None = bpy.data.objects.get(replaced["name"])
    if named is not None and named.get(provenance.JOB) == replaced["job"]:
        return named
    return next((item for item in bpy.data.objects if item.get(provenance.JOB) == replaced["job"]), None)


def _scene_with(item: bpy.types.Object) -> bpy.types.Scene:
    """The current scene where the object is in it, else one that it is in."""
    scenes = item.users_scene
    return bpy.context.scene if bpy.context.scene in scenes or not scenes else scenes[0]


def _collection_name(item: bpy.types.Object) -> str:
    """The first collection of an object, as a target has it: empty for the scene's own."""
    found = item.users_collection
    return found[0].name if found and found[0] != _scene_with(item).collection else ""


def _point(location: Sequence[float]) -> list[float]:
    """Numbers of any kind, as Blender can hold them; a text is none, though it may look like one."""
    try:
        point = list(location)
    except TypeError:
        point = []
    if len(point) != 3 or not all(isinstance(value, Real) and abs(value) < _FAR for value in point):
        raise InvalidInput(f"location takes three numbers, not {location!r}.")
    return [float(value) for value in point]


def is_here(target: Target) -> bool:
    """The target's file is the one that is open, by whatever path: a link, another drive letter or spelling."""
    file, opened = target.get("file", ""), bpy.data.filepath
    if target.get("session") == session.file.id or file == opened != "":
        return True
    known = session.file.same  # each tick asks, and a disk elsewhere may take its time
    if file and opened and (file, opened) not in known:
        known[file, opened] = is_same_file(file, opened)
    return known.get((file, opened), False)


def scene_of(target: Target) -> bpy.types.Scene:
    """The target's scene, or the current one where that is gone; one of this file in any case, which takes objects."""
    scenes = [bpy.data.scenes.get((target.get("scene", ""), None)), bpy.context.scene, *bpy.data.scenes]
    return next(scene for scene in scenes if scene and not scene.library)


def collection_of(target: Target, scene: bpy.types.Scene) -> bpy.types.Collection:
    """The target's collection where it is still in the scene and can be changed, else the scene's own."""
    parent = wanted_collection(target, scene)
    return _own_collection(parent, *target["own"]) if target.get("own") else parent


def wanted_collection(target: Target, scene: bpy.types.Scene) -> bpy.types.Collection:
    """The same, of a target whose models have a collection of their own the one around that."""
    name = target.get("collection", "")
    found = (child for child in scene.collection.children_recursive if child.name == name)
    # What is linked from another file, an override of it included, takes no new objects.
    wanted = next((child for child in found if not child.library and not child.override_library), None)
    return wanted or scene.collection


def hiding(collections: Iterable[bpy.types.Collection], scene: bpy.types.Scene) -> list[bpy.types.LayerCollection]:
    """What keeps objects in these collections out of sight, outermost first; empty where they are seen in a window.

    To show them, each is to be no longer excluded from its view layer, nor hidden.
    """
    manager = bpy.context.window_manager
    shown = [window.view_layer for window in manager.windows if window.scene == scene] if manager else []
    tops = [layer.layer_collection for layer in shown or scene.view_layers[:1]]  # None where it was never shown
    ways = [way for top in filter(None, tops) for collection in collections for way in _ways(top, collection)]
    hidden = [[one for one in way if one.exclude or one.hide_viewport or one.collection.hide_viewport] for way in ways]
    return min(hidden, key=len, default=[])


def _ways(
    layer: bpy.types.LayerCollection, collection: bpy.types.Collection
) -> Iterator[list[bpy.types.LayerCollection]]:
    """From a layer collection down to each one that is of the collection."""
    if layer.collection == collection:
        yield [layer]
    for child in layer.children:
        yield from ([layer, *way] for way in _ways(child, collection))


def row_of(target: Target, scene: bpy.types.Scene) -> list[bpy.types.Object]:
    """What a model is to come to the right of, in the collection that the target's models have of their own."""
    there = collection_of(target, scene).objects if target.get("row") else ()
    return [thing for thing in there if thing.parent is None]


def _own_collection(parent: bpy.types.Collection, job_id: str, name: str) -> bpy.types.Collection:
    """The collection below the parent that is for this job's models alone, made where it is not there."""
    for child in parent.children:
        if child.get(provenance.JOB) == job_id:
            return child
    own = bpy.data.collections.new(name.encode("utf-8", "replace")[:63].decode("utf-8", "ignore"))
    own[provenance.JOB] = job_id
    parent.children.link(own)
    return own


def world_matrix(item: bpy.types.Object) -> Matrix:
    """Where an object is, from the transforms themselves: what was placed a moment ago is not evaluated yet."""
    if item.parent is None:
        return item.matrix_basis
    return world_matrix(item.parent) @ item.matrix_parent_inverse @ item.matrix_basis


def world_corners(root: bpy.types.Object) -> list[Vector]:
    """The corners of the bounding boxes of a root and all of the model below it, in the scene's units."""
    corners: list[Vector] = []
    for thing in lod_collections.model_of(root):
        if thing.type == "MESH":
            matrix = world_matrix(thing)
            corners += [matrix @ Vector(corner) for corner in thing.bound_box]
    return corners or [world_matrix(root).translation]


def blocked() -> str:
    """Why nothing may be put into the scene at this moment; empty when it is safe."""
    windows = bpy.context.window_manager.windows
    # A timer's context has no window, and with it no mode: ask the windows themselves.
    for view_layer in [window.view_layer for window in windows] or [bpy.context.view_layer]:
        active = view_layer.objects.active
        if active and active.mode != "OBJECT":
            return "Waiting until Object Mode is back."
    # A tool that is going to push an undo step would take the model into that. Others, which may
    # run for hours (an add-on that shows pressed keys, looking around), are in nobody's way.
    running = [operator for window in windows for operator in window.modal_operators]
    if tool := next((operator for operator in running if "UNDO" in operator.bl_options), None):
        return f"Waiting until {tool.name} is done."
    if bpy.app.is_job_running("RENDER"):
        return "Waiting until the render is done."
    if any(window.screen.is_animation_playing for window in windows):
        return "Waiting until the animation stops."
    return ""

"""Where a job's models are in the open file: shown to the user, told of where something is in the way, moved out of it.

May import bpy and the engine's ``protocol``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import bpy
from mathutils import Vector

from .placing import lod_collections, placeholder, placement, provenance, surroundings, targets
from .session import session
from .viewports import viewports

#: How something is in a model's way, and the names of what is.
Way = tuple[str, str]
INSIDE, BEHIND = "inside", "behind"


def roots(job_id: str) -> list[bpy.types.Object]:
    """What stands of a job in the open file: its models, else its placeholder."""
    if stands(job_id):
        return provenance.roots_of(job_id)
    held = placeholder.find(job_id) if placeholder.is_known(job_id) else None
    return [] if held is None else [held]


def stands(job_id: str) -> bool:
    """A model of the job is in the open file. Each drawing asks, so the file is looked through where something went."""
    name = models().get(job_id)
    if name is not None and not _is_of(bpy.data.objects.get(name), job_id):
        changed()
        name = models().get(job_id)
    return name is not None


def _is_of(thing: bpy.types.Object | None, job_id: str) -> bool:
    return thing is not None and thing.get(provenance.JOB) == job_id


def models() -> dict[str, str]:
    """Names of roots in the open file by the job that they came from; of several, one."""
    file, count = session.file, len(bpy.data.objects)
    if file.models is None or file.models[0] != count:
        file.models = (count, provenance.jobs_here())
    return file.models[1]


def changed() -> None:
    """Models came or went, and perhaps as many as before."""
    session.file.models = None


def look_around(job_id: str) -> None:
    """Note what the model or the placeholder of a job stands in, or cannot be seen for."""
    found = roots(job_id)
    if in_the_way(job_id):  # what was true of another place is again after an undo
        del session.placings.in_the_way[job_id]
    layer = _layer(found)
    if layer is None:
        return
    box = surroundings.box_around(found)
    if around := surroundings.inside_of(box, layer, found):
        found_in: Way = (INSIDE, ", ".join(thing.name for thing in around[:3]))
    elif hiding := next(filter(None, (surroundings.behind(box, eye, layer, found) for eye in _eyes(layer))), ""):
        found_in = (BEHIND, hiding)
    else:
        return
    session.placings.in_the_way[job_id] = (found_in, _place(found))


def in_the_way(job_id: str) -> Way | None:
    """What the job's model was found to stand in or behind; None where nothing is, or once it was moved."""
    way, place = session.placings.in_the_way.get(job_id, (None, ()))
    return way if way and place == _place(roots(job_id)) else None


def move_beside(job_id: str) -> None:
    """Move what stands of a job to the right, out of what it stands in; one undo step."""
    found = roots(job_id)
    layer = _layer(found)
    if layer is None:
        return
    step = surroundings.step_aside(surroundings.box_around(found), layer, found)
    with placement.undo_step("Move Beside"):
        for thing in found:
            matrix = targets.world_matrix(thing)
            above = matrix @ thing.matrix_basis.inverted_safe()  # what its parent adds
            thing.location += above.to_3x3().inverted_safe() @ Vector((step, 0, 0))
    look_around(job_id)


def show(job_id: str, *, by_itself: bool = False) -> bool:
    """Select what stands of a job, and have the 3D Viewports frame it; whether anything was there to be framed.

    Args:
        by_itself: nobody has asked: views through a camera and other scenes stay as they are.
    """
    found = roots(job_id)
    scenes = found[0].users_scene if found else ()
    windows = bpy.context.window_manager.windows[:] if by_itself else [bpy.context.window]
    framed = False
    for window in filter(None, windows):
        if window.scene not in scenes:
            if by_itself or not scenes:
                continue
            window.scene = scenes[0]
        placement.select_only([*_family(found)], window.scene)
        seen = any(thing.visible_get(view_layer=window.view_layer) for thing in _family(found))
        for context in _views(window, cameras=not by_itself) if seen else ():
            space: Any = context["space_data"]
            for thing in _family(found) if space.local_view else ():
                thing.local_view_set(space, True)
            with bpy.context.temp_override(**context):
                if bpy.ops.view3d.view_selected.poll():  # type: ignore[call-arg]  # the stubs ask for a context
                    bpy.ops.view3d.view_selected()
                    framed = True
        placement.select_only(found, window.scene)
    return framed


def _family(found: Sequence[bpy.types.Object]) -> Iterator[bpy.types.Object]:
    """The roots and all below them; the first root last, which makes it the active one."""
    for root in reversed(found):
        yield from reversed(lod_collections.model_of(root))


def _views(window: bpy.types.Window, *, cameras: bool) -> list[dict[str, Any]]:
    """The contexts of a window's 3D views; of those through a camera only where there is no other, and if at all."""
    free: list[dict[str, Any]] = []
    through: list[dict[str, Any]] = []
    for area in window.screen.areas:
        if area.type == "VIEW_3D":
            space: Any = area.spaces.active
            regions = [region for region in area.regions if region.type == "WINDOW"]
            views = [space.region_3d] if len(regions) == 1 else [*space.region_quadviews]
            for region, view in zip(regions, views, strict=False):
                kind = through if view.view_perspective == "CAMERA" else free
                kind.append({"window": window, "area": area, "region": region, "space_data": space})
    return free or (through if cameras else [])


def _eyes(layer: bpy.types.ViewLayer) -> Iterator[Vector]:
    """Where the largest 3D view that shows the view layer is seen from; nothing in background."""
    windows = () if bpy.app.background else bpy.context.window_manager.windows[:]
    for space in viewports(window.screen for window in windows if window.view_layer == layer)[:1]:
        yield space.region_3d.view_matrix.inverted().translation


def _layer(found: Sequence[bpy.types.Object]) -> bpy.types.ViewLayer | None:
    """The view layer in which the objects are looked at; None where there are none, or no scene has them."""
    scene = next((scene for thing in found for scene in thing.users_scene), None)
    if scene is None:
        return None
    shown = [window.view_layer for window in bpy.context.window_manager.windows if window.scene == scene]
    return shown[0] if shown else scene.view_layers[0]


def _place(found: Sequence[bpy.types.Object]) -> tuple[float, ...]:
    return tuple(value for thing in found for value in targets.world_matrix(thing).translation[:])

"""The Empty that keeps a model's place until it comes: made with the job, and the user's to move, rename and parent.

Blender copies custom properties along with an object. The mark on a placeholder therefore also says which object
it was made on, and a copy gives itself away. May import bpy and the engine's ``protocol``.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Any

import bpy
from mathutils import Vector

from ...engine.protocol import State
from ..session import session
from ..shared_engine import bridge
from . import MORE, PLACEHOLDER, placement, targets
from .fitting import fit_into_box

if TYPE_CHECKING:
    from ...client.jobs.job_target import Target
    from ...client.jobs.snapshots import Job
    from ...engine.protocol import Request

#: Custom property of a placeholder: job, session and uid of the object it was made on, and whether it is a copy.
MARK = PLACEHOLDER
_FIELDS = frozenset({"job", "session", "uid", "copy"})
#: How the Empty of a placeholder looks that stands on its origin.
_ON_FLOOR: Any = "PLAIN_AXES"
#: Edge of the cube in metres where no size was asked for.
_UNKNOWN = 1.0
#: Nothing comes any more unless somebody asks for it.
_ENDED = (State.FAILED, State.CANCELLED)


def _names() -> dict[str, str]:
    known = session.file.placeholders
    return survey() if known is None else known  # the file was open before the extension was


def ask_for(job_id: str) -> None:
    """Make the placeholder of a job: now, and selected like any new object, or as soon as it is safe."""
    if targets.blocked():
        session.file.owed.add(job_id)
    else:
        make(bridge.jobs[job_id], select=True)


def find(job_id: str) -> bpy.types.Object | None:
    """The job's placeholder in the open file.

    Where the one that was made is gone, a copy of it is the placeholder: cut and pasted, say.
    """
    found = _by_name(job_id)
    if found is None or not is_original(found):
        survey()
        found = _by_name(job_id)
    return found


def is_original(thing: bpy.types.Object) -> bool:
    """This is the object that was made as a placeholder in this session, or found in the file; no copy of it."""
    mark = _mark_of(thing)
    return bool(mark) and (mark["session"], mark["uid"]) == (session.file.id, thing.session_uid)


def is_known(job_id: str) -> bool:
    """The open file has, or had a moment ago, a placeholder of the job."""
    return job_id in _names()


def is_owed(job_id: str) -> bool:
    """The job's placeholder is still to be made."""
    return job_id in session.file.owed


def standing() -> dict[str, bpy.types.Object]:
    """The placeholders in the open file by job id; looks through the file only where one was renamed or deleted."""
    if any(_by_name(job_id) is None for job_id in _names()):
        survey()
    return {job_id: found for job_id in _names() if (found := _by_name(job_id))}


def stages() -> dict[str, tuple[str, int]]:
    """What a placeholder's label says of its job, roughly: the state, and how many tenths are done."""
    jobs = [bridge.jobs[job_id] for job_id in _names() if job_id in bridge.jobs]
    return {job.id: (job.state, int(job.progress * 10)) for job in jobs}


def survey() -> dict[str, str]:
    """Look through the open file for placeholders; returns their names by job id."""
    best: dict[str, tuple[int, str]] = {}
    for thing in bpy.data.objects:
        mark = _mark_of(thing)
        if mark and thing.users_collection:
            rank = 0 if is_original(thing) else 2 if mark["copy"] else 1
            best[mark["job"]] = min(best.get(mark["job"], (rank, thing.name)), (rank, thing.name))
    session.file.placeholders = names = {job_id: name for job_id, (_rank, name) in best.items()}
    return names


def file_opened() -> None:
    """Another file is open: its placeholders are known by objects of this session from now on."""
    for job_id, name in survey().items():
        _mark(bpy.data.objects[name], job_id)


def before_save() -> None:
    """Note on the copies that they are copies: which object they were made on cannot be told in the next session."""
    if not _names():
        return
    originals = set(survey().values())
    for thing in bpy.data.objects:
        if (mark := _mark_of(thing)) is not None:
            mark["copy"] = thing.name not in originals


def tend(*, keep: bool) -> bool:
    """Make the placeholders that are owed, and take those away whose job ended without a model; each is an undo step.

    Args:
        keep: leave the placeholders of failed and cancelled jobs where they are.

    Returns:
        Whether anything changed.
    """
    due, over = _due(), _over(keep)
    if not (due or over) or targets.blocked():
        return False
    for job in due:
        session.file.owed.discard(job.id)
        session.file.taken_away.discard(job.id)
        if job.state != State.PLACED and targets.is_here(job.target):
            make(job)
            if not job.target.get("placeholder"):
                _retarget(job, {**job.target, "placeholder": True})
    for job in over:
        _take_away(job)
    return True


def is_awaited(*, keep: bool) -> bool:
    """A placeholder is to be made or taken away as soon as it is safe."""
    return bool(_due() or _over(keep))


def make(job: Job, *, select: bool = False) -> bpy.types.Object:
    """Put the placeholder of a job where its model is to stand, as one undo step."""
    request, target = job.request, job.target
    scene = targets.scene_of(target)
    with placement.undo_step(f"Placeholder of {request.title}"[:60]):
        made: bpy.types.Object = bpy.data.objects.new(placement.cut(request.title), None)
        # An Empty's own cube has its middle at the origin; one that stands on it is drawn by ui/panels.
        made.empty_display_type = _ON_FLOOR if request.origin == "BOTTOM" else "CUBE"
        made.empty_display_size = edge_of(request, scene) / 2  # from the middle to a side
        made.location = target["location"]
        home = targets.collection_of(target, scene)
        for number, fit in enumerate(target.get("fit", ())):
            if number == 0:
                fit_into_box.shape_like(made, fit, scene, on_floor=request.origin == "BOTTOM")
                continue
            other = bpy.data.objects.new(made.name, None)
            other.empty_display_type, other[MORE] = "CUBE", job.id
            if fit_into_box.shape_like(other, fit, scene, on_floor=False):
                home.objects.link(other)
        home.objects.link(made)
        _mark(made, job.id)
        if select:
            placement.select_only([made], scene)
    _names()[job.id] = made.name
    return made


def remove_more(job_id: str) -> None:
    """Delete the Empties in a job's other boxes."""
    bpy.data.batch_remove([thing for thing in bpy.data.objects if thing.get(MORE) == job_id])


def edge_of(request: Request, scene: bpy.types.Scene) -> float:
    """The edge of a placeholder's cube, in the scene's units."""
    edge = _UNKNOWN if request.size_mm is None else request.size_mm / 1000
    return edge / placement.metres_per_unit(scene)


def stands_on_floor(thing: bpy.types.Object) -> bool:
    """The placeholder's cube has its bottom at the origin, where the model's is going to be."""
    return thing.empty_display_type == _ON_FLOOR


def corners(thing: bpy.types.Object) -> list[Vector]:
    """The corners of a placeholder's cube, in its own space."""
    half = thing.empty_display_size
    up = half if stands_on_floor(thing) else 0.0
    return [Vector((x * half, y * half, z * half + up)) for x, y, z in product((-1.0, 1.0), repeat=3)]


def make_room(target: Target, request: Request) -> Target:
    """The target, to the right of the placeholders that stand at it: jobs started at one place stand side by side."""
    scene = targets.scene_of(target)
    half, place = edge_of(request, scene) / 2, [*target["location"]]
    for low, high in sorted(_boxes(), key=lambda box: box[0][0]):
        if all(least - half < at < most + half for least, at, most in zip(low, place, high, strict=True)):
            place[0] = high[0] + half * (1 + 2 * targets.GAP)
    return {**target, "location": place}


def _boxes() -> list[tuple[list[float], list[float]]]:
    """The lowest and the highest corner of each placeholder, also of those to be made; with room for all variants."""
    found = []
    for job in filter(None, map(bridge.jobs.get, {*standing(), *session.file.owed})):
        scene, thing = targets.scene_of(job.target), _by_name(job.id)
        if thing is not None:
            points = [targets.world_matrix(thing) @ corner for corner in corners(thing)]
        else:
            half = edge_of(job.request, scene) / 2
            points = [Vector(job.target["location"]) + Vector((sign * half,) * 3) for sign in (-1, 1)]
        ways = [*zip(*(point[:] for point in points), strict=True)]
        low, high = [min(way) for way in ways], [max(way) for way in ways]
        if job.request.place_all:
            high[0] += (job.request.variants - 1) * (1 + targets.GAP) * (high[0] - low[0])
        found.append((low, high))
    return found


def _due() -> list[Job]:
    waiting = session.file.owed | session.file.taken_away
    return [job for job in map(bridge.jobs.get, waiting) if job and job.state not in _ENDED]


def _over(keep: bool) -> list[Job]:
    return [job for job_id in _names() if (job := bridge.jobs.get(job_id)) and _is_over(job, keep)]


def _is_over(job: Job, keep: bool) -> bool:
    """No model comes, and the user does not want to be reminded of that by a placeholder."""
    if job.state == State.PLACED:  # and the placing was undone: it may be done again
        return False
    return job.dismissed or (job.state in _ENDED and not job.under_way and not keep)


def _take_away(job: Job) -> None:
    """Delete the placeholder; the job remembers where it stood."""
    thing = find(job.id)
    _names().pop(job.id, None)
    if thing is None:
        return
    location = list(targets.world_matrix(thing).translation[:])
    _retarget(job, {**job.target, "location": location, "placeholder": False})
    with placement.undo_step(f"Remove placeholder of {thing.name}"[:60]):
        bpy.data.objects.remove(thing)
        remove_more(job.id)
    session.file.taken_away.add(job.id)


def _retarget(job: Job, target: Target) -> None:
    bridge.jobs[job.id] = replace(job, target=target)
    bridge.send("retarget", job=job.id, target=target)


def _mark(thing: bpy.types.Object, job_id: str) -> None:
    thing[MARK] = {"job": job_id, "session": session.file.id, "uid": thing.session_uid, "copy": False}


def _mark_of(thing: bpy.types.Object) -> Any | None:
    """What the mark says; None where there is none that makes sense, or the object belongs to another file."""
    mark: Any = thing.get(MARK)
    whole = hasattr(mark, "keys") and set(mark.keys()) >= _FIELDS  # a user may have edited it
    return mark if whole and not thing.library and not thing.override_library else None


def _by_name(job_id: str) -> bpy.types.Object | None:
    thing: bpy.types.Object | None = bpy.data.objects.get(_names().get(job_id, ""))
    mark = _mark_of(thing) if thing is not None else None
    return thing if mark and mark["job"] == job_id and thing.users_collection else None

"""Puts a model that stands in the scene into its box: as large as that lets it be, on its seat, turned as it is turned.

The size goes into the model's data, so that its scale stays 1, as everywhere else; only of objects that share their
mesh the second has a scale, which is what sharing is for. Main thread of the host only; may import bpy and mathutils.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix, Vector

from ....client.jobs.box_fit import FLAT, is_better_turned, may_turn
from ....client.jobs.job_target import Fit
from ....engine.protocol import InvalidInput
from .. import placement, provenance, targets
from ..lod_collections import is_extra
from . import box_room, boxes

if TYPE_CHECKING:
    import numpy as np

    from ....client.jobs.job_target import Target

#: What is to be said of a model that was turned, or whose box is gone.
TURNED = "It was turned by 90 degrees, since it fits its box better like that."
GONE = "Its box is gone, so it came to where that was."
_Member = tuple[bpy.types.Object, Fit, bpy.types.Object, box_room.Room]


def into(
    things: Sequence[bpy.types.Object],
    *,
    seat: str = "FLOOR",
    stretch: str = "",
    turns: bool = True,
    collection: str = "",
) -> tuple[Target, list[float]]:
    """The target of a job whose model is to fill a box, or each of several, and the first one's sides in millimetres.

    Args:
        seat, stretch, turns: see ``Fit``. collection: its name; the box's own where it is empty.

    Raises:
        InvalidInput: a box has no size, or belongs to another file, or there is none.
    """
    things = boxes.given(things)
    scene: bpy.types.Scene = bpy.context.scene
    for thing in things:
        if thing.library or thing.override_library:
            raise InvalidInput(f"{thing.name} is linked from another file.", "Fit a model to it in that file.")
    rooms = [box_room.room_of(thing, scene, seat) for thing in things]
    fits = [boxes.bind(thing, seat, stretch, turns=turns) for thing in things]
    own = next((one for one in things[0].users_collection if not one.get(boxes.BLOCKOUT)), scene.collection)
    collection = collection or (own.name if own != scene.collection else "")
    floor = rooms[0].place_of(Vector(), "FLOOR")
    bound = targets.bind(floor[:], collection, scene)
    if not collection:
        bound["collection"] = ""  # the box's, and not the active one
    sides = box_room.sides_mm(rooms[0], scene)
    return {**bound, "fit": fits}, [side or max(sides) for side in sides] if not all(sides) else sides


def wanted(target: Target, own: Target, standing: int) -> list[Fit]:
    """The boxes that a model is to fill; where it comes beside models of its job, a place to the right of the first.

    Args:
        own: the job's target. standing: how many models of it there are.
    """
    if not target.get("beside"):
        return target.get("fit", [])
    fits = own.get("fit", []) if targets.is_here(own) else []
    return [{**fit, "beside": standing} for fit in fits[:1]] if standing else fits


def shape_like(thing: bpy.types.Object, fit: Fit, scene: bpy.types.Scene, *, on_floor: bool) -> bool:
    """Give a placeholder's cube the shape and place of a box; whether there is that box.

    Args:
        on_floor: its origin is at the box's floor, else in the middle.
    """
    box = boxes.find(fit, by_name=True)
    room = _room(box, "FLOOR", scene) if box else None
    if room is None:
        return False
    half = Vector([(side or max(room.sides)) / 2 for side in room.sides])
    middle = room.place_of(Vector() if on_floor else half, "FLOOR")
    thing.matrix_basis = Matrix.Translation(middle) @ room.frame.to_4x4()
    thing.scale = half / thing.empty_display_size
    return True


def fill(root: bpy.types.Object, fits: Sequence[Fit], scene: bpy.types.Scene) -> tuple[list[bpy.types.Object], str]:
    """Put a model that was just placed into its box, and linked duplicates of it into the others; hides the boxes.

    Returns:
        The roots, and what is to be said of them.
    """
    found = [(fit, box) for fit in fits if (box := boxes.find(fit, by_name=True))]
    there = [(fit, box, room) for fit, box in found if (room := _room(box, fit["seat"], scene))]
    if not there:
        root.scale = (1, 1, 1)  # a placeholder had the box's proportions
        return [root], GONE
    roots = [root, *(_duplicate(root) for _ in there[1:])]
    remark = _fit_all([(thing, *pair) for thing, pair in zip(roots, there, strict=True)])
    for fit, box, _room_there in there:
        box[boxes.MARK] = fit["id"]
        if not fit.get("beside"):
            boxes.put_away(box, scene)
    return roots, " ".join(filter(None, [remark, GONE if len(there) < len(fits) else ""]))


def refit(roots: Iterable[bpy.types.Object], scene: bpy.types.Scene) -> str:
    """Fit models to their boxes anew, as those are now; models without a box stay as they are.

    Returns:
        What is to be said of them.
    """
    members = [(root, fit, box) for root in roots if (fit := provenance.fit_of(root)) and (box := boxes.find(fit))]
    return _fit_all([(*one, room) for one in members if (room := _room(one[2], one[1]["seat"], scene))])


def roots_in(box: bpy.types.Object) -> list[bpy.types.Object]:
    """The models that fill a box."""
    own = box.get(boxes.MARK)
    return [root for root in bpy.data.objects if own and (fit := provenance.fit_of(root)) and fit["id"] == own]


def to_refit(thing: bpy.types.Object) -> list[bpy.types.Object]:
    """The models that an object stands for, and that have a box: its own root, or what fills the box that it is.

    Raises:
        InvalidInput: there is none, or its box is gone.
    """
    root = provenance.root_of(thing)
    fit = None if root is None else provenance.fit_of(root)
    if root is not None and fit:
        if boxes.find(fit) is None:
            raise InvalidInput(f"The box of {root.name}, {fit['box']}, is gone.", "Bring it back, with undo perhaps.")
        return [root]
    if not (roots := roots_in(thing)):
        raise InvalidInput(f"{thing.name} is no box that is filled, and no model that fills one.")
    return roots


def _room(box: bpy.types.Object, seat: str, scene: bpy.types.Scene) -> box_room.Room | None:
    """What a box leaves; None of one that has no size any more."""
    with suppress(InvalidInput):
        return box_room.room_of(box, scene, seat)
    return None


def _fit_all(members: Sequence[_Member]) -> str:
    """Fit each model; of those that share their meshes the first has the size in them."""
    used = Counter(item.data for root, *_ in members for item in _parts(root) if item.data is not None)
    turned = False
    for number, (root, fit, box, room) in enumerate(members):
        counts = Counter(item.data for item in _parts(root) if item.data is not None)
        alone = all(one.users <= (used if number == 0 else counts)[one] for one in counts)
        turned |= _fit(root, fit, box, room, alone=alone)
        root[provenance.FIT] = json.dumps({**fit, "box": box.name})
    return TURNED if turned else ""


def _fit(root: bpy.types.Object, fit: Fit, box: bpy.types.Object, room: box_room.Room, *, alone: bool) -> bool:
    """Fit one model; whether it was turned by 90 degrees.

    Args:
        alone: nobody else uses its meshes who is to stay as he is.
    """
    lower, upper = _bounds(root)
    half = (upper - lower) / 2
    if not max(half[:]) > 0:
        return False
    turned = may_turn(fit) and is_better_turned(half[:], room.sides)
    goal = room.largest(half.yxz if turned else half, fit["stretch"])
    middle = room.place_of(goal, fit["seat"])
    goal = goal.yxz if turned else goal
    whole = goal[longest := max(range(3), key=lambda way: half[way])] / half[longest]
    factors = Vector((whole,) * 3)
    if fit["stretch"]:
        factors = Vector([goal[k] / half[k] if half[k] > FLAT * max(half[:]) else whole for k in range(3)])
    scale = _resize(root, factors, alone=alone)
    rotation = room.frame @ Matrix.Rotation(math.pi / 2, 3, "Z") if turned else room.frame
    anchor = (lower + upper) / 2 * factors
    if number := fit.get("beside", 0):
        width = 2 * sum(abs((room.frame @ edge).x) for edge in room.edges.col)
        middle = middle + Vector((number * (1 + targets.GAP) * width, 0, 0))
    _stand(root, box, Matrix.Translation(middle - rotation @ anchor) @ rotation.to_4x4(), scale)
    return turned


def _resize(root: bpy.types.Object, factors: Vector, *, alone: bool) -> float:
    """Make a model so many times as large as its data is along its sides; returns the scale that is left to the root.

    Linked duplicates of other proportions get meshes of their own.
    """
    even = max(factors[:]) / min(factors[:]) - 1 < 1e-5
    if even and math.isclose(factors.x, 1, rel_tol=1e-6):
        return 1.0
    if even and not alone:
        return float(factors.x)
    items = _parts(root)
    if not alone:
        copies = {item.data: item.data.copy() for item in items if item.data is not None}
        for item in items:
            item.data = copies.get(item.data)
    placement.scale_by(items, float(factors.x) if even else factors[:])
    return 1.0


def _stand(root: bpy.types.Object, box: bpy.types.Object, world: Matrix, scale: float) -> None:
    """Put a root there, below what it is parented to, or the box is."""
    holder = root if root.parent else box
    above = Matrix.Identity(4)
    if holder.parent and holder.parent_type == "OBJECT":
        above = holder.parent.matrix_world.copy()
    elif holder.parent and not holder.constraints:
        above = holder.matrix_world @ (holder.matrix_parent_inverse @ holder.matrix_basis).inverted_safe()
    if abs(above.determinant()) > 0:
        if holder.parent:
            for name in ("parent", "parent_type", "parent_bone"):
                setattr(root, name, getattr(holder, name))
        root.matrix_parent_inverse = above.inverted()
    root.matrix_basis = world
    root.scale = (scale,) * 3


def _parts(root: bpy.types.Object) -> list[bpy.types.Object]:
    return [root, *provenance.parts_of(root)]


def _duplicate(root: bpy.types.Object) -> bpy.types.Object:
    """A linked duplicate of a model, in the same collections."""
    copies = {item: item.copy() for item in _parts(root)}
    for item, copy in copies.items():
        if item != root:
            inverse = item.matrix_parent_inverse.copy()
            copy.parent = copies[item.parent]
            copy.matrix_parent_inverse = inverse
        for modifier in copy.modifiers:
            if isinstance(modifier, bpy.types.ArmatureModifier) and modifier.object in copies:
                modifier.object = copies[modifier.object]
        for collection in item.users_collection:
            collection.objects.link(copy)
    made: bpy.types.Object = copies[root]
    return made


def _bounds(root: bpy.types.Object) -> tuple[Vector, Vector]:
    """The lowest and the highest corner of a model in its own space, whatever its scale is; of its meshes themselves,
    but of what a rig or a shape key moves as it is shown.
    """
    import numpy as np  # not before it is needed, as in placement

    found = [points for item in _parts(root) if not is_extra(item) and len(points := _extent(item, root))]
    if not found:
        return Vector(), Vector()
    every: np.ndarray = np.concatenate(found)
    return Vector(every.min(axis=0).tolist()), Vector(every.max(axis=0).tolist())


def _extent(item: bpy.types.Object, root: bpy.types.Object) -> np.ndarray:
    """Points in the root's space that reach as far as an object does: none, two corners, or all vertices."""
    import numpy as np

    if not isinstance(item.data, bpy.types.Mesh) or not item.data.vertices:
        return np.empty((0, 3))
    if any(modifier.type == "ARMATURE" for modifier in item.modifiers) or item.data.shape_keys:
        depsgraph = bpy.context.evaluated_depsgraph_get()
        points = placement.world_points(item, depsgraph)
        matrix = root.evaluated_get(depsgraph).matrix_world.inverted_safe()
    else:
        flat = np.empty(len(item.data.vertices) * 3, dtype=np.float32)
        item.data.vertices.foreach_get("co", flat)
        points, matrix = flat.reshape(-1, 3), placement.below(root, item)
    turned = np.array(matrix, dtype=np.float64)
    if np.count_nonzero(np.abs(turned[:3, :3]) > 1e-9) <= 3:  # along the root's own axes: two corners tell it all
        columns = [points[:, way] for way in range(3)]
        points = np.array([[side.min() for side in columns], [side.max() for side in columns]])
    return points.astype(np.float64) @ turned[:3, :3].T + turned[:3, 3]

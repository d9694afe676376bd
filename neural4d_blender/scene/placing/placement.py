"""Puts a prepared model into the user's scene, measures it there, and makes it one undo step.

Main thread of the host only; may import bpy, mathutils and numpy. Placing brings datablocks and nothing more: whatever
takes time was done by the preparer.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import bpy
from mathutils import Matrix

from ...engine.protocol import Facts
from .append import append
from .lod_collections import is_extra, model_of, put_away
from .provenance import PART
from .remap_users import take_over

if TYPE_CHECKING:
    import numpy as np

#: Blender 4.2 cuts names there; newer ones take more, but files go both ways.
_MAX_NAME_BYTES = 63
#: The undo step that is being made; empty where none is.
_steps: list[str] = []


def place(
    blend_path: str | Path,
    *,
    name: str,
    location: Sequence[float],
    collection: bpy.types.Collection,
    scene: bpy.types.Scene,
    select: bool = True,
    instead_of: bpy.types.Object | None = None,
    facts: Facts | None = None,
) -> list[bpy.types.Object]:
    """Append a prepared model and put it where it belongs.

    Args:
        blend_path: what the preparer wrote: one root, real metres, identity transforms.
        name: the root's name, cut to 63 bytes; Blender adds a number where it is taken.
        location: in the scene's own units, as the 3D cursor has it.
        collection: the one collection the objects are linked to.
        scene: whose unit scale counts.
        select: select the root and make it active wherever the scene is shown and in Object Mode; else the selection
            stays as it is.
        instead_of: the object whose place the model takes: transform, parent, collections, visibility, selection and
            name are its own then, whatever the other arguments say. It is deleted.
        facts: what the preparer told of the file.

    Returns:
        The roots (objects without a parent); one, for what the preparer writes.

    Raises:
        BrokenModel: the file is missing, damaged or empty.
    """
    if instead_of is not None and scene not in instead_of.users_scene:
        scene = instead_of.users_scene[0]
    objects = bring(blend_path, scene, facts)
    extras, objects = [item for item in objects if is_extra(item)], [item for item in objects if not is_extra(item)]
    roots = [item for item in objects if item.parent is None]
    if instead_of is not None:
        take_over(instead_of, roots[0], [item for item in objects if item != roots[0]])
        bpy.data.objects.remove(instead_of, do_unlink=instead_of.users > 0)  # unlinking looks through the whole file
    else:
        for item in objects:
            collection.objects.link(item)
        for root in roots:
            root.name = cut(name)
            root.location = location
        if select:
            select_only(roots, scene)
        else:
            _leave_unselected(objects)
    if len(objects) == 1 and objects[0].data is not None:
        objects[0].data.name = roots[0].name
    put_away(roots[0], extras)
    return roots


def cut(name: str) -> str:
    """As much of a name as every Blender keeps of it."""
    return name.encode("utf-8", "replace")[:_MAX_NAME_BYTES].decode("utf-8", "ignore")


def bring(blend_path: str | Path, scene: bpy.types.Scene, facts: Facts | None = None) -> list[bpy.types.Object]:
    """Append a prepared model in the scene's units, without linking it to anything; raises BrokenModel."""
    objects = append(Path(blend_path), facts)
    scale_by(objects, 1 / metres_per_unit(scene))
    for item in objects:
        if item.parent is not None:
            item[PART] = True
    return objects


def metres_per_unit(scene: bpy.types.Scene) -> float:
    """What one Blender unit is in real metres; without a unit system Blender ignores the scale."""
    settings = scene.unit_settings
    return 1.0 if settings.system == "NONE" else float(settings.scale_length)


def measure_mm(roots: Iterable[bpy.types.Object], scene: bpy.types.Scene) -> tuple[float, float, float]:
    """The world-space size of the roots and all of the models below them in real millimetres (x, y, z).

    Measured on the evaluated vertices, so parents, modifiers and the scene's unit scale count.
    Zeros where there is no vertex, or where an object is not in the scene.
    """
    import numpy as np  # not before it is needed: it takes longer to load than all of ours together

    lower, upper = np.full(3, np.inf), np.full(3, -np.inf)
    with bpy.context.temp_override(scene=scene, view_layer=scene.view_layers[0]):
        depsgraph = bpy.context.evaluated_depsgraph_get()
        for root in roots:
            for item in model_of(root):
                points = world_points(item, depsgraph)
                if len(points):
                    lower, upper = np.minimum(lower, points.min(axis=0)), np.maximum(upper, points.max(axis=0))
    if not np.isfinite(lower).all():
        return (0.0, 0.0, 0.0)
    x, y, z = ((upper - lower) * metres_per_unit(scene) * 1000).tolist()
    return (x, y, z)


def undo_push(message: str) -> None:
    """End an undo step here, called `message` in the Edit menu's history."""
    with in_a_window():
        bpy.ops.ed.undo_push(message=message)


@contextmanager
def undo_step(message: str) -> Iterator[None]:
    """Make what is done inside one undo step. Nothing is pushed where it raises.

    In background nothing has started the undo system yet, and a first push could not be undone: there, the
    state before is pushed as well. One within another is a part of that.
    """
    if _steps:
        yield
        return
    with in_a_window():
        if not bpy.ops.ed.undo.poll():  # type: ignore[call-arg]  # the stubs ask for a context
            bpy.ops.ed.undo_push(message=f"Before {message}")
    _steps.append(message)
    try:
        yield
    finally:
        _steps.clear()
    undo_push(message)


@contextmanager
def in_a_window() -> Iterator[None]:
    """A context with a window. Operators called from a timer have no window in their context; undo needs one."""
    windows = _windows()
    if bpy.context.window is None and windows:
        with bpy.context.temp_override(window=windows[0]):  # never window=None, which crashes Blender
            yield
    else:
        yield


def _windows() -> list[bpy.types.Window]:
    manager = bpy.context.window_manager
    return list(manager.windows) if manager else []


def scale_by(objects: list[bpy.types.Object], factors: float | Sequence[float]) -> None:
    """Make a model larger in its data, so that every scale stays as it is.

    Args:
        objects: a root and all that came with it. factors: along all sides, or along each of the root's.
    """
    even = isinstance(factors, float)
    sides = (factors,) * 3 if isinstance(factors, float) else factors
    if max(abs(side - 1) for side in sides) < 1e-6:
        return
    factor = math.prod(sides) ** (1 / 3)
    matrix = Matrix.Diagonal((*sides, 1.0))
    from ...engine.protocol import scale_lengths  # few scenes are in other units

    moves = any(_moves(item) for item in objects)
    materials = {slot.material: factor for item in objects for slot in item.material_slots if slot.material}
    scale_lengths(dict.fromkeys(materials, 1.0) if moves else materials, factor)
    if moves:  # an Empty below the root has the size
        for item in objects:
            if item.parent is not None and item.parent.parent is None:
                item.matrix_basis = matrix @ item.matrix_basis
        return
    if not even:
        _apply_places(objects)
    for data in {item.data for item in objects}:
        if isinstance(data, bpy.types.Mesh):
            data.transform(matrix, shape_keys=True)
        elif isinstance(data, bpy.types.Armature):
            data.transform(matrix)
    for item in objects:  # linked duplicates have places of their own
        if item.parent in objects:
            item.location *= factor
            item.matrix_parent_inverse.translation *= factor
        if item.data is None:
            item.empty_display_size *= factor


def below(root: bpy.types.Object, item: bpy.types.Object) -> Matrix:
    """The transform of an object that is a root, or below it, from the object's own space to the root's."""
    if item == root or item.parent is None:
        return Matrix.Identity(4)
    return below(root, item.parent) @ item.matrix_parent_inverse @ item.matrix_basis


def _apply_places(objects: list[bpy.types.Object]) -> None:
    """Apply the places of parts within their model, so that it can be stretched; they share no more meshes then."""
    (root,) = (item for item in objects if item.parent not in objects)
    places = {item: below(root, item) for item in objects}
    for item, place in places.items():
        if item == root:
            continue
        if isinstance(item.data, bpy.types.Mesh | bpy.types.Armature):
            if item.data.users > 1:
                item.data = item.data.copy()
            item.data.transform(place)
        item.matrix_parent_inverse, item.matrix_basis = Matrix.Identity(4), Matrix.Identity(4)


def _moves(item: bpy.types.Object) -> bool:
    keys = item.data.shape_keys if isinstance(item.data, bpy.types.Mesh) else None
    return bool(item.animation_data or (keys and keys.animation_data))


def select_only(roots: Iterable[bpy.types.Object], scene: bpy.types.Scene) -> None:
    """Select these and make the last one active, wherever the scene is shown and nobody is editing anything."""
    shown = {window.view_layer for window in _windows() if window.scene == scene}
    for view_layer in shown:
        active = view_layer.objects.active
        if active is not None and active.mode != "OBJECT":
            continue  # the user is editing something: leave it in their hands
        for item in view_layer.objects.selected:
            item.select_set(False, view_layer=view_layer)
        for root in roots:
            try:
                root.select_set(True, view_layer=view_layer)
            except RuntimeError:  # its collection is excluded from this view layer
                continue
            view_layer.objects.active = root


def _leave_unselected(objects: Iterable[bpy.types.Object]) -> None:
    """Older versions of Blender link what was appended as selected."""
    for view_layer in {window.view_layer for window in _windows()}:
        for item in objects:
            with suppress(RuntimeError):  # it is not in this view layer
                item.select_set(False, view_layer=view_layer)


def world_points(item: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> np.ndarray:
    """The evaluated vertices of an object in the world, an (n, 3) array in Blender units."""
    import numpy as np

    evaluated = item.evaluated_get(depsgraph)
    if not isinstance(evaluated.data, bpy.types.Mesh):
        return np.empty((0, 3))
    vertices = evaluated.data.vertices
    flat = np.empty(len(vertices) * 3, dtype=np.float32)
    vertices.foreach_get("co", flat)
    # In double precision: a model may be tiny beside its distance from the origin.
    matrix = np.array(evaluated.matrix_world, dtype=np.float64)
    return flat.reshape(-1, 3).astype(np.float64) @ matrix[:3, :3].T + matrix[:3, 3]

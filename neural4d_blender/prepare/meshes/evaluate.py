"""Turns imported objects into plain meshes with a known place in the world. May import bpy and `engine`.

Instances become objects of their own, curves and texts become meshes, modifiers are applied, those of armatures
as far as they are posed. World matrices are kept beside the objects: a sheared one could not be written back to one.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
from mathutils import Matrix

from ...engine.errors import UnsafeModel
from ...engine.files.gltf.gltf_check import MAX_TRIANGLES
from ..importing.visibility import hidden_in
from ..open_file import armature_of, update
from . import pose

#: Instances made real; each costs an object of its own in the user's scene.
MAX_INSTANCES = 10_000
_ON_MESH = frozenset({"FACES", "VERTS"})
_BECOMES_MESH = frozenset({"CURVE", "SURFACE", "FONT", "META"})


@dataclass(frozen=True)
class Part:
    """A mesh or armature object, and where it stands in the world (metres, Z up).

    Attributes:
        parent: what it hangs below in the file, if anything.
    """

    item: bpy.types.Object
    world: Matrix
    parent: bpy.types.Object | None = None


def parts_of(items: Iterable[bpy.types.Object], warnings: list[str], *, moving: bool = False) -> list[Part]:
    """The mesh and armature parts that `items` show; what bends them has its pose for its rest pose afterwards.

    Args:
        moving: rigs and poses stay as they are.

    Raises:
        UnsafeModel: instances multiply to absurd numbers.
    """
    shown = list(items)
    update()
    posed = set() if moving else pose.posed_rigs()
    deforming = [modifier for item in shown for modifier in item.modifiers if modifier.type == "ARMATURE"]
    for modifier in deforming:
        modifier.show_viewport = modifier.show_viewport and armature_of(modifier) in posed
    keyed = [item for item in shown if _has_keys(item) and pose.is_bent_by(item, posed) and not _is_modified(item)]
    for item in keyed:
        pose.bake_shape_keys(item)
    depsgraph = bpy.context.evaluated_depsgraph_get()
    parts = _instances(depsgraph, set(shown))
    for item in shown:
        if _shows_only_instances(item):
            continue
        world = item.matrix_world.copy()
        if item.type in _BECOMES_MESH:
            mesh = _new_mesh(item.evaluated_get(depsgraph), depsgraph)
            parts.append(Part(bpy.data.objects.new(item.name, mesh), world, item.parent))
        elif item.type == "MESH":
            _apply_modifiers(item, depsgraph, warnings, bent=item not in keyed and pose.is_bent_by(item, posed))
            parts.append(Part(item, world, item.parent))
        elif item.type == "ARMATURE":
            parts.append(Part(item, world, item.parent))
    if not moving:
        pose.apply_poses(posed)
        pose.clear_poses()
    for modifier in deforming:
        modifier.show_viewport = True
    return parts


def _apply_modifiers(
    item: bpy.types.Object, depsgraph: bpy.types.Depsgraph, warnings: list[str], *, bent: bool
) -> None:
    if bent or _is_modified(item):
        if _has_keys(item):
            warnings.append(f"The shape keys of {item.name!r} were given up for its modifiers.")
        item.data = _new_mesh(item.evaluated_get(depsgraph), depsgraph)
    for modifier in [modifier for modifier in item.modifiers if modifier.type != "ARMATURE"]:
        item.modifiers.remove(modifier)


def _has_keys(item: bpy.types.Object) -> bool:
    return isinstance(item.data, bpy.types.Mesh) and item.data.shape_keys is not None


def _is_modified(item: bpy.types.Object) -> bool:
    return any(modifier.show_viewport for modifier in item.modifiers if modifier.type != "ARMATURE")


def _shows_only_instances(item: bpy.types.Object) -> bool:
    """What stands on its parent's faces or vertices is not itself to be seen in renders; nor is that parent, maybe."""
    if item.parent is not None and item.parent.instance_type in _ON_MESH:
        return True
    shown = item.show_instancer_for_render and item.show_instancer_for_viewport
    return item.instance_type in _ON_MESH and not shown


def _instances(depsgraph: bpy.types.Depsgraph, shown: set[bpy.types.Object]) -> list[Part]:
    parts: list[Part] = []
    corners = 0
    meshes: dict[int, bpy.types.Mesh] = {}  # what is repeated is one mesh, however often
    hidden: dict[bpy.types.Collection, set[bpy.types.Object]] = {}
    for instance in depsgraph.object_instances:
        source, parent = instance.object, instance.parent
        if not instance.is_instance or source is None or parent is None or parent.original not in shown:
            continue
        if source.type != "MESH" and source.type not in _BECOMES_MESH:
            continue
        if _is_its_own_mesh(instance):
            continue
        collection = parent.original.instance_collection
        if collection and source.original in hidden.setdefault(collection, hidden_in(collection)):
            continue
        key = source.data.as_pointer()
        if key not in meshes:
            meshes[key] = _repeated(source, parent, depsgraph)
        item = bpy.data.objects.new(source.name, meshes[key])
        for slot, shows in zip(item.material_slots, source.material_slots, strict=False):
            if shows.link == "OBJECT" and slot.material != shows.material:
                slot.link, slot.material = "OBJECT", shows.material and shows.material.original
        parts.append(Part(item, instance.matrix_world.copy(), parent.original))
        corners += len(meshes[key].loops)
        if len(parts) > MAX_INSTANCES or corners > 3 * MAX_TRIANGLES:
            raise UnsafeModel(f"The model repeats its parts more than {len(parts):,} times; that is not opened.")
    return parts


def _is_its_own_mesh(instance: bpy.types.DepsgraphObjectInstance) -> bool:
    """The faces of a curve or text are shown as an instance of itself, which until 4.2 no mesh can be made of."""
    source, parent = instance.object, instance.parent
    same = source.original == parent.original and parent.type in _BECOMES_MESH
    return same and instance.matrix_world == parent.matrix_world


def _repeated(source: bpy.types.Object, parent: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> bpy.types.Mesh:
    """The mesh of an object's instances: its own, unless modifiers make another of it."""
    original = source.original
    if original == parent.original and isinstance(source.data, bpy.types.Mesh):
        return source.data.copy()  # the object's own nodes show it again, beside or in place of what they make
    if isinstance(original.data, bpy.types.Mesh) and not any(entry.show_viewport for entry in original.modifiers):
        return original.data
    return _new_mesh(source, depsgraph)


def _new_mesh(evaluated: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> bpy.types.Mesh:
    return bpy.data.meshes.new_from_object(evaluated, preserve_all_data_layers=True, depsgraph=depsgraph)

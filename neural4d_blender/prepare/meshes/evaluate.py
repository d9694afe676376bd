"""Turns imported objects into plain meshes with a known place in the world. May import bpy and `engine`.

Instances become objects of their own, curves and texts become meshes, modifiers other than armatures are
applied. World matrices are kept beside the objects: a sheared one could not be written back to an object.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import bpy
from mathutils import Matrix

from ...engine.errors import UnsafeModel
from ...engine.files.gltf_check import MAX_TRIANGLES
from ..open_file import mesh_of, update

#: Instances made real; each costs an object of its own in the user's scene.
MAX_INSTANCES = 10_000
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


def parts_of(items: Iterable[bpy.types.Object]) -> list[Part]:
    """The mesh and armature parts that `items` show, at rest.

    Raises:
        UnsafeModel: instances multiply to absurd numbers.
    """
    shown = [item for item in items if not (item.hide_render and item.hide_viewport)]
    deforming = [modifier for item in shown for modifier in item.modifiers if modifier.type == "ARMATURE"]
    for modifier in deforming:
        modifier.show_viewport = False  # the shape at rest is what gets baked
    update()
    depsgraph = bpy.context.evaluated_depsgraph_get()
    parts = _instances(depsgraph, set(shown))
    for item in shown:
        world = item.matrix_world.copy()
        if item.type in _BECOMES_MESH:
            parts.append(Part(_mesh_object(item.evaluated_get(depsgraph), depsgraph), world, item.parent))
        elif item.type == "MESH":
            _apply_modifiers(item, depsgraph)
            parts.append(Part(item, world, item.parent))
        elif item.type == "ARMATURE":
            parts.append(Part(item, world, item.parent))
    for modifier in deforming:
        modifier.show_viewport = True
    return parts


def _instances(depsgraph: bpy.types.Depsgraph, shown: set[bpy.types.Object]) -> list[Part]:
    parts: list[Part] = []
    corners = 0
    for instance in depsgraph.object_instances:
        source, parent = instance.object, instance.parent
        if not instance.is_instance or source is None or parent is None or parent.original not in shown:
            continue
        if source.type != "MESH" and source.type not in _BECOMES_MESH:
            continue
        item = _mesh_object(source, depsgraph)
        parts.append(Part(item, instance.matrix_world.copy(), parent.original))
        corners += len(mesh_of(item).loops)
        if len(parts) > MAX_INSTANCES or corners > 3 * MAX_TRIANGLES:
            raise UnsafeModel(f"The model repeats its parts more than {len(parts):,} times; that is not opened.")
    return parts


def _mesh_object(evaluated: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> bpy.types.Object:
    mesh = bpy.data.meshes.new_from_object(evaluated, preserve_all_data_layers=True, depsgraph=depsgraph)
    return bpy.data.objects.new(evaluated.name, mesh)


def _apply_modifiers(item: bpy.types.Object, depsgraph: bpy.types.Depsgraph) -> None:
    others = [modifier for modifier in item.modifiers if modifier.type != "ARMATURE"]
    if any(modifier.show_viewport for modifier in others):
        evaluated = item.evaluated_get(depsgraph)
        item.data = bpy.data.meshes.new_from_object(evaluated, preserve_all_data_layers=True, depsgraph=depsgraph)
    for modifier in others:
        item.modifiers.remove(modifier)

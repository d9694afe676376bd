"""From whatever an importer left behind to the model alone: its meshes, and its armatures if it has any.

Cameras, lights, empties, helper collections and orphans go. May import bpy, numpy and `engine`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import bmesh
import bpy
import numpy as np

from ...engine.blenders.shader_lengths import scale_lengths
from ...engine.blenders.shared_names import datablock_name
from ...engine.errors import BrokenModel
from ...engine.model.quality.facts import Facts
from ..open_file import armature_of, corners_of, mesh_of, own, purge, scene
from . import apply_transforms, hierarchy
from .evaluate import Part, parts_of

#: A helper collection of the glTF importer, for the shapes of bones.
_HELPER_COLLECTION = "glTF_not_exported"
#: Attributes of a mesh whose absence means 0 or False.
_FLAGS = frozenset({"material_index", "sharp_edge", "sharp_face"})


@dataclass(frozen=True)
class Model:
    """The objects that make up the model, each with an identity transform and data of its own, or one of several that
    show the same mesh; where they stand in the world is their own transform, whatever they hang below.

    Attributes:
        meshes: all have faces.
        armatures: those that deform one of the meshes.
        center: where the file had what now is the origin: the centre of the model (x, y, z in metres).
        parents: what hangs below what, as far as the file has it so; an Empty where several things hang together.
        grown: how much the own coordinates of each grew when its transform was applied.
    """

    meshes: list[bpy.types.Object]
    armatures: list[bpy.types.Object]
    center: apply_transforms.Floats
    parents: dict[bpy.types.Object, bpy.types.Object] = field(default_factory=dict)
    grown: dict[bpy.types.Object, float] = field(default_factory=dict)

    @property
    def shapes(self) -> list[bpy.types.Object]:
        """What has a size."""
        return [*self.armatures, *self.meshes]

    @property
    def unique_meshes(self) -> list[bpy.types.Object]:
        """Of the objects that share a mesh one."""
        return list({item.data: item for item in reversed(self.meshes)}.values())[::-1]

    @property
    def groups(self) -> list[bpy.types.Object]:
        """The Empties."""
        return [item for item in dict.fromkeys(self.parents.values()) if item.data is None]

    @property
    def objects(self) -> list[bpy.types.Object]:
        return [*self.groups, *self.shapes]


def reduce_to_model(imported: Iterable[bpy.types.Object], warnings: list[str]) -> Model:
    """Bake and keep the meshes (and what deforms them) of the imported objects; remove everything else.

    Raises:
        BrokenModel: no faces are left, or vertices are not finite.
        UnsafeModel: instances multiply to absurd numbers.
    """
    helpers = _helper_objects()
    parts = parts_of((item for item in imported if item not in helpers), warnings)
    meshes = clean_meshes(parts, warnings)
    armatures = deforming(meshes)
    kept = {*meshes, *armatures}
    parts = [part for part in parts if part.item in kept]
    parents = hierarchy.parents_of(parts)
    center, grown = apply_transforms.bake_world(parts)
    model = Model(meshes, armatures, center, parents, grown)
    remove_all_but(model.objects)
    return model


def put_under_one_root(model: Model, name: str) -> bpy.types.Object:
    """The one object without a parent, called `name`: the mesh itself, or an Empty above several objects."""
    if len(model.objects) == 1:
        root = model.objects[0]
    else:
        call(model.objects, name)
        root = bpy.data.objects.new(name, None)
        sides = [np.ptp(apply_transforms.coordinates(mesh_of(item)), axis=0).max() for item in model.unique_meshes]
        root.empty_display_size = float(max(sides)) / 2
        scene().collection.objects.link(root)
        for item in model.objects:
            item.parent = parent = model.parents.get(item, root)
            item.matrix_parent_inverse = parent.matrix_basis.inverted()
            if item.data is None:
                item.empty_display_size = root.empty_display_size
    root.name = name
    call(item for item in model.objects if item != root)
    for item in [*model.armatures, *model.unique_meshes]:
        item.data.name = item.name
    return root


def call(items: Iterable[bpy.types.Object], unlike: str = "") -> None:
    """Names that every Blender keeps whole; the one that is `unlike` makes way, and so gets a number."""
    for item in items:
        name = datablock_name(item.name)
        if name == unlike:
            item.name = f"{name}.001"
        elif name != item.name:  # giving a name takes a look at all others
            item.name = name


def scale_materials(model: Model, factor: float) -> None:
    """Have all lengths in the materials follow the model, which grew in the world by `factor`."""
    grown: dict[bpy.types.Material, float] = {}
    for item in model.meshes:
        for slot in item.material_slots:
            if slot.material is not None:
                grown.setdefault(slot.material, factor * model.grown.get(item, 1.0))
    scale_lengths(grown, factor)


def count(model: Model) -> Facts:
    """How much the model holds; triangles as the faces would be split into."""
    meshes = [mesh_of(item) for item in model.meshes]
    faces = sum(len(mesh.polygons) for mesh in meshes)
    materials = {material for mesh in meshes for material in mesh.materials if material is not None}
    return {
        "triangles": sum(len(mesh.loops) for mesh in meshes) - 2 * faces,
        "faces": faces,
        "vertices": sum(len(mesh.vertices) for mesh in meshes),
        "objects": len(model.objects),
        "materials": len(materials),
    }


def _helper_objects() -> set[bpy.types.Object]:
    collections = [c for c in own("collections") if c.name.startswith(_HELPER_COLLECTION)]
    return {item for collection in collections for item in collection.all_objects}


def clean_meshes(parts: Iterable[Part], warnings: list[str]) -> list[bpy.types.Object]:
    """Those of the parts that have faces, repaired; raises BrokenModel where none has, or vertices are not finite."""
    meshes = [part.item for part in parts if part.item.type == "MESH" and len(mesh_of(part.item).polygons)]
    if not meshes:
        raise BrokenModel("The model was read, but it has no faces.")
    for mesh in {mesh_of(item) for item in meshes}:
        _clean_mesh(mesh, warnings)
    return meshes


def _clean_mesh(mesh: bpy.types.Mesh, warnings: list[str]) -> None:
    """Refuse vertices that are no numbers, repair faces that would crash Blender, drop what has no face."""
    if not np.isfinite(apply_transforms.coordinates(mesh)).all():
        raise BrokenModel("The model has vertices whose coordinates are not numbers.")
    if mesh.validate():
        warnings.append(f"The mesh {mesh.name!r} had invalid faces, which were repaired.")
    drop_loose(mesh)
    drop_defaults(mesh)


def drop_loose(mesh: bpy.types.Mesh) -> None:
    """Remove vertices and edges without a face."""
    used = [np.zeros(len(mesh.vertices), dtype=bool), np.zeros(len(mesh.edges), dtype=bool)]
    for name, which in zip(("vert", "edge"), used, strict=True):
        which[corners_of(mesh, name)] = True
    if all(which.all() for which in used):
        return
    editable = bmesh.new()
    editable.from_mesh(mesh)
    loose: list[bmesh.types.BMEdge] = [edge for edge in editable.edges if not edge.link_faces]
    bmesh.ops.delete(editable, geom=loose, context="EDGES")
    lone: list[bmesh.types.BMVert] = [vertex for vertex in editable.verts if not vertex.link_faces]
    bmesh.ops.delete(editable, geom=lone, context="VERTS")
    editable.to_mesh(mesh)
    editable.free()


def drop_defaults(mesh: bpy.types.Mesh) -> None:
    """Remove what says nothing (selections, flags that are set nowhere): a tenth of what is read when placing."""
    names = [attribute.name for attribute in mesh.attributes]
    for name in names:
        if name.startswith((".select", ".hide")) or (name in _FLAGS and _is_zero(mesh.attributes[name])):
            mesh.attributes.remove(mesh.attributes[name])


def _is_zero(attribute: bpy.types.Attribute) -> bool:
    if not isinstance(attribute, bpy.types.BoolAttribute | bpy.types.IntAttribute):
        return False
    values = np.empty(len(attribute.data), dtype=bool if attribute.data_type == "BOOLEAN" else np.int32)
    attribute.data.foreach_get("value", values)
    return not values.any()


def deforming(meshes: list[bpy.types.Object]) -> list[bpy.types.Object]:
    """The armature objects that bend meshes, or that one hangs on by a bone."""
    found: dict[bpy.types.Object, None] = {}  # a set that keeps its order
    for item in meshes:
        for modifier in item.modifiers:
            armature = armature_of(modifier)
            if armature is not None:
                found[armature] = None
        if item.parent is not None and item.parent_type == "BONE":
            found[item.parent] = None
    return list(found)


def remove_all_but(items: Iterable[bpy.types.Object]) -> None:
    """Leave the model's objects, linked to the scene once, and nothing that nobody uses."""
    kept = set(items)
    bpy.data.batch_remove([item for item in own("objects") if item not in kept])
    bpy.data.batch_remove(own("collections"))
    linked = set(scene().collection.objects)
    for item in kept:
        if item not in linked:
            scene().collection.objects.link(item)
        for flag in ("hide_viewport", "hide_render", "hide_select"):
            if getattr(item, flag):  # setting it takes a look at all others
                setattr(item, flag, False)
        if item.type == "ARMATURE":
            item.hide_set(False)
    purge()

"""One mesh of all parts, which keeps the textures, colours and shape keys of each. May import bpy and numpy."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np

from ..open_file import armature_of, copy_of, corners_of, mesh_of, update
from . import apply_transforms
from .extract_model import Model

Item = bpy.types.Object

#: The shown colours of a mesh of several parts: names and kinds may differ from part to part.
_COLOURS = "Color"


def join(model: Model, warnings: list[str]) -> Model:
    """One mesh of all; left as it is, with a warning, where its parts follow different rigs."""
    if len(model.meshes) > 1 and len(model.armatures) > 1:
        warnings.append(f"The model has {len(model.armatures)} rigs, so its parts were not joined.")
        return model
    apply_transforms.unshare(model.meshes)
    rigged = (item for item in model.meshes if any(armature_of(modifier) for modifier in item.modifiers))
    into = next(rigged, model.meshes[0])
    parent = model.parents.get(into)
    for group in model.groups:
        bpy.data.objects.remove(group)
    if len(model.meshes) > 1:
        meshes = [mesh_of(item) for item in model.meshes]
        _same_uv_maps(meshes)
        _same_colours(meshes)
        for item in model.meshes:
            _own_shape_keys(item, model.meshes)
        update()  # joining goes by where the parts are seen to stand
        parts = model.meshes
        with bpy.context.temp_override(
            object=into, active_object=into, selected_objects=parts, selected_editable_objects=parts
        ):
            bpy.ops.object.join()
        _show_colours(mesh_of(into))
    kept = {into: parent} if parent in model.armatures else {}
    return Model([into], model.armatures, model.center, kept, model.grown)


def whole(model: Model) -> bpy.types.Object:
    """A copy of the model as one mesh that stands where the model's origin is."""
    update()
    copies = []
    for item in model.meshes:
        copy: Any = copy_of(item)
        copy.parent = None
        copy.matrix_basis = item.matrix_world
        for modifier in list(copy.modifiers):
            copy.modifiers.remove(modifier)
        if copy.data.shape_keys:
            copy.shape_key_clear()
        if len(model.meshes) > 1 and copy.data.color_attributes:
            # Joining gives the colors other names, which materials that are the model's too must not follow.
            for index, material in enumerate(copy.data.materials):
                copy.data.materials[index] = material and material.copy()
        copies.append(copy)
    (made,) = join(Model(copies, [], model.center), []).meshes
    mesh_of(made).transform(made.matrix_basis)
    made.matrix_basis.identity()
    return made


def _same_uv_maps(meshes: list[bpy.types.Mesh]) -> None:
    """One name for the map that is shown: joining keeps maps apart whose names differ."""
    shown = [next((layer for layer in mesh.uv_layers if layer.active_render), None) for mesh in meshes]
    names = {layer.name for layer in shown if layer}
    if len(names) < 2:
        return
    for mesh, layer in zip(meshes, shown, strict=True):
        if layer is None:
            continue
        for material in mesh.materials:
            for node in material.node_tree.nodes if material and material.node_tree else ():
                if getattr(node, "uv_map", "") == layer.name:
                    setattr(node, "uv_map", "")  # noqa: B010 (empty means: the map that is shown)
        layer.name = "UVMap"


def _same_colours(meshes: list[bpy.types.Mesh]) -> None:
    """One name and kind for the colours that are shown; white where a part has none, which takes nothing away."""
    shown = [_shown_colours(mesh) for mesh in meshes]
    if not any(shown):
        return
    of_bytes = all(layer.data_type == "BYTE_COLOR" for layer in shown if layer)
    for mesh, layer in zip(meshes, shown, strict=True):
        colours = np.ones((len(mesh.loops), 4), dtype=np.float32)
        if layer is not None:
            values = np.empty((len(layer.data), 4), dtype=np.float32)
            layer.data.foreach_get("color", values.ravel())
            colours = values[corners_of(mesh, "vert")] if layer.domain == "POINT" else values
            _say_shown(mesh, layer.name, ("ShaderNodeVertexColor", "layer_name"), "")
            _say_shown(mesh, layer.name, ("ShaderNodeAttribute", "attribute_name"), _COLOURS)
            mesh.color_attributes.remove(layer)
        other: Any = mesh.attributes.get(_COLOURS)
        if other is not None:
            other.name = f"{_COLOURS} 2"
        made: Any = mesh.color_attributes.new(_COLOURS, "BYTE_COLOR" if of_bytes else "FLOAT_COLOR", "CORNER")
        made.data.foreach_set("color", colours.ravel())
        _show_colours(mesh)


def _shown_colours(mesh: bpy.types.Mesh) -> Any:
    layers = mesh.color_attributes
    return layers[layers.render_color_index] if 0 <= layers.render_color_index < len(layers) else None


def _show_colours(mesh: bpy.types.Mesh) -> None:
    index = mesh.color_attributes.find(_COLOURS)
    if index >= 0:
        mesh.color_attributes.active_color_index = mesh.color_attributes.render_color_index = index


def _say_shown(mesh: bpy.types.Mesh, name: str, where: tuple[str, str], instead: str) -> None:
    """In the nodes of a mesh's materials, another name for its shown colours."""
    for material in mesh.materials:
        for node in material.node_tree.nodes if material and material.node_tree else ():
            if node.bl_idname == where[0] and getattr(node, where[1]) == name:
                setattr(node, where[1], instead)


def _own_shape_keys(item: Item, items: list[Item]) -> None:
    """Joining makes one of shape keys of the same name: of those that are set differently, each gets its own."""
    keys = mesh_of(item).shape_keys
    if keys is None:
        return
    keys.key_blocks[0].name = "Basis"
    for block in keys.key_blocks[1:]:
        others = [mesh_of(other).shape_keys for other in items if other != item]
        values = {other.key_blocks[block.name].value for other in others if other and block.name in other.key_blocks}
        if values - {block.value}:
            block.name = f"{block.name} {item.name}"

"""Colours that a file has at its vertices instead of in materials: Blender shows them only by way of a material.

May import bpy.
"""

from __future__ import annotations

from typing import Any

import bpy

from ..open_file import mesh_of


def show(meshes: list[bpy.types.Object], name: str) -> None:
    """Give meshes that have colours and no material at all one that shows the colours."""
    bare = [mesh_of(item) for item in meshes]
    bare = [mesh for mesh in bare if mesh.color_attributes and not any(mesh.materials)]
    if not bare:
        return
    material = _material(name)
    for mesh in bare:
        mesh.materials.clear()
        mesh.materials.append(material)


def _material(name: str) -> bpy.types.Material:
    material = bpy.data.materials.new(name)
    if material.node_tree is None:  # from 5.0 on every material has nodes, and asking for them is deprecated
        material.use_nodes = True
    tree: Any = material.node_tree
    principled = next(node for node in tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled")
    principled.inputs["Roughness"].default_value = 1.0
    colours = tree.nodes.new("ShaderNodeVertexColor")  # without a name: the mesh's own active colours
    colours.location = principled.location.x - 250, principled.location.y
    tree.links.new(colours.outputs["Color"], principled.inputs["Base Color"])
    return material

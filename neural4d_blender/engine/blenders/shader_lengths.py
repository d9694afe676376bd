"""What in a shader is a length, or so much by length, and has to follow when a model gets another size.

For materials of Blender's, whose names stand here; bpy itself is not needed, so preparer and host share it.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Final

#: Of each kind of node the sockets, by identifier, and the power of a length that they are.
_LENGTHS: Final[Mapping[str, Mapping[str, int]]] = {
    "ShaderNodeAmbientOcclusion": {"Distance": 1},
    "ShaderNodeBevel": {"Radius": 1},
    "ShaderNodeBsdfPrincipled": {"Subsurface Scale": 1},
    "ShaderNodeBump": {"Distance": 1},
    "ShaderNodeDisplacement": {"Scale": 1},
    "ShaderNodeOutputMaterial": {"Thickness": 1},
    "ShaderNodeSubsurfaceScattering": {"Scale": 1},
    "ShaderNodeVectorDisplacement": {"Scale": 1},
    "ShaderNodeVolumeAbsorption": {"Density": -1},
    "ShaderNodeVolumeCoefficients": {
        "Absorption Coefficients": -1, "Scatter Coefficients": -1, "Emission Coefficients": -1,
    },
    "ShaderNodeVolumePrincipled": {"Density": -1, "Emission Strength": -1, "Blackbody Intensity": -1},
    "ShaderNodeVolumeScatter": {"Density": -1},
    "ShaderNodeWireframe": {"Size": 1},
}  # fmt: skip
#: The importer of glTF notes the thickness of a wall on a group of its own; nothing draws it, exporters read it.
_GLTF_GROUP: Final = "glTF Material Output"


def scale_lengths(materials: Mapping[Any, float], factor: float) -> None:
    """Scale all lengths of materials, those in their node groups once.

    Args:
        materials: of each material how much the mesh's own coordinates grew, which object space displaces by.
        factor: how much the model grew in the world.
    """
    seen: set[Any] = set()
    for material, own_factor in materials.items():
        waiting = [material.node_tree]
        while waiting:
            tree = waiting.pop()
            if tree is None or tree in seen:
                continue
            seen.add(tree)
            for node in list(tree.nodes):
                if node.bl_idname == "ShaderNodeGroup":
                    waiting.append(node.node_tree)
                _scale_node(tree, node, factor, own_factor)


def _scale_node(tree: Any, node: Any, factor: float, own_factor: float) -> None:
    lengths = _LENGTHS.get(node.bl_idname, {})
    if node.bl_idname == "ShaderNodeGroup" and node.node_tree and node.node_tree.name.startswith(_GLTF_GROUP):
        lengths = {socket.identifier: 1 for socket in node.inputs if socket.name == "Thickness"}
        factor = own_factor
    elif node.bl_idname == "ShaderNodeEmission" and _in_volume(node):
        lengths = {"Strength": -1}
    elif node.bl_idname.endswith("Displacement") and node.space == "OBJECT":
        factor = own_factor
    elif getattr(node, "use_pixel_size", False) or _is_off(node.inputs.get("Subsurface Weight")):
        lengths = {}
    for socket in node.inputs:
        if socket.identifier in lengths:
            _scale_socket(tree, socket, factor ** lengths[socket.identifier])


def _scale_socket(tree: Any, socket: Any, factor: float) -> None:
    if math.isclose(factor, 1.0, rel_tol=1e-6):
        return
    vector = socket.type == "VECTOR"
    if not socket.is_linked:
        value = socket.default_value
        if any(value) if vector else value:  # setting it takes a look at all materials
            socket.default_value = [number * factor for number in value] if vector else value * factor
        return
    scaling = tree.nodes.new("ShaderNodeVectorMath" if vector else "ShaderNodeMath")
    scaling.operation = "SCALE" if vector else "MULTIPLY"
    scaling.location = socket.node.location.x - 180, socket.node.location.y
    scaling.inputs["Scale" if vector else 1].default_value = factor
    tree.links.new(socket.links[0].from_socket, scaling.inputs[0])
    tree.links.new(scaling.outputs[0], socket)


def _is_off(socket: Any) -> bool:
    return socket is not None and not socket.is_linked and not socket.default_value


def _in_volume(node: Any) -> bool:
    return any(link.to_socket.identifier == "Volume" for output in node.outputs for link in output.links)

"""Takes images out of materials that are not there: what is left is the material's own colour. May import bpy.

A node without an image is black and transparent, one whose file is missing is magenta.
"""

from __future__ import annotations

from typing import Any

import bpy

#: Nodes that only change the look of the one colour that they get.
_PASS_ON = frozenset({
    "NodeReroute", "ShaderNodeBrightContrast", "ShaderNodeGamma", "ShaderNodeHueSaturation", "ShaderNodeInvert",
    "ShaderNodeRGBCurve", "ShaderNodeRGBToBW", "ShaderNodeValToRGB",
})  # fmt: skip


def take_out(tree: bpy.types.NodeTree, node: bpy.types.Node, *, white: bool) -> None:
    """Remove a node, and let each socket that it fed be as if the image had never been meant.

    Args:
        white: the material's own colour is a factor of the image (glTF), which is 1 where no node has it; otherwise it
            is what stands in the shader's socket.
    """
    for output in node.outputs:
        for link in list(output.links or ()):
            socket: Any = link.to_socket
            fed = link.to_node
            tree.links.remove(link)
            if fed is not None and fed.bl_idname in _PASS_ON:
                take_out(tree, fed, white=white)
            elif fed is not None:
                _be_own(fed, socket, white)
    tree.nodes.remove(node)


def _be_own(node: bpy.types.Node, socket: Any, white: bool) -> None:
    inputs: Any = node.inputs
    match node.bl_idname:
        case "ShaderNodeMixShader":  # what is seen through it would show alone
            if any(link.from_node.bl_idname == "ShaderNodeBsdfTransparent" for link in inputs[1].links):
                socket.default_value = 1.0
            elif any(link.from_node.bl_idname == "ShaderNodeBsdfTransparent" for link in inputs[2].links):
                socket.default_value = 0.0
        case "ShaderNodeDisplacement":
            inputs["Height"].default_value = inputs["Midlevel"].default_value
        case "ShaderNodeNormalMap":
            inputs["Color"].default_value = (0.5, 0.5, 1.0, 1.0)
        case "ShaderNodeBsdfPrincipled" if socket.name in ("Emission", "Emission Color"):
            inputs["Emission Strength"].default_value = 0.0  # it lit some places, not all of it
        case "ShaderNodeGroup":
            pass  # the group's own value
        case _ if any(output.type == "SHADER" for output in node.outputs):
            if white and socket.type == "RGBA":
                socket.default_value = (1.0, 1.0, 1.0, 1.0)
        case _ if socket.type == "RGBA":
            socket.default_value = (1.0, 1.0, 1.0, 1.0)
        case _ if socket.type == "VALUE":
            socket.default_value = 1.0

"""Which images a material shows, and where. May import bpy."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

from .shape import Shape

#: Inputs of the Principled BSDF.
CHANNELS = ("Base Color", "Metallic", "Roughness", "Normal", "Emission Color", "Alpha")


def largest(shape: Shape, channel: str) -> list[tuple[int, int]]:
    """Of each material the size of the largest image in a channel, in pixels; zeros where there is none."""
    return [_largest(material, channel) for material in shape.appearance.materials]


def _largest(material: bpy.types.Material | None, channel: str) -> tuple[int, int]:
    tree: Any = material.node_tree if material else None
    if tree is None:
        return 0, 0
    principled = [node for node in tree.nodes if node.bl_idname == "ShaderNodeBsdfPrincipled"]
    if principled:
        starts = [node.inputs[channel] for node in principled if channel in node.inputs]
    elif channel == "Base Color":  # unlit
        starts = [socket for node in tree.nodes if node.bl_idname == "ShaderNodeEmission" for socket in node.inputs]
    else:
        starts = []
    images = [node.image for start in starts for node in _before(start) if node.bl_idname == "ShaderNodeTexImage"]
    sizes = [(int(image.size[0]), int(image.size[1])) for image in images if image is not None]
    return max(sizes, key=lambda size: size[0] * size[1], default=(0, 0))


def _before(socket: Any) -> Iterator[Any]:
    """All nodes whose values come to an input."""
    waiting, seen = [socket], set()
    while waiting:
        for link in waiting.pop().links:
            node = link.from_node
            if node.name not in seen:
                seen.add(node.name)
                waiting += node.inputs
                yield node

"""Images and materials as a careful user would leave them: packed, named, in the right colour space.

May import bpy and `engine`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import bpy

from ..engine.names import datablock_name

#: Sockets of shaders that hold a colour as it is seen; every other socket takes plain numbers.
_COLOUR_SOCKETS = frozenset({
    "Base Color", "Color", "Coat Tint", "Emission", "Emission Color", "Sheen Tint", "Specular Color", "Specular Tint",
    "Subsurface Color",
})  # fmt: skip


def tidy(meshes: list[bpy.types.Object], name: str, folder: Path, warnings: list[str]) -> int:
    """Tidy the materials of the meshes and the images in them; returns the number of images.

    Images that lie outside `folder`, or cannot be read, are taken out of the materials with a warning.
    """
    materials = list({m: None for item in meshes for m in item.data.materials if m is not None})
    for material in materials:
        own = name if len(materials) == 1 else f"{name[:30]} {material.name}"
        material.name = datablock_name(own)
        material.asset_clear()
    used: set[bpy.types.Image] = set()
    for material in materials:
        for node in _image_nodes(material):
            if _pack(node.image, folder.resolve(), warnings):
                _set_colour_space(node)
                used.add(node.image)
            else:
                node.image = None
    bpy.data.orphans_purge(do_recursive=True)
    return len(used)


def _image_nodes(material: bpy.types.Material) -> Iterator[bpy.types.ShaderNodeTexImage]:
    if material.node_tree is not None:
        for node in material.node_tree.nodes:
            if node.bl_idname == "ShaderNodeTexImage" and node.image is not None:
                yield node


def _pack(image: bpy.types.Image, folder: Path, warnings: list[str]) -> bool:
    """Make the image part of the file; False where it has to be left out."""
    if image.packed_file is None and image.source == "FILE":
        path = Path(bpy.path.abspath(image.filepath_raw)).resolve()
        if not path.is_relative_to(folder):
            warnings.append(f"The image {image.name!r} lies outside the model's folder and was left out.")
            return False
        try:
            image.pack()
        except RuntimeError:
            warnings.append(f"The image {image.name!r} is missing or cannot be read; it was left out.")
            return False
    if image.packed_file is None:
        warnings.append(f"The image {image.name!r} has no data and was left out.")
        return False
    image.filepath_raw = f"//textures/{datablock_name(Path(image.filepath_raw or image.name).name)}"
    return True


def _set_colour_space(node: bpy.types.ShaderNodeTexImage) -> None:
    """Colours as sRGB, everything else as plain numbers, judged by the sockets the image ends up in."""
    sockets = set(_sockets_reached(node.outputs["Color"]))
    if not sockets or node.image.is_float:
        return
    wanted = "sRGB" if sockets & _COLOUR_SOCKETS else "Non-Color"
    if node.image.colorspace_settings.name != wanted:
        node.image.colorspace_settings.name = wanted


def _sockets_reached(output: bpy.types.NodeSocket) -> Iterator[str]:
    """Names of the shader sockets that an output ends up in, through any nodes on the way."""
    waiting, seen = [output], set()
    while waiting:
        for link in waiting.pop().links:
            node = link.to_node
            if any(socket.type == "SHADER" for socket in node.outputs):
                yield link.to_socket.name
            elif node.name not in seen:
                seen.add(node.name)
                waiting.extend(node.outputs)

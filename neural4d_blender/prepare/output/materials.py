"""Images and materials as a careful user would leave them: packed (or on disk), named, in the right colour space.

May import bpy and `engine`.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import bpy

from ...engine.blenders.shared_names import datablock_name
from ...engine.errors import PreparerFailed
from ..open_file import mesh_of, purge

#: Longest side of an image in pixels. Blender keeps it unpacked in memory: this one takes 1 GB.
MAX_IMAGE_SIDE = 16_384

#: Sockets of shaders that hold a colour as it is seen; every other socket takes plain numbers.
_COLOUR_SOCKETS = frozenset({
    "Base Color", "Color", "Coat Tint", "Emission", "Emission Color", "Sheen Tint", "Specular Color", "Specular Tint",
    "Subsurface Color",
})  # fmt: skip


def move_to_meshes(items: list[bpy.types.Object]) -> None:
    """A material may hang on the object instead of its mesh; by now every object has a mesh of its own.

    One that hangs on the object where no one sees it, as the mesh's own is shown, goes.
    """
    for item in items:
        for slot in item.material_slots:
            material = slot.material
            slot.link = "OBJECT"
            slot.material = None
            slot.link = "DATA"
            slot.material = material


def tidy(
    meshes: list[bpy.types.Object], name: str, folder: Path, texture_folder: Path | None, warnings: list[str]
) -> int:
    """Tidy the materials of the meshes and the images in them; returns the number of images.

    Images that lie outside `folder`, cannot be read or are absurdly large are taken out of the materials with
    a warning. The others are packed, or written to `texture_folder` where there is one.

    Raises:
        PreparerFailed: they cannot be written there.
    """
    slots = (material for item in meshes for material in mesh_of(item).materials)
    materials = list({material: None for material in slots if material is not None})
    verdicts: dict[bpy.types.Image, bool] = {}
    for material in materials:
        own = name if len(materials) == 1 else f"{name[:30]} {material.name}"
        material.name = datablock_name(own)
        _make_principled(material)
        for node in _texture_nodes(material):
            image = node.image
            if image is None:
                continue
            if image not in verdicts:
                verdicts[image] = _pack(image, name, folder.resolve(), warnings)
                if verdicts[image] and texture_folder:
                    _write(image, texture_folder)
            if verdicts[image]:
                _set_colour_space(image, node)
            else:
                node.image = None
    purge()
    return sum(verdicts.values())


def _make_principled(material: bpy.types.Material) -> None:
    """A Principled BSDF of the same colour where there is none behind the surface (unlit models, old .blend files)."""
    tree = material.node_tree
    output = tree.get_output_node("ALL") if tree else None
    if tree is None or output is None:
        return
    shaders = list(_behind(output.inputs["Surface"]))
    if any(shader.bl_idname in ("ShaderNodeBsdfPrincipled", "ShaderNodeGroup") for shader in shaders):
        return
    principled: Any = tree.nodes.new("ShaderNodeBsdfPrincipled")
    principled.location = output.location.x - 300, output.location.y
    principled.inputs["Roughness"].default_value = 1.0
    coloured = [shader.inputs["Color"] for shader in shaders if "Color" in shader.inputs]
    coloured.sort(key=lambda socket: not socket.is_linked)  # a picture says more than a plain colour
    for socket in coloured[:1]:
        colour: Any = socket
        if colour.is_linked:
            tree.links.new(colour.links[0].from_socket, principled.inputs["Base Color"])
        else:
            principled.inputs["Base Color"].default_value = colour.default_value[:]
    tree.links.new(principled.outputs["BSDF"], output.inputs["Surface"])
    for shader in shaders:
        tree.nodes.remove(shader)
    for node in [node for node in tree.nodes if node.outputs and not any(entry.is_linked for entry in node.outputs)]:
        tree.nodes.remove(node)


def _behind(socket: bpy.types.NodeSocket) -> Iterator[bpy.types.Node]:
    """The shaders whose light reaches a socket, once each."""
    waiting, seen = [socket], set()
    while waiting:
        for link in waiting.pop().links or ():
            node = link.from_node
            if node is not None and node not in seen:
                seen.add(node)
                yield node
                waiting += [entry for entry in node.inputs if entry.type == "SHADER"]


def _texture_nodes(material: bpy.types.Material) -> Iterator[bpy.types.ShaderNodeTexImage]:
    """The image textures of a material, those inside its groups included."""
    waiting = [material.node_tree] if material.node_tree else []
    seen: set[bpy.types.NodeTree] = set()
    while waiting:
        tree = waiting.pop()
        if tree in seen:
            continue
        seen.add(tree)
        for node in tree.nodes:
            if isinstance(node, bpy.types.ShaderNodeTexImage):
                yield node
            elif isinstance(node, bpy.types.ShaderNodeGroup) and node.node_tree is not None:
                waiting.append(node.node_tree)


def _pack(image: bpy.types.Image, name: str, folder: Path, warnings: list[str]) -> bool:
    """Make the image part of the file; False where it has to be left out.

    Its pixels are decoded here, so that a file that crashes a decoder does so in this process.
    """
    told = f"The image {image.name!r}"
    path = Path(bpy.path.abspath(image.filepath_raw))
    if image.packed_file is None and not (image.source == "FILE" and path.resolve().is_relative_to(folder)):
        warnings.append(f"{told} lies outside the model's folder and was left out.")
        return False
    width, height = image.size
    if not width or not height:
        warnings.append(f"{told} is missing or cannot be read; it was left out.")
        return False
    if max(width, height) > MAX_IMAGE_SIDE:
        warnings.append(f"{told} measures {width} x {height} pixels and was left out.")
        return False
    if image.packed_file is None:
        image.pack()
    ending = path.suffix or f".{image.file_format.lower()}"
    image.name = datablock_name(f"{name[:40]} {image.name.removesuffix(ending)}")
    image.filepath_raw = f"//textures/{bpy.path.clean_name(image.name)}{ending}"
    return True


def _write(image: bpy.types.Image, folder: Path) -> None:
    """From packed to a file of its own, byte for byte; a file that is there already is never overwritten."""
    packed: Any = image.packed_file  # the stubs take its bytes for a text
    name = Path(image.filepath_raw.removeprefix("//")).name
    wanted = folder / name
    try:
        folder.mkdir(parents=True, exist_ok=True)
        number = 0
        while True:
            try:
                with wanted.open("xb") as file:
                    file.write(packed.data)
                break
            except FileExistsError:
                number += 1
                wanted = folder / f"{Path(name).stem}.{number:03}{Path(name).suffix}"
    except OSError as error:
        raise PreparerFailed(
            f"The model's images cannot be written to {folder}: {error.strerror or error}.",
            "Make room there, or have the images packed; then press Retry.",
        ) from error
    image.filepath_raw = str(wanted)
    image.unpack(method="REMOVE")


def _set_colour_space(image: bpy.types.Image, node: bpy.types.ShaderNodeTexImage) -> None:
    """Colours as sRGB, everything else as plain numbers, judged by the sockets the image ends up in."""
    sockets = set(_sockets_reached(node))
    settings = image.colorspace_settings
    if not sockets or image.is_float or settings is None:
        return
    wanted = "sRGB" if sockets & _COLOUR_SOCKETS else "Non-Color"
    if settings.name != wanted:
        settings.name = wanted  # type: ignore[assignment]  # the stubs know only the names of no configuration


def _sockets_reached(texture: bpy.types.ShaderNodeTexImage) -> Iterator[str]:
    """Names of the shader sockets that an image ends up in, through any nodes on the way."""
    waiting: list[bpy.types.NodeSocket] = list(texture.outputs or ())
    seen: set[str] = set()
    while waiting:
        for link in waiting.pop().links or ():
            node, socket = link.to_node, link.to_socket
            if node is None or socket is None:
                continue
            if any(other.type == "SHADER" for other in node.outputs):
                yield socket.name
            elif node.name not in seen:
                seen.add(node.name)
                waiting.extend(node.outputs)

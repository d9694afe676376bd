"""Images and materials as a careful user would leave them: packed (or on disk), named, in the right colour space.

May import bpy and `engine`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

from ...engine.blenders.shared_names import KIT, datablock_name
from ..importing.external_files.named_files import NamedFiles
from ..open_file import mesh_of, purge
from . import image_files, image_uses, lost_images


def move_to_meshes(items: list[bpy.types.Object], job_format: str) -> None:
    """A material may hang on the object instead of its mesh; by now objects share a mesh only where they show the same.

    One that hangs on the object where no one sees it, as the mesh's own is shown, goes; only a .blend has such.
    """
    for item in items:
        for slot in item.material_slots:
            if slot.link == "DATA" and job_format != "BLEND":
                continue  # looking takes a look at all other objects
            material = slot.material
            slot.link = "OBJECT"
            slot.material = None
            slot.link = "DATA"
            slot.material = material


def tidy(
    meshes: list[bpy.types.Object], name: str, files: NamedFiles, job_format: str, texture_folder: Path | None,
    warnings: list[str],
) -> int:  # fmt: skip
    """Tidy the materials of the meshes and the images in them; returns the number of images.

    Images that are not among `files`, cannot be read or are absurdly large are taken out of the materials with
    a warning. The others are packed, or written to `texture_folder` where there is one. The nodes stay as they
    are: what is unlit, baked or seen through keeps its look.

    Raises:
        PreparerFailed: they cannot be written there.
    """
    slots = (material for item in meshes for material in mesh_of(item).materials)
    materials = list({material: None for material in slots if material is not None})
    for material in materials:
        own = name if len(materials) == 1 else f"{name[:30]} {material.name}"
        material.name = datablock_name(own)
        _make_principled(material)
    trees = image_uses.trees_of(materials)
    verdicts: dict[bpy.types.Image | None, bool] = {None: False}
    for tree, node in list(image_uses.image_nodes(trees)):
        image = node.image
        if not any(output.is_linked for output in node.outputs):
            tree.nodes.remove(node)
            continue
        if image is not None and image not in verdicts:
            verdicts[image] = image_files.pack(image, name, files, warnings)
            if verdicts[image] and texture_folder:
                image_files.write(image, texture_folder)
        if not verdicts[image]:
            lost_images.take_out(tree, node, white=job_format in ("GLB", KIT))
    image_uses.set_colour_spaces(trees)
    purge()
    return len({node.image for _, node in image_uses.image_nodes(trees)} - {None})


def _make_principled(material: bpy.types.Material) -> None:
    """A Principled BSDF in place of the plain Diffuse BSDF of old .blend files, which looks the same."""
    tree = material.node_tree
    output = tree.get_output_node("ALL") if tree else None
    links: Any = output.inputs["Surface"].links if output else ()
    old: Any = links[0].from_node if links else None
    if tree is None or old is None or old.bl_idname != "ShaderNodeBsdfDiffuse":
        return
    new: Any = tree.nodes.new("ShaderNodeBsdfPrincipled")
    new.location = old.location
    new.inputs["Roughness"].default_value, new.inputs["Specular IOR Level"].default_value = 1.0, 0.0
    for entry, socket in (("Color", "Base Color"), ("Normal", "Normal")):
        new.inputs[socket].default_value = old.inputs[entry].default_value
        for link in old.inputs[entry].links:
            tree.links.new(link.from_socket, new.inputs[socket])
    for link in list(old.outputs["BSDF"].links):
        tree.links.new(new.outputs["BSDF"], link.to_socket)
    tree.nodes.remove(old)

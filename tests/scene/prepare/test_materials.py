"""A material looks as Blender's own import has it, with its alpha; images are in the colour space of their use."""

from __future__ import annotations

import zlib
from pathlib import Path
from typing import Any

import bpy
import pytest

from tests.support import looks, sample_models

TEXTURE = {"baseColorTexture": {"index": 0}, "metallicFactor": 0}
UNLIT: dict[str, Any] = {"extensions": {"KHR_materials_unlit": {}}}


@pytest.mark.parametrize(
    ("described", "coloured"),
    [
        ({"pbrMetallicRoughness": TEXTURE, **UNLIT}, False),
        ({"pbrMetallicRoughness": TEXTURE, "alphaMode": "MASK", "alphaCutoff": 0.3, **UNLIT}, False),
        ({"pbrMetallicRoughness": TEXTURE, "alphaMode": "BLEND", **UNLIT}, False),
        ({"pbrMetallicRoughness": {"baseColorFactor": [1, 0.2, 0.2, 0.25]}, "alphaMode": "BLEND", **UNLIT}, False),
        ({"pbrMetallicRoughness": TEXTURE | {"baseColorFactor": [1, 0.5, 0.2, 0.5]}, **UNLIT}, True),
        (UNLIT, True),
        ({"pbrMetallicRoughness": TEXTURE, "alphaMode": "MASK"}, True),
    ],
    ids=["unlit", "mask", "blend", "factor", "factor and vertex colours", "vertex colours", "lit"],
)
def test_the_nodes_are_those_of_blenders_own_import(tmp_path: Path, described: dict[str, Any], coloured: bool) -> None:
    colours = {"COLOR_0": 3} if coloured else {}
    source = looks.textured_glb(tmp_path / "model.glb", [described], **colours)
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.import_scene.gltf(filepath=str(source))
    (plain,) = bpy.data.materials
    expected = (looks.links(plain.node_tree), looks.values(plain.node_tree), how_it_blends(plain))
    layers = [layer.name for layer in bpy.data.meshes[0].color_attributes]

    facts = looks.prepare(source, "GLB", tmp_path / "out.blend", joined=True)
    (material,) = bpy.data.materials
    assert (looks.links(material.node_tree), looks.values(material.node_tree), how_it_blends(material)) == expected
    assert [layer.name for layer in bpy.data.meshes[0].color_attributes] == layers
    assert facts["warnings"] == []


def how_it_blends(material: bpy.types.Material) -> tuple[Any, ...]:
    return material.surface_render_method, material.use_backface_culling, material.alpha_threshold


def test_light_baked_into_a_blend_stays(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    """An emission that is mixed with transparent by the alpha of its picture."""
    sample_models.single()
    (tmp_path / "tex.png").write_bytes(looks.png())
    material = sample_models.paint(bpy.data.objects["Wedge"], bpy.data.images.load(str(tmp_path / "tex.png")))
    nodes, links = material.node_tree.nodes, material.node_tree.links
    nodes.remove(nodes["Principled BSDF"])
    mix, glow, clear = (nodes.new(f"ShaderNode{kind}") for kind in ("MixShader", "Emission", "BsdfTransparent"))
    links.new(nodes["Image Texture"].outputs["Color"], glow.inputs["Color"])
    links.new(nodes["Image Texture"].outputs["Alpha"], mix.inputs[0])
    links.new(clear.outputs[0], mix.inputs[1])
    links.new(glow.outputs[0], mix.inputs[2])
    links.new(mix.outputs[0], nodes["Material Output"].inputs["Surface"])
    expected = looks.links(material.node_tree)
    source = sample_models.export("BLEND", tmp_path)
    looks.prepare(source, "BLEND", tmp_path / "out.blend")
    (material,) = bpy.data.materials
    assert looks.links(material.node_tree) == expected

    (tmp_path / "tex.png").unlink()
    facts = looks.prepare(source, "BLEND", tmp_path / "out.blend")
    assert "missing" in facts["warnings"][0]
    mix = looks.node_of(bpy.data.materials[0].node_tree, "MixShader")
    assert mix.inputs[0].default_value == 1.0  # the emission, nothing that shines through


#: What glTF has for an image: the socket that it ends in, and whether it shows a colour there.
USES = {
    "base": ({"pbrMetallicRoughness": {"baseColorTexture": {"index": 0}}}, True),
    "roughness": ({"pbrMetallicRoughness": {"metallicRoughnessTexture": {"index": 0}}}, False),
    "normal": ({"normalTexture": {"index": 0}}, False),
    "emissive": ({"emissiveFactor": [1, 1, 1], "emissiveTexture": {"index": 0}}, True),
    "sheen": (
        {"extensions": {"KHR_materials_sheen": {
            "sheenColorFactor": [1, 1, 1], "sheenColorTexture": {"index": 0},
            "sheenRoughnessFactor": 1, "sheenRoughnessTexture": {"index": 0},
        }}}, True,
    ),
    "specular": (
        {"extensions": {"KHR_materials_specular": {
            "specularTexture": {"index": 0}, "specularColorTexture": {"index": 0},
        }}}, True,
    ),
    "clearcoat": ({"extensions": {"KHR_materials_clearcoat": {
        "clearcoatFactor": 1, "clearcoatTexture": {"index": 0},
    }}}, False),
}  # fmt: skip


@pytest.mark.parametrize(
    "used", [*((use,) for use in USES), ("base", "roughness"), ("roughness", "base"), ("normal", "emissive", "base")]
)
def test_one_image_in_the_colour_space_of_each_use(tmp_path: Path, used: tuple[str, ...]) -> None:
    source = looks.textured_glb(tmp_path / "model.glb", [USES[use][0] for use in used])
    facts = looks.prepare(source, "GLB", tmp_path / "out.blend")
    spaces = {"sRGB" if USES[use][1] else "Non-Color" for use in used}
    assert {image.colorspace_settings.name for image in bpy.data.images} == spaces
    assert facts["images"] == len(bpy.data.images) == len(spaces)
    for material in bpy.data.materials:
        for node in material.node_tree.nodes:
            if node.bl_idname == "ShaderNodeTexImage" and (reached := first_socket(node)):
                is_colour = reached in ("Base Color", "Emission Color", "Sheen Tint", "Specular Tint")
                assert (node.image.colorspace_settings.name == "sRGB") == is_colour, reached


def first_socket(node: bpy.types.Node) -> str:
    while node.outputs[0].links and node.bl_idname != "ShaderNodeBsdfPrincipled":
        link = node.outputs[0].links[0]
        node, name = link.to_node, link.to_socket.name
    return name if node.bl_idname == "ShaderNodeBsdfPrincipled" else ""


def test_one_node_of_two_uses_becomes_two(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.single()
    (tmp_path / "tex.png").write_bytes(looks.png())
    material = sample_models.paint(bpy.data.objects["Wedge"], bpy.data.images.load(str(tmp_path / "tex.png")))
    tree = material.node_tree
    old, shader = looks.node_of(tree, "TexImage"), tree.nodes["Principled BSDF"]
    old.interpolation, old.extension = "Closest", "CLIP"
    mapping = tree.nodes.new("ShaderNodeMapping")
    tree.links.new(mapping.outputs["Vector"], old.inputs["Vector"])
    tree.links.new(old.outputs["Color"], shader.inputs["Roughness"])
    looks.prepare(sample_models.export("BLEND", tmp_path), "BLEND", tmp_path / "out.blend")
    tree = bpy.data.materials[0].node_tree
    shader = tree.nodes["Principled BSDF"]
    for socket, space in (("Base Color", "sRGB"), ("Roughness", "Non-Color")):
        node = shader.inputs[socket].links[0].from_node
        assert (node.image.colorspace_settings.name, node.interpolation, node.extension) == (space, "Closest", "CLIP")
        assert node.inputs["Vector"].links[0].from_node.bl_idname == "ShaderNodeMapping"
        assert zlib.crc32(node.image.packed_file.data) == zlib.crc32(looks.png())


def group(name: str, *sockets: tuple[str, str]) -> bpy.types.NodeTree:
    made = bpy.data.node_groups.new(name, "ShaderNodeTree")
    for socket, direction in sockets:
        made.interface.new_socket(socket, in_out=direction, socket_type="NodeSocketColor")
    for end, wanted in (("NodeGroupInput", "INPUT"), ("NodeGroupOutput", "OUTPUT")):
        if any(direction == wanted for _, direction in sockets):
            made.nodes.new(end)
    return made


def test_colour_spaces_by_use_through_groups(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    """Out of a group, into one that holds the shader, and through one that is there for colour and for numbers."""
    sample_models.single()
    images = []
    for name in ("inner", "colour", "bumps", "mask"):
        (tmp_path / f"{name}.png").write_bytes(looks.png())
        images.append(bpy.data.images.load(str(tmp_path / f"{name}.png")))
    inner, colour, bumps, mask = images
    colour.colorspace_settings.name = "Non-Color"
    source = group("Source", ("Out", "OUTPUT"))
    node = source.nodes.new("ShaderNodeTexImage")
    node.image = inner
    source.links.new(node.outputs["Color"], source.nodes["Group Output"].inputs[0])
    through = group("Through", ("In", "INPUT"), ("Out", "OUTPUT"))
    through.links.new(through.nodes["Group Input"].outputs[0], through.nodes["Group Output"].inputs[0])
    whole = group("Whole", ("Paint", "INPUT"), ("Height", "INPUT"), ("Shader", "OUTPUT"))
    shader = whole.nodes.new("ShaderNodeBsdfPrincipled")
    start = whole.nodes["Group Input"]
    whole.links.new(start.outputs["Paint"], shader.inputs["Base Color"])
    bump = whole.nodes.new("ShaderNodeBump")
    whole.links.new(start.outputs["Height"], bump.inputs["Height"])
    whole.links.new(bump.outputs["Normal"], shader.inputs["Normal"])
    whole.links.new(shader.outputs[0], whole.nodes["Group Output"].inputs[0])

    material = sample_models.paint(bpy.data.objects["Wedge"], colour)
    tree = material.node_tree
    principled, paint = tree.nodes["Principled BSDF"], looks.node_of(tree, "TexImage")
    uses = {}
    for name, inside in (("source", source), ("first", through), ("second", through), ("whole", whole)):
        uses[name] = tree.nodes.new("ShaderNodeGroup")
        uses[name].node_tree = inside
    heights, masks = (tree.nodes.new("ShaderNodeTexImage") for _ in range(2))
    heights.image, masks.image = bumps, mask
    mix = tree.nodes.new("ShaderNodeMixRGB")
    add = tree.nodes.new("ShaderNodeAddShader")
    connect = tree.links.new
    connect(uses["source"].outputs[0], principled.inputs["Roughness"])
    connect(paint.outputs["Color"], uses["first"].inputs[0])
    connect(uses["first"].outputs[0], mix.inputs[1])
    connect(masks.outputs["Color"], mix.inputs[0])
    connect(mix.outputs[0], uses["whole"].inputs["Paint"])
    connect(heights.outputs["Color"], uses["second"].inputs[0])
    connect(uses["second"].outputs[0], uses["whole"].inputs["Height"])
    connect(principled.outputs[0], add.inputs[0])
    connect(uses["whole"].outputs[0], add.inputs[1])
    connect(add.outputs[0], tree.nodes["Material Output"].inputs["Surface"])
    tree.links.remove(principled.inputs["Base Color"].links[0])
    facts = looks.prepare(sample_models.export("BLEND", tmp_path), "BLEND", tmp_path / "out.blend")
    spaces = {image.name.removeprefix("bird "): image.colorspace_settings.name for image in bpy.data.images}
    assert spaces == {"inner": "Non-Color", "colour": "sRGB", "bumps": "Non-Color", "mask": "sRGB"}  # the maker's own
    assert facts["warnings"] == []

"""Whatever has a length follows the model's size: volumes, light below the surface, bumps, rigs, shape keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest

from neural4d_blender.prepare import main
from neural4d_blender.scene.placing import placement
from tests.support import sample_models

#: Of nodes a socket and the power of the model's growth that it follows by; only object space knows of the object's.
SOCKETS = [
    ("ShaderNodeVolumeAbsorption", "Density", -1),
    ("ShaderNodeVolumeScatter", "Density", -1),
    ("ShaderNodeVolumePrincipled", "Density", -1),
    ("ShaderNodeVolumePrincipled", "Emission Strength", -1),
    ("ShaderNodeSubsurfaceScattering", "Scale", 1),
    ("ShaderNodeBsdfPrincipled", "Subsurface Scale", 1),
    ("ShaderNodeBump", "Distance", 1),
    ("ShaderNodeBevel", "Radius", 1),
    ("ShaderNodeAmbientOcclusion", "Distance", 1),
    ("ShaderNodeWireframe", "Size", 1),
]
GROWTH = 0.25  # the wedge is 4 m tall, counted with its object's scale of 2


def prepare(source: Path, **wanted: Any) -> dict[str, Any]:
    values = {"source": source, "format": "BLEND", "output": source.parent / "out.blend", "name": "bird"}
    return main.prepare(main.PrepareJob.from_json(values | {"size_mm": 1000, "axis": "Z"} | wanted))


@pytest.fixture
def tree(empty_file: bpy.types.Scene) -> Any:
    """The nodes of a material on a cube of 4 m whose object has a scale of 2."""
    bpy.ops.mesh.primitive_cube_add()
    item = bpy.context.object
    item.scale = (2, 2, 2)
    material = bpy.data.materials.new("Skin")
    material.use_nodes = True
    item.data.materials.append(material)
    material.node_tree.nodes["Principled BSDF"].inputs["Subsurface Weight"].default_value = 0.5
    return material.node_tree


def node_of(kind: str) -> Any:
    return next(node for node in bpy.data.materials[0].node_tree.nodes if node.bl_idname == kind)


def behind(socket: Any) -> float:
    """What reaches a socket: its own value, or that of a Value node times what stands in between."""
    if not socket.is_linked:
        return float(socket.default_value)
    node = socket.links[0].from_node
    if node.bl_idname == "ShaderNodeValue":
        return float(node.outputs[0].default_value)
    assert node.operation == "MULTIPLY"
    return behind(node.inputs[0]) * float(node.inputs[1].default_value)


@pytest.mark.parametrize("linked", [False, True], ids=["value", "linked"])
def test_lengths_in_materials(tree: Any, tmp_path: Path, linked: bool) -> None:
    nodes = {kind: tree.nodes.get("Principled BSDF") for kind, _, _ in SOCKETS if kind.endswith("BsdfPrincipled")}
    for number, (kind, socket, _) in enumerate(SOCKETS):
        node = nodes.setdefault(kind, None) or tree.nodes.new(kind)
        nodes[kind] = node
        if linked:
            value = tree.nodes.new("ShaderNodeValue")
            value.outputs[0].default_value = number + 1
            tree.links.new(value.outputs[0], node.inputs[socket])
        else:
            node.inputs[socket].default_value = number + 1
    tree.links.new(nodes["ShaderNodeVolumePrincipled"].outputs[0], tree.nodes["Material Output"].inputs["Volume"])
    facts = prepare(sample_models.export("BLEND", tmp_path))
    assert facts["scale"] == pytest.approx(GROWTH)
    for number, (kind, socket, power) in enumerate(SOCKETS):
        assert behind(node_of(kind).inputs[socket]) == pytest.approx((number + 1) * GROWTH**power), (kind, socket)
    # In a scene of other units they follow as well.
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    scene.unit_settings.scale_length = 0.001
    placement.place(tmp_path / "out.blend", name="bird", location=(0, 0, 0), collection=scene.collection, scene=scene)
    for number, (kind, socket, power) in enumerate(SOCKETS):
        expected = (number + 1) * (GROWTH * 1000) ** power
        assert behind(node_of(kind).inputs[socket]) == pytest.approx(expected), (kind, socket)


@pytest.mark.parametrize(("space", "growth"), [("OBJECT", 2 * GROWTH), ("WORLD", GROWTH)])
def test_displacement(tree: Any, tmp_path: Path, space: str, growth: float) -> None:
    """In object space the object's scale counts too, which stands in the mesh now."""
    node = tree.nodes.new("ShaderNodeDisplacement")
    node.space, node.inputs["Scale"].default_value = space, 0.3
    tree.links.new(node.outputs[0], tree.nodes["Material Output"].inputs["Displacement"])
    prepare(sample_models.export("BLEND", tmp_path))
    assert node_of("ShaderNodeDisplacement").inputs["Scale"].default_value == pytest.approx(0.3 * growth)


def test_inside_a_group_once(tree: Any, tmp_path: Path) -> None:
    group = bpy.data.node_groups.new("Bumps", "ShaderNodeTree")
    group.nodes.new("ShaderNodeBump").inputs["Distance"].default_value = 0.5
    for _ in range(2):
        tree.nodes.new("ShaderNodeGroup").node_tree = group
    other = bpy.data.materials.new("Other")
    other.use_nodes = True
    other.node_tree.nodes.new("ShaderNodeGroup").node_tree = group
    bpy.context.object.data.materials.append(other)
    prepare(sample_models.export("BLEND", tmp_path))
    (group,) = bpy.data.node_groups
    assert group.nodes["Bump"].inputs["Distance"].default_value == pytest.approx(0.5 * GROWTH)


def test_without_a_size_nothing_changes(tree: Any, tmp_path: Path) -> None:
    tree.nodes.new("ShaderNodeBump").inputs["Distance"].default_value = 0.5
    prepare(sample_models.export("BLEND", tmp_path), size_mm=None)
    assert node_of("ShaderNodeBump").inputs["Distance"].default_value == pytest.approx(0.5)


def test_rigs_and_shape_keys(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    sample_models.rigged()
    skin, rig = bpy.data.objects["Skin"], bpy.data.objects["Rig"]
    for name in ("Basis", "Longer"):
        skin.shape_key_add(name=name).value = 0
    for point in skin.data.shape_keys.key_blocks["Longer"].data:
        point.co.x *= 2
    width = max(vertex.co.x for vertex in skin.data.vertices) - min(vertex.co.x for vertex in skin.data.vertices)
    ratio = rig.data.bones["High"].length / width
    envelope = rig.data.bones["High"].envelope_distance / width
    prepare(sample_models.export("BLEND", tmp_path), size_mm=333)
    (mesh,), (armature,) = bpy.data.meshes, bpy.data.armatures
    xs = [vertex.co.x for vertex in mesh.vertices]
    assert armature.bones["High"].length / (max(xs) - min(xs)) == pytest.approx(ratio, rel=1e-4)
    assert armature.bones["High"].envelope_distance / (max(xs) - min(xs)) == pytest.approx(envelope, rel=1e-4)
    longer = [point.co.x for point in mesh.shape_keys.key_blocks["Longer"].data]
    assert max(longer) - min(longer) == pytest.approx(2 * (max(xs) - min(xs)), rel=1e-4)

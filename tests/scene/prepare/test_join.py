"""One mesh of several keeps what each of them had: colours, whatever they were called, and shape keys."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from neural4d_blender.prepare import main
from tests.support import sample_models

RED, BLUE, WHITE = (1, 0, 0, 1), (0, 0, 1, 1), (1, 1, 1, 1)


def prepare(source: Path, **wanted: Any) -> dict[str, Any]:
    values = {"source": source, "format": "BLEND", "output": source.parent / "out.blend", "name": "bird"}
    return main.prepare(main.PrepareJob.from_json(values | {"size_mm": 120, "joined": True} | wanted))


def cube(x: float, colour: tuple[float, ...] | None = None, *layer: str) -> bpy.types.Object:
    bpy.ops.mesh.primitive_cube_add(location=(x, 0, 0))
    item: bpy.types.Object = bpy.context.object
    if colour:
        name, kind, domain = layer
        colours = item.data.color_attributes.new(name, kind, domain)
        colours.data.foreach_set("color", list(colour) * len(colours.data))
    return item


def shown_at(x: float) -> tuple[float, ...]:
    """The colour that is shown on the faces about a place along X, which is counted from 0 to 1."""
    (mesh,) = bpy.data.meshes
    colours = mesh.color_attributes[mesh.color_attributes.render_color_index]
    assert colours == mesh.color_attributes.active_color
    found = set()
    for loop in mesh.loops:
        if abs(mesh.vertices[loop.vertex_index].co.x / 0.12 + 0.5 - x) < 0.2:
            where = loop.index if colours.domain == "CORNER" else loop.vertex_index
            found.add(tuple(round(value, 2) for value in colours.data[where].color))
    (colour,) = found
    return colour


LAYERS = [("Color", "BYTE_COLOR", "CORNER"), ("Col", "FLOAT_COLOR", "POINT"), ("Color", "FLOAT_COLOR", "POINT")]


@pytest.mark.parametrize("first", LAYERS, ids=" ".join)
@pytest.mark.parametrize("second", LAYERS, ids=" ".join)
def test_colours_are_joined(
    empty_file: bpy.types.Scene, tmp_path: Path, first: tuple[str, ...], second: tuple[str, ...]
) -> None:
    cube(0, RED, *first)
    cube(6)
    cube(12, BLUE, *second)
    prepare(sample_models.export("BLEND", tmp_path))
    assert [shown_at(x) for x in (0, 0.5, 1)] == [RED, WHITE, BLUE]


@pytest.mark.parametrize("node", [("ShaderNodeVertexColor", "layer_name"), ("ShaderNodeAttribute", "attribute_name")])
def test_materials_find_the_colours(empty_file: bpy.types.Scene, tmp_path: Path, node: tuple[str, str]) -> None:
    kind, attribute = node
    for x, layer in ((0, LAYERS[1]), (6, ("Other", "BYTE_COLOR", "CORNER"))):
        item = cube(x, RED, *layer)
        material = bpy.data.materials.new(layer[0])
        material.use_nodes = True
        tree = material.node_tree
        colours = tree.nodes.new(kind)
        setattr(colours, attribute, layer[0])
        tree.links.new(colours.outputs["Color"], tree.nodes["Principled BSDF"].inputs["Base Color"])
        item.data.materials.append(material)
    prepare(sample_models.export("BLEND", tmp_path))
    (mesh,) = bpy.data.meshes
    shown = mesh.color_attributes[mesh.color_attributes.render_color_index].name
    for material in mesh.materials:
        (colours,) = (node for node in material.node_tree.nodes if node.bl_idname == kind)
        assert getattr(colours, attribute) in (shown, "")


def test_colours_that_no_material_shows_are_shown_all_the_same(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    cube(0, RED, *LAYERS[0])
    cube(6).data.materials.append(bpy.data.materials.new("Plain"))
    prepare(sample_models.export("BLEND", tmp_path))
    (mesh,) = bpy.data.meshes
    first = next(face for face in mesh.polygons if mesh.vertices[face.vertices[0]].co.x < 0)
    nodes = mesh.materials[first.material_index].node_tree.nodes
    assert any(node.bl_idname == "ShaderNodeVertexColor" for node in nodes)


def test_shape_keys_are_joined_as_they_are_set(empty_file: bpy.types.Scene, tmp_path: Path) -> None:
    for x, basis, keys in ((0, "Basis", {"Tall": 0.5}), (6, "Rest", {"Tall": 1, "Wide": 0}), (12, "", {})):
        item = cube(x)
        for number, (name, value) in enumerate({basis: 0, **keys}.items() if basis else ()):
            key = item.shape_key_add(name=name, from_mix=False)
            for point in key.data if number else ():
                point.co[2 if name == "Tall" else 1] *= 3
            key.value = value if number else key.value
    bpy.context.view_layer.update()
    before = sample_models.world_points()
    facts = prepare(sample_models.export("BLEND", tmp_path))
    assert sample_models.same_shape(before, sample_models.world_points())
    assert facts["warnings"] == []
    assert np.ptp(sample_models.world_points(), axis=0).max() == pytest.approx(0.12, rel=1e-3)
    (mesh,) = bpy.data.meshes
    keys = mesh.shape_keys.key_blocks
    assert len(keys) == 4
    before = sample_models.world_points()
    keys["Wide"].value = 1
    bpy.context.view_layer.update()
    assert not np.allclose(before, sample_models.world_points())

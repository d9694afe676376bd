"""A new mesh of few faces with baked textures: it looks the same, is as large, and says how much it differs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest

from neural4d_blender.prepare import main
from tests.support import sample_models

pytestmark = pytest.mark.both_ends


@pytest.fixture(scope="module")
def fruit(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two bodies in each other: a bumpy one, red metal above, green and rough below; and a plain, glowing one."""
    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.ops.mesh.primitive_uv_sphere_add(segments=96, ring_count=48)
    ball = bpy.context.object
    for vertex in ball.data.vertices:
        vertex.co *= 1 + 0.01 * np.sin(40 * vertex.co.x) * np.sin(40 * vertex.co.y)
    skin = picture("skin", [(0.8, 0.1, 0.1), (0.1, 0.6, 0.1)])
    sample_models.paint(ball, skin)
    both = picture("both", [(0, 0.2, 0.9), (0, 0.7, 0.1)])
    both.colorspace_settings.name = "Non-Color"
    material = sample_models.paint(ball, both, "Roughness")
    nodes, links = material.node_tree.nodes, material.node_tree.links
    texture = next(node for node in nodes if node.type == "TEX_IMAGE" and node.image == both)
    parts = nodes.new("ShaderNodeSeparateColor")
    links.new(texture.outputs["Color"], parts.inputs[0])
    links.new(parts.outputs[1], nodes["Principled BSDF"].inputs["Roughness"])
    links.new(parts.outputs[2], nodes["Principled BSDF"].inputs["Metallic"])
    bpy.ops.mesh.primitive_uv_sphere_add(radius=0.5, location=(0, 0, 1))
    stalk = bpy.data.materials.new("stalk")
    stalk.use_nodes = True
    shader = stalk.node_tree.nodes["Principled BSDF"].inputs
    shader["Base Color"].default_value, shader["Emission Color"].default_value = (0.05, 0.05, 0.4, 1), (0, 0, 1, 1)
    shader["Emission Strength"].default_value = 0.5
    bpy.context.object.data.materials.append(stalk)
    return sample_models.export("GLB", tmp_path_factory.mktemp("fruit"))


def picture(name: str, halves: list[tuple[float, float, float]]) -> bpy.types.Image:
    image = bpy.data.images.new(name, 64, 64)
    pixels = np.ones((64, 64, 4), dtype=np.float32)
    pixels[32:, :, :3], pixels[:32, :, :3] = halves
    image.pixels.foreach_set(pixels.ravel())
    image.pack()
    return image


def prepare(source: Path, **wanted: Any) -> tuple[dict[str, Any], bpy.types.Object]:
    values = {"source": source, "format": "GLB", "output": source.with_suffix(".blend"), "name": "fruit"}
    facts = main.run(values | {"size_mm": 120, "texture_size": 256} | wanted)
    assert facts["ok"], facts
    return facts, bpy.data.objects["fruit"]


def images(item: bpy.types.Object) -> dict[str, np.ndarray]:
    found = {}
    for node in item.data.materials[0].node_tree.nodes:
        if node.type == "TEX_IMAGE":
            pixels = np.empty(len(node.image.pixels), dtype=np.float32)
            node.image.pixels.foreach_get(pixels)
            found[node.image.name.removeprefix("fruit ").removeprefix("fruit ")] = pixels.reshape(256, 256, 4)
    return found


def nearest(pixels: np.ndarray, color: tuple[float, float, float]) -> float:
    return float(np.abs(pixels[..., :3] - np.array(color)).max(axis=-1).min())


@pytest.mark.parametrize("kind", ["TRIANGLES", "QUADS"])
def test_it_looks_the_same_with_fewer_faces(fruit: Path, kind: str) -> None:
    facts, item = prepare(fruit, retopology=kind, max_faces=600)
    assert 300 < facts["faces"] == len(item.data.polygons) <= 600
    assert max(facts["dimensions_mm"]) == pytest.approx(120, rel=1e-3)
    assert (facts["objects"], facts["materials"], facts["images"]) == (1, 1, 4)
    (told,) = facts["repairs"]
    found = re.fullmatch(
        rf"Retopology: ([\d,]+) faces became {facts['faces']} {kind.lower()} with textures of 256 px; "
        r"in renders they differ by ([\d.]+)%\.",
        told,
    )
    assert float(found[2]) < 4
    if kind == "QUADS":
        assert all(len(face.vertices) == 4 for face in item.data.polygons)
    made = images(item)
    colors = made["Base Color"]
    for wanted in ((0.8, 0.1, 0.1), (0.1, 0.6, 0.1)):
        assert nearest(colors, wanted) < 0.02
    both = made["Roughness Metallic"]
    assert nearest(both, (1, 0.2, 0.9)) < 0.03
    assert nearest(both, (1, 0.7, 0.1)) < 0.03
    assert made["Emission Color"][..., 2].max() > 0.4
    normals = made["Normal"][..., :3] * 2 - 1
    baked = np.linalg.norm(normals, axis=-1) > 0.5
    assert np.mean(np.abs(np.linalg.norm(normals[baked], axis=-1) - 1) < 0.1) > 0.9  # less at the rims
    assert normals[baked][:, 2].mean() > 0.8
    assert normals[baked][:, 0].std() > 0.02  # the bumps
    assert all(image.packed_file for image in bpy.data.images if image.name.startswith("fruit"))


def test_levels_of_detail_are_made_of_the_new_one(fruit: Path) -> None:
    facts, _ = prepare(fruit, retopology="TRIANGLES", max_faces=400, lods=[0.5], collision="BOX")
    assert facts["lods"] == [pytest.approx(facts["faces"] / 2, abs=1)]
    assert facts["shapes"] == 1


def test_what_follows_a_rig_stays_as_it_is(tmp_path: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    sample_models.rigged()
    values = {"source": sample_models.export("GLB", tmp_path), "format": "GLB", "output": tmp_path / "rig.blend"}
    facts = main.run(values | {"name": "rig", "retopology": "QUADS"})
    assert facts["ok"]
    assert "The model was not retopologised, since it follows a rig or moves." in facts["warnings"]


def test_in_the_users_own_blender_faces_are_taken_away_alone(fruit: Path) -> None:
    bpy.ops.wm.read_factory_settings(use_empty=True)
    from neural4d_blender.prepare import foreground

    values = {"source": str(fruit), "format": "GLB", "output": str(fruit.with_suffix(".own.blend")), "name": "fruit"}
    facts = foreground.prepare(values | {"retopology": "QUADS", "max_faces": 600})
    assert facts["ok"]
    assert facts["faces"] <= 600
    assert any("no second Blender" in told for told in facts["warnings"])

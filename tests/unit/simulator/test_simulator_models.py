"""The stand-in's models: whole, textured, the same for the same request."""

from __future__ import annotations

import io
import json
from typing import Any

import numpy as np
import pytest
import trimesh
from PIL import Image

from scripts.simulator.files.uploaded_images import cut_out
from scripts.simulator.models.catalogue import WORDS, Model, build
from scripts.simulator.models.glbfile import write_glb
from scripts.simulator.models.preview import draw
from tests.support.simulator_client import picture


def chunk(glb: bytes) -> dict[str, Any]:
    """The JSON of a GLB, after a look at its frame."""
    assert [glb[:4], int.from_bytes(glb[4:8], "little"), int.from_bytes(glb[8:12], "little")] == [b"glTF", 2, len(glb)]
    length = int.from_bytes(glb[12:16], "little")
    result: dict[str, Any] = json.loads(glb[20 : 20 + length])
    return result


def loaded(glb: bytes) -> trimesh.Trimesh:
    """One mesh with the node transforms applied and doubled vertices merged."""
    mesh = trimesh.load(io.BytesIO(glb), file_type="glb", process=False).to_geometry()
    mesh.merge_vertices(merge_tex=True, merge_norm=True)
    return mesh


def whole(model: Model) -> None:
    mesh = loaded(write_glb(model, pbr=False))
    assert mesh.is_watertight
    assert mesh.is_winding_consistent
    assert mesh.volume > 0


@pytest.mark.parametrize("variant", [0, 1, 3])
@pytest.mark.parametrize("word", WORDS)
def test_every_shape_is_closed(word: str, variant: int) -> None:
    whole(build(word, variant, texture_size=64))


@pytest.mark.parametrize("prompt", ["a dragon", "ein Schloss", "", "🦄", "x" * 5000])
def test_any_prompt_makes_something(prompt: str) -> None:
    whole(build(prompt, 0, texture_size=64))


def test_normals_face_outward() -> None:
    model = build("robot", 0, texture_size=64)
    corners = model.vertices[model.faces]
    facing = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    agreement = np.einsum("ij,ij->i", facing, model.normals[model.faces].sum(axis=1))
    assert (agreement > 0).mean() > 0.98
    assert np.allclose(np.linalg.norm(model.normals, axis=1), 1)


def test_same_request_same_bytes() -> None:
    first = write_glb(build("A cute  bird", 1), pbr=True)
    assert first == write_glb(build("a CUTE bird", 1), pbr=True)
    assert first != write_glb(build("a cute bird", 2), pbr=True)
    assert first != write_glb(build("a cute owl", 1), pbr=True)


def test_colour_words() -> None:
    red = build("a red mug", 0).textures.base.reshape(-1, 3).mean(axis=0)
    green = build("a green mug", 0).textures.base.reshape(-1, 3).mean(axis=0)
    assert red[0] > green[0]
    assert green[1] > red[1]


def test_pbr_textures() -> None:
    full = chunk(write_glb(build("robot", 0), pbr=True))
    material = full["materials"][0]
    assert {"baseColorTexture", "metallicRoughnessTexture"} <= set(material["pbrMetallicRoughness"])
    assert "normalTexture" in material
    assert {image["mimeType"] for image in full["images"]} == {"image/jpeg", "image/png"}
    plain = chunk(write_glb(build("robot", 0), pbr=False))["materials"][0]
    assert "baseColorTexture" in plain["pbrMetallicRoughness"]
    assert "metallicRoughnessTexture" not in plain["pbrMetallicRoughness"]
    assert "normalTexture" not in plain


def test_size_is_the_services_own() -> None:
    for word in WORDS:
        model = build(word, 0, texture_size=64)
        assert 1.0 <= model.longest <= 1.9
        assert abs(model.vertices.min()) > 0
        assert loaded(write_glb(model, pbr=False)).extents.max() == pytest.approx(model.longest, rel=1e-5)


@pytest.mark.parametrize("triangles", [5_000, 200_000, 200_001])
def test_triangles_to_order(triangles: int) -> None:
    model = build("rocket", 0, triangles=triangles, texture_size=64)
    assert len(model.faces) == triangles // 2 * 2
    whole(model)


def test_texture_size_to_order() -> None:
    model = build("rocket", 0, texture_size=300)
    textures = model.textures
    assert textures.base.shape == textures.normal.shape == textures.metallic_roughness.shape == (300, 300, 3)


def test_nested_is_the_same_picture_from_a_tree() -> None:
    flat, nested = build("robot", 2, texture_size=64), build("robot", 2, texture_size=64, shape="nested")
    glb = write_glb(nested, pbr=True)
    nodes = chunk(glb)["nodes"]
    assert len([node for node in nodes if "mesh" in node]) > 2
    assert len([node for node in nodes if node.get("children")]) > 2
    turns = [np.reshape(node["matrix"], (4, 4)).T[:3, :3] for node in nodes if "matrix" in node]
    assert min(np.linalg.det(turn) for turn in turns) < 0
    tree, single = loaded(glb), loaded(write_glb(flat, pbr=True))
    assert np.allclose(tree.bounds, single.bounds, atol=1e-5)
    assert tree.volume == pytest.approx(single.volume, rel=1e-4)
    assert tree.area == pytest.approx(single.area, rel=1e-4)


@pytest.mark.parametrize("size", [(320, 300), (256, 800), (700, 256)])
def test_a_model_of_an_image(size: tuple[int, int]) -> None:
    image = cut_out(picture(size), 0)
    whole(build("", 0, cut_out=image))
    assert write_glb(build("", 1, cut_out=image), pbr=True) == write_glb(build("", 1, cut_out=image), pbr=True)


def test_the_picture_shows_the_model() -> None:
    red, blue = (np.asarray(_picture(build(f"a {colour} mug", 0))).astype(int) for colour in ("red", "blue"))
    middle = np.s_[220:300, 200:280]
    assert (red[middle][..., 0] - red[middle][..., 2]).mean() > 60
    assert (blue[middle][..., 2] - blue[middle][..., 0]).mean() > 40
    assert np.array_equal(red[:8], blue[:8])


def _picture(model: Model) -> Image.Image:
    return Image.open(io.BytesIO(draw(model)))
